"""Saved pictures carry the recipe that makes them again, and nothing is overwritten."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image, PngImagePlugin

from lookalike.core.errors import OutputError, RecipeError
from lookalike.core.pictures import open_picture, png_bytes, read_recipe, save_picture
from lookalike.core.records import Prompt, Recipe

PICTURE = Image.effect_noise((20, 10), 80).convert("RGB")
RECIPE = Recipe(
    made_by="imagine",
    version="0.1.0",
    prompt=Prompt.of("a cat, größer als 猫 ☂"),
    model="mini",
    model_sha256="0" * 64,
    seeds=(7,),
    options={"balance": 0.5, "strong": True, "none": None},
)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def with_text(text: bytes, *, packed: bool = False) -> bytes:
    """A PNG whose recipe chunk stands behind the picture's data, where some programs put it."""
    plain = png_bytes(PICTURE)
    inner = zlib.compress(text) if packed else text
    data = b"lookalike\0" + bytes([packed, 0]) + b"en\0" + b"translated\0" + inner
    return plain[:-12] + chunk(b"iTXt", data) + plain[-12:]


def refusal(path: Path) -> str:
    with pytest.raises(RecipeError) as caught:
        read_recipe(path)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_a_saved_picture_has_the_same_pixels_and_its_recipe(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.png"
    save_picture(PICTURE, path, RECIPE)
    assert open_picture(path).tobytes() == PICTURE.tobytes()
    assert read_recipe(path) == RECIPE
    assert read_recipe(str(path)) == RECIPE


def test_other_programs_can_read_the_recipe() -> None:
    with Image.open(io.BytesIO(png_bytes(PICTURE, RECIPE))) as picture:
        assert isinstance(picture, PngImagePlugin.PngImageFile)
        assert Recipe.model_validate_json(picture.text["lookalike"]) == RECIPE


def test_an_existing_file_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"precious")
    with pytest.raises(OutputError, match="it exists already"):
        save_picture(PICTURE, path)
    assert path.read_bytes() == b"precious"


@pytest.mark.parametrize("packed", [False, True])
def test_a_recipe_is_found_wherever_it_stands(tmp_path: Path, packed: bool) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(with_text(RECIPE.model_dump_json().encode(), packed=packed))
    assert read_recipe(path) == RECIPE


def test_a_picture_without_a_recipe_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    save_picture(PICTURE, path)
    assert "carries no recipe" in refusal(path)


def test_what_is_not_a_png_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    PICTURE.save(path)
    assert "is not a PNG" in refusal(path)


def test_a_missing_picture_and_a_folder_are_one_line(tmp_path: Path) -> None:
    assert "there is no picture" in refusal(tmp_path / "none.png")
    assert "cannot read" in refusal(tmp_path)


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b'{"made_by": 1}', b"\xff"])
def test_a_damaged_recipe_is_one_line(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(with_text(text))
    assert "cannot be read" in refusal(path)


def test_a_flipped_bit_in_the_recipe_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    data = bytearray(png_bytes(PICTURE, RECIPE))
    data[data.index(b"a cat")] ^= 1
    path.write_bytes(data)
    assert "does not match its checksum" in refusal(path)


def test_a_recipe_that_cannot_be_unpacked_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    body = b"lookalike\0\1\0\0\0" + zlib.compress(b"x" * 99)[:-6]
    path.write_bytes(png_bytes(PICTURE)[:-12] + chunk(b"iTXt", body))
    assert "cannot be unpacked" in refusal(path)


def test_a_cut_off_file_has_no_recipe(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    whole = png_bytes(PICTURE, RECIPE)
    for length in (0, 4, 8, 12, 40, whole.index(b"a cat")):
        path.write_bytes(whole[:length])
        refusal(path)
