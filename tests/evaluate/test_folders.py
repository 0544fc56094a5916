"""Folders of pictures to judge by: read as their makers laid them out, or refused in one line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lookalike.core.errors import LookalikeError
from lookalike.evaluate.domains import from_folder
from lookalike.evaluate.subjects import Domain
from tests.evaluate.folders import CLASSES, broken, coco, dreambench, picture, plain


def words(domain: Domain) -> list[list[str]]:
    return [[edit.words for edit in one.edits] for one in domain.subjects]


def test_dreambench_is_read_with_its_classes_and_its_two_lists_of_prompts(tmp_path: Path) -> None:
    found = from_folder(dreambench(tmp_path), 9, 2, 200)
    assert [one.name for one in found.subjects] == ["backpack", "dog6"]
    assert [one.caption for one in found.subjects] == ["a backpack", "a dog"]
    assert words(found) == [
        ["a backpack in the jungle", "a red backpack"],
        ["a dog wearing a santa hat", "a wet dog"],
    ]
    assert len(found.subjects[0].pictures) == 2
    assert len(found.others) == 1


def test_all_prompts_come_in_turn(tmp_path: Path) -> None:
    every = from_folder(dreambench(tmp_path), 9, 25, 200)
    assert [len(edits) for edits in words(every)] == [3, 2]
    assert "a backpack on Mum's rug" in words(every)[0]
    one = from_folder(tmp_path, 9, 1, 200)
    assert words(one) == [["a backpack in the jungle"], ["a wet dog"]]


def test_a_folder_of_ones_own_needs_pictures_and_prompts_alone(tmp_path: Path) -> None:
    found = from_folder(plain(tmp_path), 9, 2, 200)
    assert [one.name for one in found.subjects] == ["my_mug", "teddy"]
    assert words(found)[0] == ["a my mug in the snow", "a red my mug"]
    assert found.skipped == ()


def test_coco_is_read_with_each_pictures_first_caption(tmp_path: Path) -> None:
    found = from_folder(coco(tmp_path), 2, 2, 200)
    assert [one.caption for one in found.subjects] == [
        "Picture 1, caption 0.",
        "Picture 3, caption 0.",
    ]
    assert words(found) == [[], []]
    assert len(found.others) == 2


def test_broken_pictures_are_counted_and_named(tmp_path: Path) -> None:
    (skipped,) = from_folder(dreambench(tmp_path / "d"), 9, 1, 200).skipped
    assert "00.jpg" in skipped
    (skipped,) = from_folder(coco(tmp_path / "c"), 9, 1, 200).skipped
    assert "000000000002.jpg" in skipped


def test_no_more_is_read_than_is_asked_for(tmp_path: Path) -> None:
    found = from_folder(dreambench(tmp_path / "d"), 1, 1, 200)
    assert (len(found.subjects), found.skipped) == (1, ())
    found = from_folder(coco(tmp_path / "c"), 1, 0, 0)
    assert (len(found.subjects), found.others, found.skipped) == (1, (), ())


def test_names_in_a_file_of_captions_do_not_lead_out_of_its_folder(tmp_path: Path) -> None:
    picture(tmp_path / "secret.jpg", "red")
    file = coco(tmp_path / "c") / "annotations" / "captions_val2017.json"
    known = json.loads(file.read_text("utf-8"))
    for one in known["images"]:
        one["file_name"] = "../../secret.jpg"
    file.write_text(json.dumps(known), "utf-8")
    with pytest.raises(LookalikeError, match="no picture that can be a reference"):
        from_folder(tmp_path / "c", 9, 0, 0)


def lone(folder: Path) -> None:
    picture(folder / "a" / "a.png", "red")


def unprompted(folder: Path) -> None:
    lone(folder)
    (folder / "prompts.txt").write_text("in the snow\n", "utf-8")


def unpictured(folder: Path) -> None:
    broken(folder / "a" / "a.png")
    (folder / "prompts.txt").write_text("a {}\n", "utf-8")


def binary(folder: Path) -> None:
    lone(folder)
    (folder / "prompts.txt").write_bytes(b"\xff\xfe\x00")


def uncaptioned(folder: Path) -> None:
    (coco(folder) / "annotations" / "captions_val2017.json").write_text("[1]", "utf-8")


def halved(folder: Path) -> None:
    file = coco(folder) / "annotations" / "captions_val2017.json"
    file.write_text(file.read_text("utf-8")[:90], "utf-8")


def moved(folder: Path) -> None:
    (coco(folder) / "val2017").rename(folder / "pictures")


def unlisted(folder: Path) -> None:
    (dreambench(folder) / "dataset" / "prompts_and_classes.txt").write_text(
        CLASSES.split("Object")[0], "utf-8"
    )


@pytest.mark.parametrize(
    ("lay", "says"),
    [
        (lone, "lacks annotations/captions_val2017.json"),
        (unprompted, "no prompt with {}"),
        (unpictured, "no picture that can be a reference; 1 could not be read"),
        (binary, "not text in UTF-8"),
        (uncaptioned, "no captions as COCO's"),
        (halved, "not readable JSON"),
        (moved, "there is no folder"),
        (unlisted, "no prompt with {}"),
        (lambda folder: folder.rmdir(), "there is no folder"),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_a_folder_without_what_is_needed_is_refused_in_one_line(
    lay: object, says: str, tmp_path: Path
) -> None:
    place = tmp_path / "given"
    place.mkdir()
    assert callable(lay)
    lay(place)
    with pytest.raises(LookalikeError) as fault:
        from_folder(place, 9, 1, 9)
    assert says in str(fault.value)
    assert "\n" not in str(fault.value)
