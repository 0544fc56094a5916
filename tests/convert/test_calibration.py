"""The constants of a CLIP: known, or found where they were planted."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from lookalike.convert.calibration import constants_of, from_texts, measure
from lookalike.convert.projection import rank_after
from lookalike.core.errors import ModelError, OptionError
from tests.engine.tiny import noise_picture

WIDTH, SIGNAL, COUNT, LENGTH = 16, 6, 40, 12
VALUES = torch.cat([torch.linspace(1.0, 0.5, SIGNAL), torch.full((WIDTH - SIGNAL,), 0.02)])


class PlantedClip:
    """A CLIP whose pictures agree with their captions in six directions, and are noise in others.

    The end state of caption i is `ends[i]`; its picture's vector is that state projected, with
    noise in the directions of the small singular values, where an inverse would blow it up.
    """

    def __init__(self, noise: float = 1.0) -> None:
        draw = torch.Generator().manual_seed(0)
        left, right = (torch.linalg.qr(torch.randn(16, 16, generator=draw)).Q for _ in range(2))
        self.text_projection = left @ torch.diag(VALUES) @ right.T
        wanted = torch.randn(COUNT, SIGNAL, generator=draw) @ right[:, :SIGNAL].T
        self.wanted = 5 * wanted / wanted.norm(dim=1, keepdim=True)
        weak = torch.randn(COUNT, WIDTH - SIGNAL, generator=draw) @ left[:, SIGNAL:].T
        self.projected = self.wanted @ self.text_projection.T + noise * weak
        self.visual_projection = torch.eye(WIDTH)

    def states(self, texts: list[str]) -> Tensor:
        """End states at places that differ from text to text, and something else in all others."""
        told = torch.full((len(texts), LENGTH, WIDTH), 100.0)
        told[torch.arange(len(texts)), self.ends(texts)] = self.wanted[: len(texts)]
        return told

    def ends(self, texts: list[str]) -> Tensor:
        return torch.arange(len(texts)) % (LENGTH - 1) + 1

    def see(self, pictures: list[Any]) -> Any:
        return SimpleNamespace(projected=self.projected[: len(pictures)])


PICTURES = [noise_picture(4, 4)] * COUNT
TEXTS = [f"text {number}" for number in range(COUNT)]


def test_measuring_finds_the_planted_cut_and_norm() -> None:
    clip: Any = PlantedClip()
    found = measure(clip, PICTURES, TEXTS)
    assert rank_after(clip.text_projection, found.cut) == SIGNAL
    assert found.norm == pytest.approx(5.0, rel=1e-5)
    assert found.cosine == pytest.approx(1.0, abs=1e-4)
    assert str(COUNT) in found.source


def test_without_noise_nothing_is_cut_off() -> None:
    clip: Any = PlantedClip(noise=0.0)
    found = measure(clip, PICTURES, TEXTS)
    assert rank_after(clip.text_projection, found.cut) >= SIGNAL
    assert found.cosine == pytest.approx(1.0, abs=1e-4)


def test_the_cut_is_kept_as_an_absolute_value() -> None:
    clip: Any = PlantedClip()
    small = measure(clip, PICTURES, TEXTS)
    clip.text_projection, clip.projected = clip.text_projection * 7, clip.projected * 7
    large = measure(clip, PICTURES, TEXTS)
    assert large.cut == pytest.approx(7 * small.cut, rel=1e-4)
    assert large.norm == small.norm


@pytest.mark.parametrize(("pictures", "texts"), [(0, 0), (2, 3), (3, 2)])
def test_every_picture_needs_its_caption(pictures: int, texts: int) -> None:
    clip: Any = PlantedClip()
    with pytest.raises(OptionError, match=f"{pictures} pictures do not fit {texts} captions"):
        measure(clip, PICTURES[:pictures], TEXTS[:texts])


def test_pictures_that_tell_nothing_are_refused() -> None:
    clip: Any = PlantedClip()
    clip.projected = torch.full_like(clip.projected, float("nan"))
    with pytest.raises(ModelError, match="trained"):
        measure(clip, PICTURES, TEXTS)


def test_clip_vit_l_14_has_the_published_constants() -> None:
    shapes = {"text_projection": (768, 768), "visual_projection": (768, 1024)}
    clip = SimpleNamespace(**{name: torch.zeros(shape) for name, shape in shapes.items()})
    backbone: Any = SimpleNamespace(folder=None, clip=clip)
    found = constants_of(backbone)
    assert (found.norm, found.cut) == (27.5, 0.3)


def test_constants_from_texts_are_the_norm_of_end_states_and_a_cut_by_rank() -> None:
    clip: Any = PlantedClip()
    clip.text_projection = torch.diag(torch.arange(16, 0, -1).float())
    found = from_texts(clip, TEXTS[:5])
    assert found.norm == pytest.approx(5.0, rel=1e-5)
    assert rank_after(clip.text_projection, found.cut) == round(16 * 607 / 768)
    assert found.cosine is None
