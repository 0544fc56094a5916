"""The closed form is the linear algebra it says it is, on CLIPs of every shape."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import CLIPConfig, CLIPModel

from lookalike.convert.calibration import NAME, Constants
from lookalike.convert.closed_form import ClosedForm
from lookalike.convert.projection import as_prompt, at_norm, fold, pseudo_inverse, rank_after
from lookalike.core.errors import OptionError
from lookalike.core.files import write_json
from lookalike.models.clip import Clip
from lookalike.models.preprocess import Preprocess
from lookalike.models.vision import _halves
from tests.engine.tiny import noise_picture

SHAPES = [(24, 32, 40), (48, 32, 24), (32, 32, 48)]  # shared, text width, vision width
LENGTH, START = 9, 0.25
Matrix = NDArray[np.float64]


def random_clip(shared: int, width: int, vision: int) -> CLIPModel:
    """A CLIP of one layer a tower, drawn anew for each shape."""
    layer = {"num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    text = layer | {"hidden_size": width, "vocab_size": 10, "max_position_embeddings": LENGTH}
    seeing = layer | {"hidden_size": vision, "image_size": 16, "patch_size": 8}
    with torch.random.fork_rng():
        torch.manual_seed(shared)
        config = CLIPConfig(text_config=text, vision_config=seeing, projection_dim=shared)
        model = CLIPModel(config).eval().requires_grad_(False)
        for projection in (model.text_projection, model.visual_projection):
            projection.weight.copy_(torch.randn(projection.weight.shape) / width**0.5)
    return model


class Stub(SimpleNamespace):
    """Known by itself, as backbones are: the closed form keeps what it finds out of each."""

    __hash__ = object.__hash__


def around(model: CLIPModel, folder: Path, constants: Constants) -> Any:
    """What the closed form asks of a backbone, around a whole CLIP with its constants."""
    write_json(folder / NAME, constants.model_dump())
    text, vision = _halves(model)
    width = model.config.text_config.hidden_size
    start = SimpleNamespace(tokens=torch.full((1, LENGTH, width), START))
    return Stub(
        family="sd1",
        space="sd1:stub",
        length=LENGTH,
        folder=folder,
        clip=Clip(text, vision, None, Preprocess(16)),
        embed=lambda texts: start,
    )


def weights(model: CLIPModel) -> tuple[Matrix, Matrix]:
    """Both projections as float64, laid out as transformers does: (out, in)."""
    pair = (model.text_projection.weight, model.visual_projection.weight)
    return pair[0].numpy().astype(np.float64), pair[1].numpy().astype(np.float64)


def cut_in_the_middle(projection: Matrix) -> float:
    values = np.linalg.svd(projection, compute_uv=False)
    place = len(values) // 2
    return float(values[place - 1 : place + 1].mean())


def by_hand(model: CLIPModel, pixels: Tensor, cut: float, norm: float) -> Matrix:
    """Ding et al. (2023), steps 1 to 6, in float64, without one line of ours."""
    w_t, w_v = weights(model)
    pooled = model.vision_model(pixels).pooler_output.numpy().astype(np.float64)
    left, values, right = np.linalg.svd(w_t, full_matrices=False)
    inverted = np.where(values >= cut, 1 / values, 0)
    inverse = right.T @ np.diag(inverted) @ left.T
    h = (pooled @ w_v.T) @ inverse.T
    h = norm * h / np.linalg.norm(h, axis=1, keepdims=True)
    start = np.full((len(h), 1, h.shape[1]), START)
    return np.concatenate([start, np.repeat(h[:, None], LENGTH - 1, axis=1)], axis=1)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("norm", [27.5, 1.0])
def test_the_closed_form_equals_a_float64_computation(
    shape: tuple[int, int, int], norm: float, tmp_path: Path
) -> None:
    model = random_clip(*shape)
    cut = cut_in_the_middle(weights(model)[0])
    pictures = [noise_picture(16, 16, seed) for seed in range(3)]
    constants = Constants(norm=norm, cut=cut, source="a test")
    made = ClosedForm().convert(around(model, tmp_path, constants), pictures)
    expected = by_hand(model, Preprocess(16)(pictures), cut, norm)
    assert made.tokens.shape == (3, LENGTH, shape[1])
    assert np.abs(made.tokens.numpy() - expected).max() <= 1e-5 * norm


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_folded_matrix_equals_both_steps(shape: tuple[int, int, int]) -> None:
    model = random_clip(*shape)
    w_t, w_v = model.text_projection.weight, model.visual_projection.weight
    cut = cut_in_the_middle(weights(model)[0])
    pooled = torch.randn(5, shape[2], generator=torch.Generator().manual_seed(1))
    folded = fold(w_t, w_v, cut)
    assert folded.shape == (shape[1], shape[2])
    two_steps = (pooled @ w_v.T) @ pseudo_inverse(w_t, cut).T
    torch.testing.assert_close(pooled @ folded.T, two_steps, rtol=1e-4, atol=1e-4)


def random_matrix(rows: int, columns: int, seed: int = 0) -> Tensor:
    return torch.randn(rows, columns, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("shape", [(24, 32), (48, 32), (32, 32)], ids=str)
def test_without_a_cut_the_inverse_is_numpys(shape: tuple[int, int]) -> None:
    projection = random_matrix(*shape)
    if shape[0] == shape[1]:
        projection += 4 * torch.eye(32)  # far from singular, so that float32 can tell
    expected = np.linalg.pinv(projection.numpy().astype(np.float64))
    assert np.allclose(pseudo_inverse(projection, 0.0).numpy(), expected, atol=1e-5)


@pytest.mark.parametrize("kept", [1, 7, 24])
def test_the_rank_after_the_cut_is_the_number_of_values_that_reach_it(kept: int) -> None:
    projection = random_matrix(24, 32)
    values = torch.linalg.svdvals(projection)
    cut = float(values[kept - 1]) * 0.9999
    assert rank_after(projection, cut) == kept
    assert int(torch.linalg.matrix_rank(pseudo_inverse(projection, cut), rtol=1e-4)) == kept


def test_the_cut_is_absolute_and_not_a_share_of_the_largest() -> None:
    projection = torch.diag(torch.tensor([10.0, 2.0, 0.5, 0.1]))
    inverse = pseudo_inverse(projection, 0.3)
    torch.testing.assert_close(inverse, torch.diag(torch.tensor([0.1, 0.5, 2.0, 0.0])))


def test_what_the_cut_drops_has_no_part_in_the_state() -> None:
    projection = random_matrix(24, 32)
    left, values, _ = torch.linalg.svd(projection, full_matrices=False)
    inverse = pseudo_inverse(projection, float(values[9:11].mean()))
    assert float((inverse @ left[:, 10:]).abs().max()) < 1e-5
    assert float((inverse @ left[:, :10]).norm(dim=0).min()) > 1e-2


def test_half_precision_is_left_before_the_decomposition() -> None:
    half = random_matrix(24, 32).half()
    assert torch.equal(pseudo_inverse(half, 1.0), pseudo_inverse(half.float(), 1.0))


def test_a_cut_that_leaves_nothing_is_refused_with_the_largest_value() -> None:
    projection = torch.diag(torch.tensor([2.0, 1.0]))
    with pytest.raises(OptionError, match="largest value is 2") as raised:
        pseudo_inverse(projection, 3.0)
    assert "\n" not in str(raised.value)


def test_every_state_gets_the_norm_whatever_its_length() -> None:
    states = random_matrix(4, 16) * torch.tensor([[1e-4], [1.0], [50.0], [1e5]])
    made = at_norm(states, 27.5)
    torch.testing.assert_close(made.norm(dim=1), torch.full((4,), 27.5))
    torch.testing.assert_close(torch.cosine_similarity(made, states), torch.ones(4))


def test_a_state_of_nothing_stays_finite() -> None:
    assert bool(at_norm(torch.zeros(1, 4), 27.5).isfinite().all())


def test_a_prompt_is_the_start_state_then_the_picture_in_every_other_place() -> None:
    states, start = random_matrix(2, 6), random_matrix(1, 6, seed=1)[0]
    prompt = as_prompt(states, start, 77)
    assert prompt.shape == (2, 77, 6)
    assert bool((prompt[:, 0] == start).all())
    assert bool((prompt[:, 1:] == states[:, None]).all())
