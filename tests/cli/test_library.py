"""Saving pictures under names on the command line, and calling them by these everywhere."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import get_args

import pytest
from PIL import Image

from lookalike.cli.library import Roles
from lookalike.core.files import sha256
from lookalike.core.library import PICTURE, RECORD, library_folder
from lookalike.core.records import ROLES
from tests.cli.conftest import Ask

SAVE = ["save", "square.png", "--as", "hero"]
READERS = {
    "describe": ["describe", "PICTURE"],
    "convert": ["convert", "PICTURE", "--out", "new.safetensors"],
    "vary": ["vary", "PICTURE"],
    "edit": ["edit", "PICTURE", "rain"],
    "demo": ["demo", "PICTURE"],
    "recipe": ["recipe", "PICTURE"],
    "again": ["again", "PICTURE"],
    "save": ["save", "PICTURE", "--as", "other"],
    "learn": ["learn", "PICTURE", "--as", "other"],
}


def test_a_saved_picture_is_listed_with_all_that_was_said_of_it(ask: Ask, picture: str) -> None:
    more = ["--role", "character", "--licence", "CC0 1.0", "--note", "[with] a hat"]
    assert ask([*SAVE, *more]).out == "@hero\n"
    [found] = json.loads(ask(["saved", "--json"]).out)
    assert found.pop("saved")
    assert found == {
        "kind": "picture",
        "name": "hero",
        "role": "character",
        "source": picture,
        "source_sha256": sha256(Path(picture)),
        "sha256": sha256(library_folder() / "hero" / PICTURE),
        "licence": "CC0 1.0",
        "note": "[with] a hat",
        "learnt": None,
    }
    shown = ask(["saved"]).out
    for word in ("@hero", "character", picture, "CC0 1.0", "[with] a hat"):
        assert word in shown


def test_an_empty_library_says_how_to_save(ask: Ask) -> None:
    assert "lookalike save PICTURE --as NAME" in ask(["saved"]).out
    assert ask(["saved", "--json"]).out == "[]\n"


def test_a_saved_name_stands_where_a_picture_does(ask: Ask, picture: str, tiny: str) -> None:
    ask(SAVE)
    Path(picture).unlink()
    made = ask(["vary", "@hero", "--model", tiny, "--steps", "1", "--count", "1"])
    assert (made.code, made.err) == (0, "")
    found = json.loads(ask(["recipe", made.out.strip(), "--json"]).out)
    assert found["references"] == {"@hero": sha256(library_folder() / "hero" / PICTURE)}
    assert found["prompt"]["references"][0]["source"] == "@hero"


@pytest.mark.parametrize("verb", READERS)
def test_an_unknown_name_is_refused_before_anything_slow(
    ask: Ask, picture: str, verb: str, own_place: Path
) -> None:
    ask(SAVE)
    answer = ask(["@heor" if word == "PICTURE" else word for word in READERS[verb]])
    assert (answer.code, answer.out) == (2, "")
    assert "did you mean @hero?" in answer.err
    assert answer.err.count("\n") == 1


def test_a_file_called_like_a_name_is_reached_by_its_path(ask: Ask, picture: str) -> None:
    shutil.copy(picture, "@hero")
    assert ask(["save", "./@hero", "--as", "other"]).code == 0
    answer = ask(["save", "@hero", "--as", "another"])
    assert answer.code == 2
    assert "the file is ./@hero" in answer.err


def test_a_saved_picture_keeps_its_recipe(ask: Ask, tiny: str) -> None:
    few = ["--model", tiny, "--steps", "1", "--count", "1", "--seed", "5"]
    made = ask(["imagine", "a cat", *few]).out.strip()
    ask(["save", made, "--as", "cat"])
    Path(made).unlink()
    again = ask(["again", "@cat"])
    assert (again.code, again.err) == (0, "")
    assert json.loads(ask(["recipe", "@cat", "--json"]).out)["resolved"] == "a cat"


def test_a_taken_name_is_refused_and_kept_as_it_was(ask: Ask, picture: str) -> None:
    ask(SAVE)
    before = ask(["saved", "--json"]).out
    Image.new("RGB", (9, 9)).save("other.png")
    answer = ask(["save", "other.png", "--as", "@hero"])
    assert (answer.code, answer.out) == (2, "")
    assert "@hero is taken" in answer.err
    assert "--replace" in answer.err
    assert ask(["saved", "--json"]).out == before
    assert ask(["save", "other.png", "--as", "@hero", "--replace"]).code == 0
    assert json.loads(ask(["saved", "--json"]).out)[0]["source"] == "other.png"


def test_a_damaged_record_is_told_and_hides_no_other(ask: Ask, picture: str) -> None:
    ask(SAVE)
    ask(["save", picture, "--as", "zoe"])
    (library_folder() / "hero" / RECORD).write_text("{")
    answer = ask(["saved", "--json"])
    assert [each["name"] for each in json.loads(answer.out)] == ["zoe"]
    assert answer.err.startswith("lookalike: the record of @hero is damaged")
    assert ask(["forget", "hero"]).out == "forgot @hero\n"
    assert ask(["saved"]).err == ""


def test_a_wrong_role_and_a_wrong_name_are_refused(ask: Ask, picture: str) -> None:
    assert "character" in ask([*SAVE, "--role", "hero"]).err
    answer = ask(["save", picture, "--as", "My Hero"])
    assert (answer.code, answer.out) == (2, "")
    assert "small letters" in answer.err
    assert not library_folder().exists()


def test_the_roles_of_the_command_line_are_those_of_references() -> None:
    assert get_args(Roles) == ROLES
