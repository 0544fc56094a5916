"""Conversion for models that read a layer before CLIP's last: a regression on texts."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path

import pytest
import torch
from torch import Tensor

from lookalike.convert import penultimate
from lookalike.convert.closed_form import ClosedForm
from lookalike.convert.editing import edit_embedding
from lookalike.convert.penultimate import Regression, end_states, place_of, regress
from lookalike.models.latent import LatentDiffusion
from lookalike.models.texts import sentences
from tests.engine.tiny import noise_picture, tiny_backbone

COUNT = 24
PICTURES = [noise_picture(seed=seed) for seed in range(2)]


@pytest.fixture(autouse=True)
def few_sentences(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(penultimate, "SENTENCES", COUNT)


@pytest.fixture(scope="module")
def sd2() -> LatentDiffusion:
    return tiny_backbone("sd2")


@pytest.fixture(scope="module")
def sdxl() -> LatentDiffusion:
    return tiny_backbone("sdxl")


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def planted(count: int = 200) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Inputs, outputs, and the linear map with its offset that leads from one to the other."""
    x, matrix, offset = drawn(count, 8) + 3, drawn(8, 12, seed=1), drawn(12, seed=2)
    return x, x @ matrix + offset, matrix, offset


def bare(known: Regression, x: Tensor) -> Tensor:
    """A regression's answer before it is given its norm."""
    return (x - known.mean_in) @ known.matrix + known.mean_out


def test_a_planted_linear_map_is_recovered() -> None:
    x, y, matrix, offset = planted()
    known = regress(x, y, ridge=1e-7)
    torch.testing.assert_close(known.matrix, matrix, rtol=1e-3, atol=1e-3)
    fresh = drawn(20, 8, seed=5)
    torch.testing.assert_close(bare(known, fresh), fresh @ matrix + offset, rtol=1e-3, atol=1e-2)


def test_answers_have_the_direction_of_the_map_and_the_mean_norm_of_the_states() -> None:
    x, y, matrix, offset = planted()
    fresh = drawn(20, 8, seed=5)
    answers = regress(x, y, ridge=1e-7)(fresh)
    expected = fresh @ matrix + offset
    torch.testing.assert_close(
        torch.cosine_similarity(answers, expected), torch.ones(20), rtol=1e-4, atol=1e-4
    )
    norm = float(y.norm(dim=1).mean())
    torch.testing.assert_close(answers.norm(dim=1), torch.full((20,), norm))


def test_a_larger_ridge_trusts_the_inputs_less() -> None:
    x, y, matrix, _ = planted()
    norms = [float(regress(x, y, ridge).matrix.norm()) for ridge in (1e-7, 0.1, 1.0, 100.0)]
    assert norms == sorted(norms, reverse=True)
    assert norms[-1] < 0.1 * float(matrix.norm())


def test_end_states_are_those_at_the_end_tokens() -> None:
    tokens = drawn(3, 5, 2)
    found = end_states(tokens, torch.tensor([4, 0, 2]))
    assert torch.equal(found, torch.stack([tokens[0, 4], tokens[1, 0], tokens[2, 2]]))


def test_sd2_gets_the_start_state_and_states_of_the_texts_norm(sd2: LatentDiffusion) -> None:
    made = ClosedForm().convert(sd2, PICTURES)
    assert made.tokens.shape == (2, 77, 64)
    assert (made.pooled, made.space) == (None, sd2.space)
    start = sd2.embed([""]).tokens[:, 0]
    torch.testing.assert_close(made.tokens[:, 0], start.expand(2, -1))
    assert bool((made.tokens[:, 1:] == made.tokens[:, 1:2]).all())
    texts = sentences(COUNT)
    norm = end_states(sd2.embed(texts).tokens, sd2.ends(texts)).norm(dim=1).mean()
    torch.testing.assert_close(made.tokens[:, 1].norm(dim=1), norm.expand(2))


def test_sdxl_gets_both_towers_states_and_a_pooled_vector_of_the_texts_norm(
    sdxl: LatentDiffusion,
) -> None:
    made = ClosedForm().convert(sdxl, PICTURES)
    assert made.tokens.shape == (2, 77, 96)
    assert made.pooled is not None
    assert made.pooled.shape == (2, 48)
    said = sdxl.embed(sentences(COUNT)).pooled
    assert said is not None
    norm = said.norm(dim=1).mean()
    torch.testing.assert_close(made.pooled.norm(dim=1), norm.expand(2))
    seen = sdxl.clip.see(PICTURES).projected
    torch.testing.assert_close(torch.cosine_similarity(made.pooled, seen), torch.ones(2))


def test_a_converted_picture_can_be_denoised_and_edited(sdxl: LatentDiffusion) -> None:
    made = ClosedForm().convert(sdxl, PICTURES[:1])
    edited = edit_embedding(sdxl, made, "in the rain")
    assert edited.pooled is not None
    seen = sdxl.denoise(drawn(1, 4, 8, 8), torch.tensor(500), edited)
    assert bool(seen.isfinite().all())


def test_the_fit_is_heeded(sd2: LatentDiffusion) -> None:
    wide = [noise_picture(96, 32)]
    crop, squash = (ClosedForm(fit=fit).convert(sd2, wide).tokens for fit in ("crop", "squash"))
    assert not torch.equal(crop, squash)


def test_a_model_is_measured_once(sd2: LatentDiffusion, monkeypatch: pytest.MonkeyPatch) -> None:
    first = ClosedForm().convert(sd2, PICTURES).tokens
    monkeypatch.setattr(penultimate, "measure", lambda *_: pytest.fail("measured again"))
    assert torch.equal(ClosedForm().convert(sd2, PICTURES).tokens, first)


@pytest.mark.parametrize("family", ["sd2", "sdxl"])
def test_what_was_measured_is_kept_for_the_next_run(
    family: str, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = ClosedForm().convert(tiny_backbone(family), PICTURES)
    monkeypatch.setattr(penultimate, "measure", lambda *_: pytest.fail("measured again"))
    again = ClosedForm().convert(tiny_backbone(family), PICTURES)
    assert torch.equal(again.tokens, first.tokens)
    assert (again.pooled is None) == (first.pooled is None)
    other = tiny_backbone(family)
    other.clip.visual_projection.mul_(2)
    assert place_of(other, ["a"]) == place_of(tiny_backbone(family), ["a"])
    other.clip.text_projection.mul_(2)
    assert place_of(other, ["a"]) != place_of(tiny_backbone(family), ["a"])


def test_a_damaged_file_is_measured_anew(own_cache: Path) -> None:
    first = ClosedForm().convert(tiny_backbone("sd2"), PICTURES).tokens
    [file] = own_cache.glob("measured/*.safetensors")
    whole = file.read_bytes()
    file.write_bytes(whole[:100])
    assert torch.equal(ClosedForm().convert(tiny_backbone("sd2"), PICTURES).tokens, first)
    assert file.read_bytes() == whole


def test_what_was_measured_does_not_keep_a_freed_model_in_memory() -> None:
    backbone = tiny_backbone("sd2")
    ClosedForm().convert(backbone, PICTURES[:1])
    watched = weakref.ref(backbone)
    del backbone
    gc.collect()
    assert watched() is None
