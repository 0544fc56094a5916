"""The command restyle: a picture with its recipe, made again alike, stopped well, refused well."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image, ImageDraw
from safetensors.torch import save_file

from lookalike.core.pictures import read_recipe
from lookalike.models.vgg import Vgg
from lookalike.restyle import transfer as painting
from tests.cli.conftest import Answer, Ask
from tests.restyle.tiny import tiny_vgg

BRIEF = ("--size", "48", "--scales", "2", "--first-steps", "2", "--steps", "1", "--device", "cpu")
LOAD = Vgg.load
MADE = "lookalike-out/restyle-001.png"


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A VGG of few channels in the place of the packaged one."""
    monkeypatch.setattr(Vgg, "load", lambda path=None: LOAD(path) if path else tiny_vgg())


@pytest.fixture
def stripes(own_place: Path) -> str:
    made = Image.new("RGB", (48, 40), "white")
    for x in range(-40, 48, 8):
        ImageDraw.Draw(made).line((x, 0, x + 40, 40), "black", 3)
    made.save(own_place / "stripes.png")
    return "stripes.png"


def restyled(ask: Ask, *arguments: str) -> Answer:
    return ask(["restyle", *arguments, *BRIEF])


def refused(answer: Answer, said: str) -> None:
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("lookalike: ")
    assert answer.err.count("\n") == 1
    assert said in answer.err


def test_a_picture_is_painted_and_again_to_the_same_pixels(
    ask: Ask, picture: str, stripes: str
) -> None:
    answer = restyled(ask, picture, f"{stripes}::2", picture, "--content-weight", "0.5")
    assert (answer.code, answer.out, answer.err) == (0, f"{MADE}\n", "")
    recipe = read_recipe(MADE)
    assert (recipe.made_by, recipe.model) == ("restyle", "vgg16")
    styles = [(r.source, r.weight) for r in recipe.prompt.references if r.role == "style"]
    assert styles == [(stripes, 2), (picture, 1)]
    assert recipe.options["content_weight"] == 0.5
    answer = ask(["again", MADE])
    assert (answer.code, answer.err) == (0, "")
    one, other = (Image.open(each) for each in (MADE, "lookalike-out/again-001.png"))
    assert one.tobytes() == other.tobytes()


def test_masks_and_kept_colours_are_in_the_recipe_too(
    ask: Ask, picture: str, stripes: str, own_place: Path
) -> None:
    mask = Image.new("L", (40, 40), 0)
    mask.paste(255, (0, 0, 20, 40))
    mask.save(own_place / "mask.png")
    answer = restyled(ask, picture, stripes, "--mask", "mask.png", "--keep-colours")
    assert (answer.code, answer.err) == (0, "")
    assert ask(["again", MADE]).err == ""
    assert Image.open(MADE).tobytes() == Image.open("lookalike-out/again-001.png").tobytes()


def test_the_recipe_is_told_in_its_own_words(ask: Ask, picture: str, stripes: str) -> None:
    restyled(ask, picture, stripes)
    told = ask(["recipe", MADE])
    assert "made by   restyle" in told.out
    assert "guidance" not in told.out
    assert json.loads(ask(["recipe", MADE, "--json"]).out)["options"]["preset"] == "best"


