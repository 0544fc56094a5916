"""The benchmark of restyle: best on what is identical, every way run, and refusals in a line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import scipy.linalg
import torch
from PIL import Image, ImageFilter

from lookalike.core.errors import OptionError, PictureError
from lookalike.evaluate.restyling import (
    METHODS,
    Asked,
    Painted,
    Restylings,
    measure,
    page,
)
from lookalike.evaluate.strokes import Eye, edge_likeness, structural_similarity, wasserstein
from lookalike.models.backbone import Backbone
from lookalike.restyle.losses import Gaussian, w2_distance
from lookalike.restyle.moments import Moments
from lookalike.restyle.options import PRESETS, options_of, weights
from lookalike.world.look import draw
from lookalike.world.render import render
from tests.restyle.tiny import tiny_vgg


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


def test_every_way_paints_every_pair(
    backbone: Backbone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lookalike.evaluate.restyling.STYLES", ())
    character().save(tmp_path / "mine.png")
    shown: list[Painted] = []
    ways = tuple(name for name in METHODS if name != "sref")
    asked = Asked(count=1, size=48, steps=2, styles=(tmp_path / "mine.png",), methods=ways)
    *stages, found = measure(backbone, tiny_vgg(), asked, shown)
    assert isinstance(found, Restylings)
    assert len(stages) == len(ways)
    assert found.pairs == len(shown) == 1
    nothing = found.rows[0]
    assert nothing.method == "content"
    assert nothing.figures["edges"] is not None
    assert nothing.figures["edges"].mean == pytest.approx(1)
    by_name = {row.method: row.figures["style_gram"] for row in found.rows}
    assert by_name["w2"] is not None
    assert by_name["content"] is not None
    assert by_name["w2"].mean < by_name["content"].mean
    assert page(shown).width > 48 * len(ways)


@pytest.mark.slow
def test_a_prompt_that_leans_on_the_style_is_painted_too(backbone: Backbone) -> None:
    shown: list[Painted] = []
    list(measure(backbone, tiny_vgg(), Asked(count=1, size=48, methods=("sref",)), shown))
    assert {one.made["sref"].size for one in shown} == {(48, 48)}


def test_what_cannot_be_measured_is_refused() -> None:
    with pytest.raises(OptionError, match="there is no row w3; there are content, colours"):
        Asked(methods=("w3",)).check()
    with pytest.raises(PictureError, match=r"missing\.png"):
        Asked(styles=(Path("missing.png"),)).check()


def test_the_judges_wasserstein_distance_is_the_losss_and_scipys() -> None:
    generator = torch.Generator().manual_seed(0)
    one, other = (
        Moments.of(torch.randn(1, 5, 6, 9, generator=generator) + shift) for shift in (0, 1)
    )
    a, b = (each.covariance.double().numpy() for each in (one, other))
    root = scipy.linalg.sqrtm(b)
    spread = np.trace(a + b - 2 * scipy.linalg.sqrtm(root @ a @ root).real)
    apart = float((one.mean - other.mean).double().square().sum())
    assert wasserstein(one, other) == pytest.approx((apart + spread) / 5, 1e-6)
    assert float(w2_distance(one, Gaussian.of(other))) == pytest.approx(
        wasserstein(one, other), 1e-2
    )
