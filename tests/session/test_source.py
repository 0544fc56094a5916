"""References are opened, and found again, whether they are files or saved under a name."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from lookalike.core.errors import OptionError, PictureError, RecipeError
from lookalike.core.files import sha256
from lookalike.core.library import Library, library_folder
from lookalike.session.source import Source, find_again, open_source

MADE = Path("made.png")


@pytest.fixture(autouse=True)
def own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LOOKALIKE_LIBRARY", str(tmp_path / "library"))


def save(name: str, colour: str = "#205080") -> None:
    made = Image.new("RGB", (12, 8), colour)
    Library().save(name, made, source="x.png", source_sha256="a" * 64, replace=True)


def colour(source: Source) -> object:
    return source.picture.getpixel((0, 0))


def test_a_saved_name_opens_its_picture_and_fingerprints_the_kept_file() -> None:
    save("hero")
    opened = open_source("@hero")
    assert (opened.name, colour(opened)) == ("@hero", (0x20, 0x50, 0x80))
    assert opened.sha256 == sha256(library_folder() / "hero" / "picture.png")


def test_a_name_that_is_not_saved_and_one_that_is_none_are_refused() -> None:
    with pytest.raises(PictureError, match="nothing is saved as @hero"):
        open_source("@hero")
    with pytest.raises(OptionError, match="no name for the library"):
        open_source("@Hero!")


@pytest.mark.parametrize("path", ["./@hero", Path("@hero"), Path("./@hero")])
def test_a_file_that_begins_with_an_at_sign_is_reached_by_its_path(path: str | Path) -> None:
    save("hero")
    Image.new("RGB", (4, 4), "red").save("@hero", format="PNG")
    opened = open_source(path)
    assert (opened.name, colour(opened)) == ("./@hero", (255, 0, 0))
    found = find_again(opened.name, opened.sha256, MADE)
    assert colour(found) == (255, 0, 0)


def test_a_saved_picture_is_found_again_under_any_name() -> None:
    save("hero")
    digest = open_source("@hero").sha256
    assert find_again("@hero", digest, MADE).sha256 == digest
    save("villain")
    save("hero", "red")
    found = find_again("@hero", digest, MADE)
    assert (found.name, colour(found)) == ("@hero", (0x20, 0x50, 0x80))


def test_a_saved_picture_that_changed_or_is_gone_is_told() -> None:
    save("hero")
    digest = open_source("@hero").sha256
    save("hero", "red")
    with pytest.raises(RecipeError, match=r"@hero has changed since made\.png"):
        find_again("@hero", digest, MADE)
    Library().forget("hero")
    with pytest.raises(RecipeError, match=r"made\.png was made from @hero, .* save it again"):
        find_again("@hero", digest, MADE)
