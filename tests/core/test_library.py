"""The saved library: what is kept comes back as it was, or one line says why it does not."""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path

import pytest
from PIL import Image

from lookalike.core.errors import OptionError, OutputError, PictureError
from lookalike.core.files import sha256
from lookalike.core.library import (
    PICTURE,
    RECORD,
    Kept,
    Library,
    library_folder,
    name_of,
    saved_file,
)
from lookalike.core.pictures import read_recipe, save_picture
from lookalike.core.records import Prompt, Recipe

DIGEST = "a" * 64


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "library")


def picture(colour: str = "#205080") -> Image.Image:
    return Image.new("RGB", (12, 8), colour)


def keep(library: Library, name: str = "hero", colour: str = "#205080") -> Kept:
    return library.save(
        name, picture(colour), source="a b/hero.jpg", source_sha256=DIGEST, day=date(2026, 1, 2)
    )


def test_a_saved_picture_comes_back_with_all_that_was_said_of_it(library: Library) -> None:
    kept = library.save(
        "@hero-2",
        picture(),
        source="https://example.org/hero.jpg",
        source_sha256=DIGEST,
        role="character",
        licence="CC0 1.0, by nobody",
        note="the one with the hat",
        day=date(2026, 1, 2),
    )
    assert library.get("hero-2") == library.get("@hero-2") == kept
    assert kept == Kept(
        name="hero-2",
        role="character",
        source="https://example.org/hero.jpg",
        source_sha256=DIGEST,
        sha256=sha256(library.folder / "hero-2" / PICTURE),
        licence="CC0 1.0, by nobody",
        note="the one with the hat",
        saved=date(2026, 1, 2),
    )
    assert library.open("hero-2").tobytes() == picture().tobytes()


def test_what_is_saved_without_a_day_is_saved_today(library: Library) -> None:
    before = date.today()
    kept = library.save("hero", picture(), source="x", source_sha256=DIGEST)
    assert before <= kept.saved <= date.today()


def test_names_are_sorted_and_hold_what_is_kept_alone(library: Library) -> None:
    assert library.names() == []
    keep(library, "zoe")
    keep(library, "7")
    (library.folder / "pictures-of-mine").mkdir()
    (library.folder / "notes").write_text("mine")
    assert library.names() == ["7", "zoe"]


@pytest.mark.parametrize("name", ["a", "@hero", "7", "blue-hero-2", "a" * 40, "@" + "a" * 40])
def test_a_right_name_is_taken_with_its_at_sign_or_without(name: str) -> None:
    assert name_of(name) == name.lstrip("@")


@pytest.mark.parametrize(
    "name",
    ["", "@", "@@a", "Hero", "a b", "a/b", "..", "-a", "a_b", "a.png", "é", "a" * 41, "a\n"],
)
def test_a_wrong_name_is_refused_with_what_is_right(library: Library, name: str) -> None:
    with pytest.raises(OptionError, match="small letters, digits and hyphens"):
        keep(library, name)
    assert not library.folder.exists()


def test_a_taken_name_is_not_taken_again_unless_it_is_to_be_replaced(library: Library) -> None:
    first = keep(library)
    with pytest.raises(OptionError, match=r"@hero is taken.*--replace"):
        keep(library, "@hero", "red")
    assert library.get("hero") == first
    library.save("hero", picture("red"), source="x.png", source_sha256=DIGEST, replace=True)
    assert library.open("hero").tobytes() == picture("red").tobytes()
    assert [each.name for each in library.folder.iterdir()] == ["hero"]


def test_a_folder_of_the_users_own_is_neither_replaced_nor_forgotten(library: Library) -> None:
    own = library.folder / "hero" / "diary.txt"
    own.parent.mkdir(parents=True)
    own.write_text("mine")
    with pytest.raises(OutputError, match="hero"):
        library.save("hero", picture(), source="x", source_sha256=DIGEST, replace=True)
    with pytest.raises(PictureError, match="nothing is saved as @hero"):
        library.forget("hero")
    assert own.read_text() == "mine"


