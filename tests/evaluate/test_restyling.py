"""The benchmark of restyle: best on what is identical, every way run, and refusals in a line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from lookalike.core.errors import OptionError, PictureError
from lookalike.evaluate.restyling import (
    METHODS,
    STYLES,
    Asked,
    Painted,
    Restylings,
    measure,
    page,
    pairs_of,
)
from lookalike.evaluate.strokes import Eye, edge_likeness, structural_similarity
from lookalike.models.backbone import Backbone
from lookalike.restyle.options import PRESETS, options_of, weights
from lookalike.world.look import draw
from lookalike.world.render import render
from tests.restyle.tiny import tiny_vgg

FEW = Asked(count=1, size=48, steps=3)


def character() -> Image.Image:
    return render(draw(671), 64)


def test_a_picture_is_nothing_apart_from_itself() -> None:
    eye, one = Eye(tiny_vgg()), character()
    assert eye.content(one, one) == 0
    assert edge_likeness(one, one) == pytest.approx(1)
    assert all(abs(apart) < 1e-4 for apart in eye.style(one, one).values())


def test_distances_grow_with_the_blur() -> None:
    eye, one = Eye(tiny_vgg()), character()
    blurred = [one.filter(ImageFilter.GaussianBlur(radius)) for radius in (1, 4)]
    for tell in (
        lambda made: eye.content(made, one),
        lambda made: -edge_likeness(made, one),
        lambda made: eye.style(made, one)["style_gram"],
        lambda made: eye.style(made, one)["style_w2"],
    ):
        near, far = map(tell, blurred)
        assert near < far


def test_structural_similarity_is_that_of_a_computation_by_hand() -> None:
    generator = np.random.default_rng(0)
    one, other = generator.random((9, 8)), generator.random((9, 8))
    found = list[float]()
    for y in range(3):
        for x in range(2):
            a, b = (each[y : y + 7, x : x + 7] for each in (one, other))
            both = ((a - a.mean()) * (b - b.mean())).mean()
            top = (2 * a.mean() * b.mean() + 1e-4) * (2 * both + 9e-4)
            found.append(
                top / ((a.mean() ** 2 + b.mean() ** 2 + 1e-4) * (a.var() + b.var() + 9e-4))
            )
    assert structural_similarity(one, other) == pytest.approx(sum(found) / len(found), 1e-9)


def test_no_preset_optimises_what_judges() -> None:
    from lookalike.evaluate.strokes import CONTENT, STYLE

    vgg = tiny_vgg()
    for preset in PRESETS:
        made = options_of(preset)
        optimised = {
            vgg.layer(n) for n in (*weights(made.style_layers), *weights(made.content_layers))
        }
        assert not optimised & {CONTENT, *STYLE}


def test_every_way_paints_every_pair(backbone: Backbone, tmp_path: Path) -> None:
    character().save(tmp_path / "mine.png")
    shown: list[Painted] = []
    asked = Asked(count=1, size=48, steps=2, styles=(tmp_path / "mine.png",))
    *stages, found = measure(backbone, tiny_vgg(), asked, shown)
    assert isinstance(found, Restylings)
    assert len(stages) == len(METHODS) * (len(STYLES) + 1)
    assert found.pairs == len(shown) == len(STYLES) + 1
    nothing = found.rows[0]
    assert nothing.method == "content"
    assert nothing.figures["edges"] is not None
    assert nothing.figures["edges"].mean == pytest.approx(1)
    by_name = {row.method: row.figures["style_gram"] for row in found.rows}
    assert by_name["w2"] is not None
    assert by_name["content"] is not None
    assert by_name["w2"].mean < by_name["content"].mean
    assert page(shown).width > 48 * len(METHODS)


def test_the_same_pairs_are_drawn_each_time() -> None:
    one, other = pairs_of(FEW), pairs_of(FEW)
    assert [p.name for p in one] == [p.name for p in other]
    assert all(a.style.tobytes() == b.style.tobytes() for a, b in zip(one, other, strict=True))


def test_what_cannot_be_measured_is_refused() -> None:
    with pytest.raises(OptionError, match="there is no row w3; did you mean w2"):
        Asked(methods=("w3",)).check()
    with pytest.raises(PictureError, match=r"missing\.png"):
        Asked(styles=(Path("missing.png"),)).check()
