"""The gauge tells pictures of a model's world from others, by distances computed by hand."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from lookalike.models import familiar
from lookalike.models.familiar import SHRINK, TAIL, familiarity, measure, save_gauge
from lookalike.models.latent import LatentDiffusion
from tests.engine.tiny import tiny_backbone

SIDE = 8


def plain(seed: int) -> Image.Image:
    """A picture of one colour, drawn from a cloud of greyish reds."""
    red, other = np.random.default_rng(seed).normal((170, 90), (12, 12)).clip(0, 255)
    return Image.new("RGB", (SIDE, SIDE), (round(red), round(other), round(other)))


def stub(monkeypatch: pytest.MonkeyPatch, folder: Path) -> LatentDiffusion:
    """A model that sees mean colours, and whose autoencoder keeps nothing finer."""
    made = tiny_backbone(folder=folder)

    def see(pictures: list[Image.Image], fit: str = "crop") -> Any:
        rows = [np.asarray(p, np.float32).reshape(-1, 3).mean(0) for p in pictures]
        return SimpleNamespace(pooled=torch.from_numpy(np.stack(rows)))

    def encode(pictures: list[Image.Image], size: Any = None) -> Tensor:
        return see(pictures).pooled[:, :, None, None]

    def decode(latents: Tensor) -> list[Image.Image]:
        rows = latents[:, :, 0, 0].round().int().tolist()
        return [Image.new("RGB", (made.pixels, made.pixels), tuple(row)) for row in rows]

    monkeypatch.setattr(made.clip, "see", see)
    monkeypatch.setattr(made, "encode", encode)
    monkeypatch.setattr(made, "decode", decode)
    return made


TRAINING, HELD_OUT = [plain(n) for n in range(200)], [plain(n) for n in range(200, 300)]
STRIPES = Image.fromarray(np.uint8([[[250, 90, 90], [90, 90, 90]] * 4] * SIDE))


@pytest.fixture
def gauged(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> LatentDiffusion:
    """The stub with the gauge of its training pictures beside it."""
    made = stub(monkeypatch, tmp_path)
    gauge = measure(made, TRAINING, HELD_OUT)
    gauge["texture"] = torch.tensor(0.01)  # plain pictures come back with rounding errors alone
    save_gauge(gauge, tmp_path)
    return made


def test_held_out_pictures_of_the_models_world_are_familiar(gauged: LatentDiffusion) -> None:
    found = familiarity(gauged, HELD_OUT)
    assert found is not None
    assert sum(one.look <= 1 for one in found) == len(HELD_OUT) - 1  # 999 of 1000, of a hundred
    assert all(one.texture <= 1 for one in found)


def test_another_colour_is_strange_to_look_at_and_stripes_in_texture(
    gauged: LatentDiffusion,
) -> None:
    blue = Image.new("RGB", (SIDE, SIDE), (20, 40, 220))
    found = familiarity(gauged, [blue, STRIPES, plain(1)])
    assert found is not None
    strange, striped, own = found
    assert strange.look > 2 > 1 > strange.texture
    assert striped.texture > 2 > 1 > striped.look
    assert [one.known for one in found] == [False, False, True]
    assert strange.distance == strange.look
    assert own.distance == max(own.look, own.texture)


def test_the_look_is_the_mahalanobis_distance_in_units_of_its_limit(
    gauged: LatentDiffusion,
) -> None:
    def mean_colours(pictures: list[Image.Image]) -> Any:
        return np.stack([np.asarray(p, np.float64).reshape(-1, 3).mean(0) for p in pictures])

    training = mean_colours(TRAINING)
    spread = np.cov(training.T)
    shrunk = spread + SHRINK * np.trace(spread) / 3 * np.eye(3)

    def distance(rows: Any) -> Any:
        away = rows - training.mean(0)
        return np.sqrt(np.einsum("bi,ij,bj->b", away, np.linalg.inv(shrunk), away))

    limit = np.quantile(distance(mean_colours(HELD_OUT)), TAIL)
    shown = [plain(999), STRIPES, Image.new("RGB", (SIDE, SIDE), (20, 40, 220))]
    found = familiarity(gauged, shown)
    assert found is not None
    expected = distance(mean_colours(shown)) / limit
    assert [one.look for one in found] == pytest.approx(expected.tolist(), rel=1e-3)


def test_the_texture_is_the_round_trips_root_mean_square_error(gauged: LatentDiffusion) -> None:
    found = familiarity(gauged, [STRIPES])
    assert found is not None
    wide = STRIPES.resize((gauged.pixels, gauged.pixels))
    mean = np.asarray(STRIPES, np.float64).reshape(-1, 3).mean(0).round()
    error = np.sqrt((((np.asarray(wide, np.float64) - mean) / 255) ** 2).mean())
    assert found[0].texture == pytest.approx(error / 0.01, rel=1e-3)


def test_a_model_without_a_gauge_does_not_judge(backbone: LatentDiffusion, tmp_path: Path) -> None:
    assert familiarity(backbone, [plain(0)]) is None
    assert familiarity(tiny_backbone(folder=tmp_path), [plain(0)]) is None
    assert not (tmp_path / familiar.NAME).exists()