def test_what_is_forgotten_is_gone_and_nothing_else(library: Library) -> None:
    keep(library, "hero")
    keep(library, "zoe")
    library.forget("@hero")
    assert [each.name for each in library.folder.iterdir()] == ["zoe"]


@pytest.mark.parametrize("verb", ["get", "open", "path", "forget"])
def test_an_unknown_name_is_told_with_the_nearest_and_how_to_save_one(
    library: Library, verb: str
) -> None:
    keep(library)
    with pytest.raises(PictureError) as told:
        getattr(library, verb)("@heor")
    for said in ("as @heor", "did you mean @hero?", "lookalike save PICTURE --as heor"):
        assert said in str(told.value)


def test_a_file_that_is_called_like_a_name_is_pointed_at(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("@hero", "@hero.png"):
        Path(name).touch()
        with pytest.raises((PictureError, OptionError), match=f"the file is ./{name}"):
            library.open(name)


RECORDS = {
    "cut": lambda text: text[:40],
    "empty": lambda text: "",
    "a list": lambda text: "[]",
    "another kind": lambda text: text.replace('"picture"', '"sculpture"'),
    "an unknown field": lambda text: text.replace('"kind"', '"knid"'),
    "another name": lambda text: text.replace('"hero"', '"zoe"'),
    "no date": lambda text: text.replace("2026-01-02", "yesterday"),
}


@pytest.mark.parametrize("damage", RECORDS)
def test_a_damaged_record_is_told_and_can_be_replaced_or_forgotten(
    library: Library, damage: str
) -> None:
    keep(library)
    path = library.folder / "hero" / RECORD
    path.write_text(RECORDS[damage](path.read_text()))
    for verb in (library.get, library.open):
        with pytest.raises(PictureError, match=r"record of @hero is .*--replace") as told:
            verb("hero")
        assert "\n" not in str(told.value)
    library.save("hero", picture(), source="x", source_sha256=DIGEST, replace=True)
    assert library.get("hero").source == "x"
    path.write_text("{")
    library.forget("hero")
    assert library.names() == []


def test_a_missing_or_changed_picture_is_told(library: Library) -> None:
    keep(library)
    path = library.folder / "hero" / PICTURE
    picture("red").save(path)
    with pytest.raises(PictureError, match="picture of @hero was changed"):
        library.open("hero")
    path.unlink()
    with pytest.raises(PictureError, match="picture of @hero is missing"):
        library.open("hero")


def test_a_picture_is_found_by_its_hash_whatever_its_name_by_now(library: Library) -> None:
    digest = keep(library).sha256
    keep(library, "other", "red")
    (library.folder / "other" / RECORD).write_text("damaged")
    library.forget("hero")
    assert library.holding(digest) is None
    keep(library, "villain")
    assert library.holding(digest) == "villain"
    assert library.picture("villain").tobytes() == picture().tobytes()


def test_a_recipe_is_kept_with_its_picture(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = Recipe(
        made_by="imagine",
        version="1",
        prompt=Prompt.of("a cat"),
        model="mini",
        model_sha256=DIGEST,
        seeds=(1,),
    )
    made = tmp_path / "made.png"
    save_picture(picture(), made, recipe)
    library.save("hero", picture(), source=str(made), source_sha256=sha256(made))
    monkeypatch.setenv("LOOKALIKE_LIBRARY", str(library.folder))
    assert read_recipe(saved_file("@hero")) == recipe
    assert saved_file("hero.png") == Path("hero.png")
    assert saved_file(Path("@hero")) == Path("@hero")


def test_the_record_on_disk_is_json_that_others_can_read(library: Library) -> None:
    keep(library)
    found = json.loads((library.folder / "hero" / RECORD).read_text())
    assert found["kind"] == "picture"
    assert found["saved"] == "2026-01-02"
    assert found["source"] == "a b/hero.jpg"


def test_the_library_lies_where_it_is_told_or_among_the_users_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOOKALIKE_LIBRARY", str(tmp_path / "mine"))
    assert Library().folder == tmp_path / "mine"
    monkeypatch.delenv("LOOKALIKE_LIBRARY")
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert library_folder() == tmp_path / "lookalike" / "library"
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert library_folder() == tmp_path / ".local" / "share" / "lookalike" / "library"
