"""The closed form on a backbone: places, norms, fits and constants."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from PIL import Image

from lookalike.convert import converters
from lookalike.convert.calibration import NAME, Constants, constants_of
from lookalike.convert.closed_form import ClosedForm
from lookalike.convert.projection import rank_after
from lookalike.core.errors import LookalikeError, OptionError
from lookalike.core.files import write_json
from lookalike.models.latent import LatentDiffusion
from tests.engine.tiny import noise_picture, tiny_backbone

PICTURES = [noise_picture(seed=seed) for seed in range(3)]


def test_places_are_the_start_state_then_the_picture_alone(backbone: LatentDiffusion) -> None:
    made = ClosedForm().convert(backbone, PICTURES)
    said = backbone.embed(["a cat in the rain"])
    assert made.tokens.shape == (3, 77, backbone.width)
    assert (made.pooled, made.space) == (None, backbone.space)
    torch.testing.assert_close(made.tokens[:, 0], said.tokens[:, 0].expand(3, -1))
    assert bool((made.tokens[:, 1:] == made.tokens[:, 1:2]).all())
    assert not torch.equal(made.tokens[0, 1], made.tokens[1, 1])


def test_states_have_the_models_norm(backbone: LatentDiffusion) -> None:
    norms = ClosedForm().convert(backbone, PICTURES).tokens[:, 1].norm(dim=-1)
    torch.testing.assert_close(norms, torch.full((3,), constants_of(backbone).norm))


def test_norm_and_cut_that_are_asked_for_take_the_place_of_the_models(
    backbone: LatentDiffusion,
) -> None:
    own = ClosedForm().convert(backbone, PICTURES).tokens[:, 1]
    longer = ClosedForm(norm=99.0).convert(backbone, PICTURES).tokens[:, 1]
    torch.testing.assert_close(longer.norm(dim=-1), torch.full((3,), 99.0))
    torch.testing.assert_close(torch.cosine_similarity(longer, own), torch.ones(3))
    largest = float(torch.linalg.svdvals(backbone.clip.text_projection).max())
    bent = ClosedForm(cut=0.999 * largest).convert(backbone, PICTURES).tokens[:, 1]
    cosines = torch.nn.functional.normalize(bent, dim=-1) @ bent[0] / bent[0].norm()
    torch.testing.assert_close(cosines.abs(), torch.ones(3))  # rank one: one line is left


def test_a_pictures_row_does_not_depend_on_its_neighbours(backbone: LatentDiffusion) -> None:
    together = ClosedForm().convert(backbone, PICTURES).tokens
    for row, picture in zip(together, PICTURES, strict=True):
        alone = ClosedForm().convert(backbone, [picture]).tokens[0]
        torch.testing.assert_close(alone, row, rtol=1e-4, atol=1e-4)


def fitted(backbone: LatentDiffusion, picture: Image.Image) -> dict[str, torch.Tensor]:
    fits = ("crop", "pad", "squash")
    return {fit: ClosedForm(fit=fit).convert(backbone, [picture]).tokens for fit in fits}


@pytest.mark.parametrize("size", [(96, 32), (32, 96)])
def test_fits_differ_on_a_picture_that_is_not_square(
    backbone: LatentDiffusion, size: tuple[int, int]
) -> None:
    crop, pad, squash = fitted(backbone, noise_picture(*size)).values()
    assert not torch.allclose(crop, pad, atol=1e-2)
    assert not torch.allclose(pad, squash, atol=1e-2)
    assert not torch.allclose(crop, squash, atol=1e-2)


def test_fits_agree_on_a_square_picture(backbone: LatentDiffusion) -> None:
    crop, pad, squash = fitted(backbone, noise_picture(50, 50)).values()
    assert torch.equal(crop, pad)
    assert torch.equal(crop, squash)


def test_a_crop_is_blind_to_the_sides_and_a_squash_is_not(backbone: LatentDiffusion) -> None:
    middle = noise_picture(32, 32)
    wide = [Image.new("RGB", (96, 32), colour) for colour in ("red", "blue")]
    for one in wide:
        one.paste(middle, (32, 0))
    cropped, squashed = (
        ClosedForm(fit=fit).convert(backbone, wide).tokens for fit in ("crop", "squash")
    )
    torch.testing.assert_close(cropped[0], cropped[1], rtol=1e-4, atol=1e-4)
    assert not torch.allclose(squashed[0], squashed[1], atol=1e-2)


def test_constants_that_lie_beside_the_model_are_used(tmp_path: Path) -> None:
    stored = Constants(norm=3.25, cut=0.01, cosine=0.9, source="a test")
    write_json(tmp_path / NAME, stored.model_dump())
    own = tiny_backbone(folder=tmp_path)
    assert constants_of(own) == stored
    made = ClosedForm().convert(own, PICTURES[:1])
    assert float(made.tokens[0, 1].norm()) == pytest.approx(3.25, rel=1e-5)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"norm": 1.0}', '{"norm": -1, "cut": 0}'])
def test_damaged_constants_are_named_in_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / NAME).write_text(text)
    backbone: Any = SimpleNamespace(folder=tmp_path)
    with pytest.raises(LookalikeError, match="closed_form") as raised:
        constants_of(backbone)
    assert "\n" not in str(raised.value)


def test_a_model_without_stored_constants_has_them_measured_on_texts(
    backbone: LatentDiffusion,
) -> None:
    found = constants_of(backbone)
    clip = backbone.clip
    kept = rank_after(clip.text_projection, found.cut)
    assert kept == round(24 * 607 / 768)
    assert found.source.startswith("measured on texts")


@pytest.mark.parametrize(
    "options", [{"cut": -0.1}, {"norm": 0}, {"fit": "stretch"}, {"kut": 0.3}, {"norm": "nan"}]
)
def test_a_wrong_option_is_refused_in_one_line(options: dict[str, object]) -> None:
    with pytest.raises(OptionError) as raised:
        converters.make("closed-form", options)
    assert "\n" not in str(raised.value)
    assert next(iter(options)) in str(raised.value)
