"""Files are whole or not there, and never take another's name."""

from __future__ import annotations

import errno
import json
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lookalike.core.errors import LookalikeError, OutputError
from lookalike.core.files import (
    building,
    next_free,
    read_json,
    remove,
    sha256,
    write_bytes,
    write_json,
    write_new,
)


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def break_down(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def fail(_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)


def test_a_file_is_written_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "a.bin"
    write_bytes(path, b"one")
    write_bytes(path, b"two")
    assert path.read_bytes() == b"two"
    assert names(path.parent) == ["a.bin"]


def test_a_file_has_the_usual_permissions(tmp_path: Path) -> None:
    write_bytes(tmp_path / "a", b"")
    (tmp_path / "b").touch()
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in "ab"]
    assert modes[0] == modes[1]


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "no space left on the disk"),
        (errno.EACCES, "permission denied"),
        (errno.EROFS, "the disk is read-only"),
    ],
)
def test_a_failed_write_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, words: str
) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    break_down(monkeypatch, number)
    with pytest.raises(OutputError) as caught:
        write_bytes(path, b"new")
    assert str(caught.value) == f"cannot write {path}: {words}"
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["a.bin"]


def test_an_interrupted_write_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_bytes(tmp_path / "a.bin", b"new")
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("file/a.bin", "a part of the path is a file"),
        ("folder", "a folder of that name is there"),
        ("x" * 300, "the name is too long"),
        ("a\0b", "null"),
    ],
)
def test_an_impossible_name_is_one_line(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    with pytest.raises(OutputError, match=words):
        write_bytes(tmp_path / name, b"")


def test_a_long_name_that_is_allowed_can_be_written(tmp_path: Path) -> None:
    path = tmp_path / ("ü" * 127)
    write_bytes(path, b"x")
    assert path.read_bytes() == b"x"


def test_write_new_never_overwrites(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    write_new(path, b"first")
    with pytest.raises(OutputError, match="it exists already"):
        write_new(path, b"second")
    assert path.read_bytes() == b"first"
    assert names(tmp_path) == ["a.bin"]


def test_write_new_works_where_links_do_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: object) -> None:
        raise OSError(errno.ENOTSUP, "not supported")

    monkeypatch.setattr(os, "link", no_links)
    test_write_new_never_overwrites(tmp_path)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)  # fmt: skip


@settings(max_examples=30, deadline=None)
@given(json_values)
def test_json_comes_back_as_it_went(
    tmp_path_factory: pytest.TempPathFactory, value: object
) -> None:
    path = tmp_path_factory.getbasetemp() / "value.json"
    write_json(path, value)
    assert read_json(path) == value


@pytest.mark.parametrize("data", [b"", b"{", b"\xff\xfe", b"[" * 100_000])
def test_damaged_json_is_one_line(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(data)
    with pytest.raises(LookalikeError, match="is not readable JSON") as caught:
        read_json(path)
    assert "\n" not in str(caught.value)


def test_missing_json_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(LookalikeError, match="there is no such file"):
        read_json(tmp_path / "a.json")


def test_a_folder_appears_when_it_is_whole(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    with building(folder) as work:
        (work / "a").write_text("x")
        assert not folder.exists()
        assert work.parent == tmp_path
    assert names(tmp_path) == ["model"]
    assert names(folder) == ["a"]


@pytest.mark.parametrize("fault", [KeyboardInterrupt, ValueError])
def test_a_folder_that_fails_leaves_nothing(tmp_path: Path, fault: type[BaseException]) -> None:
    def build() -> None:
        with building(tmp_path / "model") as work:
            (work / "a").write_text("x")
            raise fault

    with pytest.raises(fault):
        build()
    assert names(tmp_path) == []


def test_a_folder_that_holds_something_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "old").touch()
    with pytest.raises(OutputError, match="it exists already"), building(tmp_path / "model"):
        pytest.fail("the work must not begin")
    assert names(tmp_path) == ["model"]


def test_a_folder_is_replaced_when_asked_and_only_at_the_end(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "old").touch()
    with building(folder, replace=True) as work:
        (work / "new").touch()
        assert names(folder) == ["old"]
    assert names(folder) == ["new"]
    assert names(tmp_path) == ["model"]


def test_free_names_follow_each_other_and_sort(tmp_path: Path) -> None:
    made = []
    (tmp_path / "vary-997.png").touch()
    (tmp_path / "vary-2000.jpg").touch()
    (tmp_path / "edit-005.png").touch()
    for _ in range(5):
        made.append(next_free(tmp_path, "vary", ".png"))
        made[-1].touch()
    assert [path.name for path in made[:2]] == ["vary-998.png", "vary-999.png"]
    assert made == sorted(made)
    assert len(set(made)) == 5


def test_the_first_free_name_is_001_also_where_no_folder_is(tmp_path: Path) -> None:
    assert next_free(tmp_path / "none", "a", ".png") == tmp_path / "none" / "a-001.png"


def test_a_gap_is_not_filled_so_that_names_keep_the_order_of_making(tmp_path: Path) -> None:
    (tmp_path / "a-003.png").touch()
    assert next_free(tmp_path, "a", ".png").name == "a-004.png"


def test_the_sha256_of_a_file_is_the_known_one(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")  # FIPS 180-2, appendix B.1
    known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert sha256(tmp_path / "a") == known


def test_the_sha256_of_a_folder_depends_on_names_and_contents_alone(tmp_path: Path) -> None:
    def folder(name: str, files: dict[str, str]) -> str:
        for file, text in files.items():
            path = tmp_path / name / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return sha256(tmp_path / name)

    first = folder("1", {"a": "x", "b/c": "y"})
    assert folder("2", {"b/c": "y", "a": "x"}) == first
    others = [
        folder("3", {"a": "y", "b/c": "x"}),
        folder("4", {"a": "x", "c": "y"}),
        folder("5", {"a": "xb/c", "b/c": "y"}),
    ]
    assert len({first, *others}) == 4


def test_the_sha256_of_nothing_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(LookalikeError, match="cannot read"):
        sha256(tmp_path / "none")


def test_json_is_readable_by_people(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"ö": [1]})
    assert (tmp_path / "a.json").read_text("utf-8") == '{\n  "ö": [\n    1\n  ]\n}\n'
    assert json.loads((tmp_path / "a.json").read_bytes()) == {"ö": [1]}


def test_a_removed_folder_is_gone_and_its_neighbours_are_not(tmp_path: Path) -> None:
    write_bytes(tmp_path / "old" / "deep" / "a", b"1")
    write_bytes(tmp_path / "new" / "a", b"1")
    remove(tmp_path / "old")
    assert names(tmp_path) == ["new"]
    with pytest.raises(OutputError, match="not there"):
        remove(tmp_path / "old")


def test_a_folder_is_not_half_removed_under_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_bytes(tmp_path / "old" / "a", b"1")

    def stopped(folder: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("shutil.rmtree", stopped)
    with pytest.raises(KeyboardInterrupt):
        remove(tmp_path / "old")
    assert not (tmp_path / "old").exists()