def test_ctrl_c_keeps_the_best_so_far_which_is_made_again(
    ask: Ask, picture: str, stripes: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    at, calls = painting.Objective.at, []

    def stopping(self: Any, x: torch.Tensor) -> Any:
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return at(self, x)

    monkeypatch.setattr(painting.Objective, "at", stopping)
    answer = restyled(ask, picture, stripes)
    assert (answer.code, answer.out) == (130, f"{MADE}\n")
    assert answer.err == "lookalike: stopped; this is the best so far\n"
    assert read_recipe(MADE).options["stopped"] == 2
    assert (ask(["again", MADE]).code, len(calls)) == (0, 5)
    assert Image.open(MADE).tobytes() == Image.open("lookalike-out/again-001.png").tobytes()


def test_ctrl_c_before_the_first_step_writes_nothing(
    ask: Ask, picture: str, stripes: str, own_place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopping(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(painting.Objective, "at", stopping)
    before = sorted(own_place.iterdir())
    answer = restyled(ask, picture, stripes)
    assert (answer.code, answer.out) == (130, "")
    assert answer.err == "lookalike: stopped; nothing half-written was kept\n"
    assert sorted(own_place.iterdir()) == before


def test_a_preview_is_a_picture_and_is_never_written_over_another(
    ask: Ask, picture: str, stripes: str
) -> None:
    assert restyled(ask, picture, stripes, "--preview", "now.png").code == 0
    with Image.open("now.png") as shown:
        assert shown.size == (34, 34)
    refused(restyled(ask, picture, stripes, "--preview", "now.png"), "now.png: it exists already")


@pytest.mark.slow
def test_the_packaged_vgg_paints_and_again_to_the_same_pixels(
    ask: Ask, picture: str, stripes: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Vgg, "load", LOAD)
    assert restyled(ask, picture, stripes, "--out", "out").code == 0
    assert ask(["again", "out/restyle-001.png", "--out", "out"]).err == ""


MODES = ("L", "LA", "RGBA", "P", "CMYK", "I;16", "1")


@pytest.mark.parametrize("mode", MODES)
def test_pictures_of_every_mode_are_painted(
    ask: Ask, picture: str, stripes: str, own_place: Path, mode: str
) -> None:
    source = Image.open(picture)
    made = source.convert("L").convert("I;16") if mode == "I;16" else source.convert(mode)
    name = "other.tiff" if mode in ("CMYK", "I;16") else "other.png"
    made.save(own_place / name)
    answer = ask(["restyle", name, stripes, *BRIEF, "--scales", "1", "--first-steps", "1"])
    assert (answer.code, answer.err) == (0, "")


def _features(path: Path) -> Iterator[str]:
    save_file({"a.weight": torch.zeros(2, 2)}, path / "odd.safetensors")
    (path / "vgg.pth").write_bytes(b"PK\x03\x04")
    (path / "text.safetensors").write_text("no weights in here")
    yield from ("odd.safetensors", "vgg.pth", "text.safetensors", "missing.safetensors")


def test_features_that_are_no_vgg_are_refused(
    ask: Ask, picture: str, stripes: str, own_place: Path
) -> None:
    said = ("is no VGG-16 or VGG-19", "pickled", "not a .safetensors", "there is no weight file")
    for name, words in zip(_features(own_place), said, strict=True):
        refused(restyled(ask, picture, stripes, "--features", name), words)
    assert not Path("lookalike-out").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["square.png", "dot.png"], "dot.png has 1 x 1 pixels: at least 32 on each side"),
        (["dot.png", "stripes.png"], "dot.png has 1 x 1 pixels"),
        (["strip.png", "stripes.png", "--size", "48"], "48 x 2 pixels, and at least 32"),
        (["square.png", "missing.png"], "missing.png"),
        (["square.png", "stripes.png::0"], "the styles' weights (0) sum to zero"),
        (["square.png", "stripes.png::0", "square.png::0"], "(0, 0) sum to zero"),
        (["square.png", "stripes.png::-1"], "a number of 0 to 1000, not -1"),
        (["square.png", "stripes.png::much"], "'much' in stripes.png::much is no weight"),
        (["square.png", "stripes.png", "--style-layers", "relu9_1"], "has no layer 'relu9_1'"),
        (["square.png", "stripes.png", "--content-layers", "relu4_2;x"], "should be layers"),
        (["square.png", "stripes.png", "--preset", "gatys"], "did you mean gatys2016?"),
        (["square.png", "stripes.png", "--loss", "l1"], "loss = 'l1'"),
        (["square.png", "stripes.png", "--size", "8"], "size = '8'"),
        (["square.png", "stripes.png", "--mask", "stripes.png"], "40 x 40: both must be the same"),
        (["square.png", "stripes.png", "--mask", "black.png"], "black.png is all black"),
        (["square.png", *["stripes.png"] * 3, "--mask", "square.png"], "1 masks do not fit 3"),
        (["square.png", "stripes.png", "--mask", "text.png"], "not a picture"),
    ],
)
def test_what_cannot_be_painted_is_one_line_and_no_file(
    ask: Ask, picture: str, stripes: str, own_place: Path, arguments: list[str], said: str
) -> None:
    Image.new("RGB", (1, 1)).save(own_place / "dot.png")
    Image.new("L", (40, 40), 0).save(own_place / "black.png")
    Image.new("RGB", (800, 32)).save(own_place / "strip.png")
    (own_place / "text.png").write_text("no picture")
    # Behind the brief ones, so that what is asked for holds.
    refused(ask(["restyle", *BRIEF, *arguments]), said)
    assert not Path("lookalike-out").exists()


@pytest.mark.slow
def test_ways_to_paint_are_measured(ask: Ask, tiny: str, picture: str, own_place: Path) -> None:
    few = ("--count", "1", "--size", "48", "--steps", "2", "--model", tiny, "--style", picture)
    named = ("--method", "content", "--method", "w2")
    answer = ask(["evaluate", "restyle", *few, *named, "--json", "--sheet", "all.png"])
    assert answer.code == 0, answer.err
    found = json.loads(answer.out)
    assert [row["method"] for row in found["rows"]] == ["content", "w2"]
    assert (own_place / "all.png").is_file()
    assert "style gram" in ask(["evaluate", "restyle", *few, "--method", "colours"]).out
    refused(ask(["evaluate", "restyle", *few, "--sheet", "all.png"]), "exists already")
    refused(ask(["evaluate", "restyle", "--method", "w3"]), "there is no row w3")
