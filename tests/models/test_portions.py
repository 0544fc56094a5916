"""What is worked on at once fits into memory whatever a model's size, and tells the same."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from PIL import Image

from lookalike.core.records import Settings
from lookalike.engine import rows
from lookalike.models.portions import at_once
from lookalike.models.sd import StableDiffusion
from lookalike.refer import mask

HERO = Image.effect_noise((64, 64), 90).convert("RGB")


@pytest.mark.parametrize(
    ("side", "most", "expected"),
    [(16, 128, 128), (64, 128, 8), (96, 128, 3), (128, 128, 2), (128, 32, 1), (8, 20, 20)],
)
def test_large_pictures_are_fewer_at_once_and_never_none(
    side: int, most: int, expected: int
) -> None:
    backbone: Any = object.__new__(StableDiffusion)
    backbone.latent = (4, side, side)
    assert at_once(backbone, most) == expected


@pytest.mark.parametrize("family", ["sd1", "sdxl"])
def test_parts_of_a_subject_are_the_same_asked_for_in_pieces(
    family: str, originals: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    backbone = originals[family]
    with torch.no_grad():
        clean = backbone.encode([HERO], (32, 32))
    monkeypatch.setattr(mask, "at_once", lambda _, most: most)
    whole = mask.parts(backbone, clean)
    monkeypatch.setattr(mask, "at_once", lambda *_: 3)
    for name, found in mask.parts(backbone, clean).items():
        assert torch.equal(found, whole[name])


def test_pictures_are_the_same_made_in_pieces(
    originals: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    backbone = originals["sd1"]
    monkeypatch.setattr(backbone, "pixels", 32)
    monkeypatch.setattr(backbone, "latent", (4, 16, 16))
    told, chosen = backbone.embed(["a cat", "a dog", "a hen"]), Settings(steps=1)
    whole = rows.sampled(backbone, told, chosen, (1, 2, 3))
    monkeypatch.setattr(rows, "at_once", lambda *_: 2)
    pieces = rows.sampled(backbone, told, chosen, (1, 2, 3))
    assert len(pieces) == 3
    for one, other in zip(whole, pieces, strict=True):
        assert max(high for _, high in _difference(one, other)) <= 1


def _difference(one: Image.Image, other: Image.Image) -> Any:
    from PIL import ImageChops

    return ImageChops.difference(one, other).getextrema()
