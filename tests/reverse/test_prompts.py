"""Prompts of a file: every kind is read alike, and what is no prompt is left out and counted."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lookalike.core.errors import OutputError
from lookalike.reverse.manifest import DataError
from lookalike.reverse.prompts import Asked, read_prompts, world_prompts, write_prompts
from lookalike.world.dataset import from_row

SAID = ["a red fox", "ein Bär, größer", "a cat, 8k"]
NAN = float("nan")


def written(folder: Path, kind: str) -> Path:
    """The same prompts in a file of each kind, with two rows that hold none."""
    path = folder / f"prompts{kind}"
    rows = [SAID[0], "  ", *SAID[1:], None]
    if kind == ".txt":
        path.write_text("".join(f"{row or ''}\n" for row in rows), "utf-8")
    elif kind == ".jsonl":
        lines = [json.dumps({"prompt": row}, ensure_ascii=False) for row in rows]
        path.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    else:
        pq.write_table(pa.table({"prompt": rows}), path)
    return path


@pytest.mark.parametrize("kind", [".txt", ".jsonl", ".parquet"])
def test_files_of_all_kinds_are_read_alike(tmp_path: Path, kind: str) -> None:
    assert read_prompts(written(tmp_path, kind)) == ([Asked(text) for text in SAID], 2)


@pytest.mark.parametrize("kind", [".txt", ".jsonl"])
def test_marks_of_windows_and_blank_lines_are_no_prompts(tmp_path: Path, kind: str) -> None:
    path = written(tmp_path, kind)
    text = path.read_text("utf-8").replace("\n", "\r\n")
    path.write_bytes(b"\xef\xbb\xbf" + text.encode() + b"\r\n")
    assert read_prompts(path) == ([Asked(text) for text in SAID], 3)


def test_a_line_of_json_is_not_cut_where_its_text_separates_lines(tmp_path: Path) -> None:
    path = tmp_path / "odd.jsonl"
    path.write_text(json.dumps({"prompt": "a\u2028b\x85c"}, ensure_ascii=False), "utf-8")
    assert read_prompts(path) == ([Asked("a\u2028b\x85c")], 0)


@pytest.mark.parametrize("kind", [".jsonl", ".parquet"])
def test_rows_without_a_number_are_left_out_and_counted(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"prompts{kind}"
    if kind == ".jsonl":
        path.write_text('{"prompt": NaN}\n{"prompt": "a cat", "truth": NaN}\n')
    else:
        rows = {"prompt": ["", "a cat"], "truth": [NAN, NAN]}
        pq.write_table(pa.table(rows), path)
    assert read_prompts(path) == ([Asked("a cat", None)], 1)


def test_a_column_of_numbers_alone_holds_no_prompt(tmp_path: Path) -> None:
    pq.write_table(pa.table({"prompt": [NAN, NAN]}), tmp_path / "nan.parquet")
    with pytest.raises(DataError, match="holds no prompt"):
        read_prompts(tmp_path / "nan.parquet")


@pytest.mark.parametrize("kind", [".jsonl", ".parquet"])
def test_what_a_prompt_says_is_kept_as_json(tmp_path: Path, kind: str) -> None:
    path, truth = tmp_path / f"prompts{kind}", {"style": "micah", "attributes": {"eyes": "blue"}}
    if kind == ".jsonl":
        path.write_text(json.dumps({"prompt": "a cat", "truth": truth}))
    else:
        rows = {"prompt": ["a cat"], "truth": [json.dumps(truth)]}
        pq.write_table(pa.table(rows), path)
    ((one,), _) = read_prompts(path)
    assert json.loads(one.truth or "") == truth


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", b"prompt", "should be a .txt, .jsonl or .parquet file"),
        ("a.txt", None, "there is no file of prompts"),
        ("a.parquet", None, "there is no file of prompts"),
        ("a.txt", b"\xff\xfe\xfd", "is not text in UTF-8"),
        ("a.txt", b"\n \n", "holds no prompt"),
        ("a.jsonl", b'{"prompt": "a"}\n["b"]\n', "line 2: should be an object"),
        ("a.jsonl", b'{"prompt": "a"}\n{"text": "b"}\n', "line 2: should be an object"),
        ("a.parquet", b"PAR1 and nothing more", "is not a readable parquet file"),
        ("a.parquet", b"", "is not a readable parquet file"),
    ],
)
def test_a_file_that_cannot_be_read_is_said_in_one_line(
    tmp_path: Path, name: str, content: bytes | None, said: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError) as raised:
        read_prompts(path)
    assert said in str(raised.value)
    assert str(path) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_parquet_file_without_prompts_says_what_it_has(tmp_path: Path) -> None:
    pq.write_table(pa.table({"text": ["a"], "seed": [1]}), tmp_path / "a.parquet")
    with pytest.raises(DataError, match=r"no column prompt \(it has: text, seed\)"):
        read_prompts(tmp_path / "a.parquet")


def test_a_folder_of_that_name_is_no_file_of_prompts(tmp_path: Path) -> None:
    (tmp_path / "a.txt").mkdir()
    with pytest.raises(DataError, match=r"cannot read .*a\.txt"):
        read_prompts(tmp_path / "a.txt")


def test_prompts_of_the_world_come_back_from_their_file_with_what_they_say(
    tmp_path: Path,
) -> None:
    path = tmp_path / "prompts.jsonl"
    made = list(world_prompts("test", 5))
    assert write_prompts(iter(made), path) == 5
    assert read_prompts(path) == (made, 0)
    assert list(islice(world_prompts("test", 9), 5)) == made
    assert all(from_row(json.loads(one.truth or "")) for one in made)
    with pytest.raises(OutputError, match="exists already"):
        write_prompts(iter(made), path)
