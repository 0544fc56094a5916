"""Making pictures on the command line: where they go, and that they can be made again."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from PIL import Image

from lookalike.core.files import sha256
from lookalike.core.pictures import read_recipe
from tests.cli.conftest import Ask


@pytest.fixture
def small(tiny: str) -> list[str]:
    """Options that make making quick."""
    return ["--model", tiny, "--steps", "2", "--count", "2", "--seed", "5"]


def pixels(path: str | Path) -> bytes:
    with Image.open(path) as picture:
        return picture.tobytes()


VERBS = {
    "imagine": ["imagine", "a cat"],
    "vary": ["vary", "square.png"],
    "edit": ["edit", "square.png", "a cat"],
}


@pytest.mark.parametrize("verb", VERBS)
def test_pictures_are_made_again_bit_for_bit(
    ask: Ask, picture: str, small: list[str], verb: str
) -> None:
    made = ask([*VERBS[verb], *small])
    assert made.code == 0, made.err
    first, second, grid = made.out.split()
    assert (first, second) == (f"lookalike-out/{verb}-001.png", f"lookalike-out/{verb}-002.png")
    assert grid == f"lookalike-out/{verb}-grid-001.png"
    anew = ask(["again", second])
    assert (anew.code, anew.out, anew.err) == (0, "lookalike-out/again-001.png\n", "")
    assert pixels("lookalike-out/again-001.png") == pixels(second) != pixels(first)
    # What was made again can be made again in its turn.
    assert ask(["again", "lookalike-out/again-001.png"]).err == ""


def test_nothing_is_overwritten_and_names_sort(ask: Ask, small: list[str]) -> None:
    first = ask(["imagine", "a cat", *small]).out.split()
    before = [Path(path).read_bytes() for path in first]
    second = ask(["imagine", "a dog", *small]).out.split()
    assert sorted({*first, *second}) == [*first[:-1], *second[:-1], first[-1], second[-1]]
    assert [Path(path).read_bytes() for path in first] == before


def test_the_recipe_says_what_was_asked(ask: Ask, picture: str, small: list[str]) -> None:
    made = ask(["edit", picture, "a cat", "--balance", "0.5", "--out", "here", *small]).out.split()
    found = json.loads(ask(["recipe", made[1], "--json"]).out)
    assert (found["made_by"], found["index"], found["seeds"]) == ("edit", 1, [5, 6])
    assert found["prompt"]["parts"] == [{"text": "a cat", "weight": 1.0}]
    assert found["references"] == {picture: sha256(Path(picture))}
    assert found["options"]["balance"] == 0.5
    assert found["resolved"] == "a cat"
    assert len(found["model_sha256"]) == 64
    assert found["libraries"]["torch"].startswith("2.")
    shown = ask(["recipe", made[1]]).out
    assert "edit" in shown
    assert "a cat" in shown
    assert "6 (picture 2 of 2)" in shown


def test_a_subtle_variation_is_nearer_than_a_strong_one(ask: Ask, picture: str, tiny: str) -> None:
    few = ["--model", tiny, "--steps", "8", "--count", "1", "--seed", "1", "--guidance", "1"]
    recipes = [
        read_recipe(ask(["vary", picture, "--strength", strength, *few]).out.strip())
        for strength in ("subtle", "strong")
    ]
    shares = [float(str(each.options["strength"])) for each in recipes]
    assert 0 < shares[0] < shares[1] == 1


def test_a_reference_that_changed_is_refused(ask: Ask, picture: str, small: list[str]) -> None:
    made = ask(["vary", picture, *small]).out.split()[0]
    Image.new("RGB", (40, 40), "red").save(picture)
    answer = ask(["again", made])
    assert (answer.code, answer.out) == (2, "")
    assert "changed" in answer.err
    Path(picture).unlink()
    answer = ask(["again", made])
    assert answer.code == 2
    assert picture in answer.err
    assert "not there" in answer.err


def test_a_reference_is_found_beside_the_picture(
    ask: Ask, picture: str, small: list[str], own_place: Path
) -> None:
    made = ask(["vary", picture, *small]).out.split()[0]
    moved = own_place / "moved"
    moved.mkdir()
    shutil.move(picture, moved)
    shutil.move(made, moved)
    assert ask(["again", str(moved / "vary-001.png")]).code == 0


def test_a_model_that_moved_can_be_named_and_a_changed_one_is_told(
    ask: Ask, small: list[str], tiny: str, own_place: Path
) -> None:
    shutil.copytree(tiny, own_place / "here")
    made = ask(["imagine", "a cat", *small[2:], "--model", "here"]).out.split()[0]
    Path("here").rename("there")
    assert ask(["again", made]).code == 2
    same = ask(["again", made, "--model", "there"])
    assert (same.code, same.err) == (0, "")


def test_an_edited_picture_is_told_apart(ask: Ask, small: list[str]) -> None:
    from lookalike.core.pictures import save_picture

    made = ask(["imagine", "a cat", *small]).out.split()[0]
    save_picture(Image.new("RGB", (32, 32)), Path("other.png"), read_recipe(made))
    answer = ask(["again", "other.png"])
    assert answer.code == 0
    assert answer.err.startswith("lookalike: some pixels differ from other.png")


def test_an_unknown_verb_in_a_recipe_is_refused(ask: Ask, small: list[str]) -> None:
    from lookalike.core.pictures import save_picture

    made = ask(["imagine", "a cat", *small]).out.split()[0]
    recipe = read_recipe(made).model_copy(update={"made_by": "sculpt"})
    save_picture(Image.new("RGB", (32, 32)), Path("other.png"), recipe)
    answer = ask(["again", "other.png"])
    assert answer.code == 2
    assert "sculpt" in answer.err


def test_the_aspect_is_the_one_that_was_asked_for(ask: Ask, small: list[str]) -> None:
    made = ask(["imagine", "a cat", "--aspect", "4:1", *small]).out.split()[0]
    with Image.open(made) as picture:
        assert picture.size == (64, 16)
