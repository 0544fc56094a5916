"""Bad input: the right result, or one line that helps; never a traceback or half a file."""

from __future__ import annotations

import errno
import json
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from tests.cli.conftest import Answer, Ask


def refused(answer: Answer, *said: str) -> None:
    """One line on stderr that says all of `said`, nothing on stdout, exit code 2."""
    assert answer.code == 2
    assert answer.out == ""
    assert answer.err.startswith("lookalike: ")
    assert answer.err.count("\n") == 1
    for word in said:
        assert word in answer.err


def text_file(path: Path) -> None:
    path.write_text("Dear diary, this is no picture.\n" * 40)


def cut_jpeg(path: Path) -> None:
    Image.effect_noise((200, 200), 60).save(path, format="JPEG")
    path.write_bytes(path.read_bytes()[:3000])


def enormous_png(path: Path) -> None:
    """20,000 x 20,000 pixels in the header; the little behind it is never looked at."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

    head = struct.pack(">IIBBBBB", 20_000, 20_000, 8, 2, 0, 0, 0)
    body = zlib.compress(bytes(1000))
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    )


BAD: dict[str, tuple[Callable[[Path], None], str]] = {
    "text.png": (text_file, "not a picture"),
    "empty.png": (Path.touch, "not a picture"),
    "cut.jpg": (cut_jpeg, "cut short"),
    "enormous.png": (enormous_png, "too large"),
    "folder": (Path.mkdir, "is a folder"),
    "pipe": (os.mkfifo, "not an ordinary file"),
    "missing.png": (lambda path: None, "there is no picture"),
}
READERS = {
    "describe": ["describe", "good.png", "PICTURE"],
    "convert": ["convert", "PICTURE", "--out", "new.safetensors"],
    "vary": ["vary", "PICTURE"],
    "edit": ["edit", "PICTURE", "in the rain"],
    "demo": ["demo", "PICTURE"],
}


@pytest.mark.parametrize("verb", READERS)
@pytest.mark.parametrize("name", BAD)
def test_a_bad_picture_is_refused_by_its_name(
    ask: Ask, own_place: Path, name: str, verb: str, tiny: str
) -> None:
    Image.new("RGB", (8, 8)).save("good.png")
    make, said = BAD[name]
    make(Path(name))
    before = sorted(own_place.iterdir())
    words = [name if word == "PICTURE" else word for word in READERS[verb]]
    refused(ask([*words, "--model", tiny]), name, said)
    assert sorted(own_place.iterdir()) == before


def test_an_unreadable_picture_is_refused(
    ask: Ask, picture: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = Path.open

    # Not by its mode: an administrator may read every file.
    def forbidden(path: Path, *mode: str) -> object:
        if path.name == picture:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return opened(path, *mode)

    monkeypatch.setattr(Path, "open", forbidden)
    refused(ask(["vary", picture]), picture, "permission denied")


@pytest.mark.parametrize("verb", ["recipe", "again"])
def test_a_picture_without_a_recipe_is_refused(ask: Ask, picture: str, verb: str) -> None:
    refused(ask([verb, picture]), picture, "recipe")


@pytest.mark.parametrize("name", ["text.png", "folder", "missing.png"])
@pytest.mark.parametrize("verb", ["recipe", "again"])
def test_what_is_no_picture_has_no_recipe(ask: Ask, name: str, verb: str) -> None:
    BAD[name][0](Path(name))
    refused(ask([verb, name]), name)


@pytest.mark.parametrize("model", ["minni", "./nowhere", "none.safetensors", "weights.ckpt"])
@pytest.mark.parametrize("verb", [["imagine", "cat"], ["vary", "square.png"], ["demo"]])
def test_an_unknown_model_is_refused(
    ask: Ask, picture: str, verb: list[str], model: str, own_place: Path
) -> None:
    refused(ask([*verb, "--model", model]), model.strip("./"))
    assert sorted(path.name for path in own_place.iterdir()) == [picture]


def test_a_model_file_that_is_cut_off_is_refused(ask: Ask, tiny: str, own_place: Path) -> None:
    whole = next(Path(tiny, "unet").glob("*.safetensors")).read_bytes()
    Path("cut.safetensors").write_bytes(whole[:5000])
    refused(ask(["imagine", "cat", "--model", "cut.safetensors"]), "cut.safetensors")


@pytest.mark.parametrize("words", ["", "  ", "\n"])
def test_an_empty_prompt_is_refused(ask: Ask, picture: str, words: str) -> None:
    refused(ask(["imagine", words]), "the prompt is empty")
    refused(ask(["edit", picture, words]), "empty")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--count", "0"], "--count"),
        (["--count", "65"], "--count"),
        (["--seed", "-1"], "--seed"),
        (["--seed", "4294967296"], "--seed"),
        (["--steps", "0"], "--steps"),
        (["--guidance", "nan"], "--guidance"),
        (["--aspect", "wide"], "--aspect"),
        (["--aspect", "0:1"], "--aspect"),
        (["--device", "toaster"], "toaster"),
    ],
)
def test_a_number_out_of_bounds_is_refused(
    ask: Ask, options: list[str], said: str, tiny: str, own_place: Path
) -> None:
    refused(ask(["imagine", "cat", "--model", tiny, *options]), said)
    assert list(own_place.iterdir()) == []


def test_a_balance_out_of_bounds_is_refused(ask: Ask, picture: str, tiny: str) -> None:
    refused(ask(["edit", picture, "rain", "--balance", "3", "--model", tiny]), "balance")


def test_a_count_of_prompts_out_of_bounds_is_refused(ask: Ask, picture: str, tiny: str) -> None:
    refused(ask(["describe", picture, "--count", "0", "--model", tiny]), "prompts")


def test_an_output_folder_that_is_a_file_is_refused_at_once(ask: Ask, picture: str) -> None:
    refused(ask(["imagine", "cat", "--out", picture]), picture, "not a folder")
    refused(ask(["vary", picture, "--out", picture]), picture, "not a folder")


def test_a_file_that_is_there_is_not_overwritten(ask: Ask, picture: str) -> None:
    Path("old.safetensors").write_text("mine")
    refused(ask(["convert", picture, "--out", "old.safetensors"]), "old.safetensors", "exists")
    refused(ask(["world", "sheet", "--out", "old.safetensors"]), "old.safetensors", "exists")
    assert Path("old.safetensors").read_text() == "mine"


def test_a_full_disk_leaves_no_half_written_file(
    ask: Ask, tiny: str, picture: str, own_place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    small = ["--model", tiny, "--steps", "1", "--count", "1"]
    refused(ask(["imagine", "cat", *small]), "no space left")
    refused(ask(["convert", picture, "--out", "e.safetensors", "--model", tiny]), "no space left")
    refused(ask(["world", "sheet", "--count", "1", "--out", "s.png"]), "no space left")
    files = [path.name for path in own_place.rglob("*") if path.is_file()]
    assert files == [picture]


def odd_pictures() -> dict[str, str]:
    """Pictures that are unusual but right, with the aspect ratio that each must be given."""
    plain = Image.effect_noise((60, 40), 80).convert("RGB")
    plain.convert("CMYK").save("cmyk.jpg")
    Image.new("I;16", (40, 40), 40_000).save("deep.png")
    others = [Image.new("P", (40, 40), 7) for _ in range(2)]
    Image.new("P", (40, 40), 3).save("moving.gif", save_all=True, append_images=others)
    turned = Image.Exif()
    turned[0x0112] = 6  # a quarter turn
    plain.save("turned.jpg", exif=turned)
    Image.new("RGBA", (40, 40), (255, 0, 0, 0)).save("clear.png")
    Image.new("RGB", (1, 1), "red").save("dot.png")
    return {
        "cmyk.jpg": "3:2",
        "deep.png": "1:1",
        "moving.gif": "1:1",
        "turned.jpg": "2:3",
        "clear.png": "1:1",
        "dot.png": "1:1",
    }


def test_odd_pictures_are_described_as_they_are_seen(ask: Ask, tiny: str) -> None:
    odd = odd_pictures()
    answer = ask(["describe", *odd, "--json", "--phrases", "1", "--model", tiny])
    assert answer.code == 0
    found = json.loads(answer.out)
    assert {each["picture"]: each["aspect"] for each in found} == odd
    assert all(len(each["descriptions"]) == 4 for each in found)


def test_odd_pictures_can_be_varied(ask: Ask, tiny: str) -> None:
    odd_pictures()
    for name in ("dot.png", "deep.png"):
        answer = ask(["vary", name, "--model", tiny, "--steps", "2", "--count", "1"])
        assert answer.code == 0, answer.err
        with Image.open(answer.out.strip()) as made:
            assert made.size == (32, 32)


def test_a_prompt_that_is_too_long_is_cut_and_says_so(ask: Ask, tiny: str) -> None:
    words = " ".join(f"word{number}" for number in range(500))
    answer = ask(["imagine", words, "--model", tiny, "--steps", "1", "--count", "1"])
    assert answer.code == 0
    assert answer.err.count("\n") == 1
    assert "too long" in answer.err
    assert "word499" in answer.err
    cut = json.loads(ask(["recipe", answer.out.strip(), "--json"]).out)["cut"]
    assert words.endswith(cut)
    assert len(cut.split()) > 400


def test_a_misspelt_parameter_is_pointed_at(ask: Ask, own_place: Path) -> None:
    answer = ask(["imagine", "a cat", "--srf", "ink.png"])
    assert (answer.code, answer.out) == (2, "")
    line, text, caret = answer.err.splitlines()
    assert line.endswith("there is no --srf; did you mean --sref?")
    assert text[caret.index("^") :].startswith("--srf")
    assert list(own_place.iterdir()) == []
