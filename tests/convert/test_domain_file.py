"""The file of a tuning: what was trained and nothing else, for its own base alone."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from lookalike.convert import converters
from lookalike.convert.learning.additions import weights_of
from lookalike.convert.learning.artefact import load_learner, read_domain, save_learner
from lookalike.convert.learning.task import Learner
from lookalike.core.errors import ModelError, OptionError
from lookalike.models.latent import LatentDiffusion
from tests.convert.learning import PICTURES, short
from tests.convert.learnt import backbone, each
from tests.engine.tiny import tiny_backbone

__all__ = ["backbone", "each"]  # fixtures

ROUNDED = 2e-3
"""How far, as a share, the rounding to float16 may move a prompt's vectors."""


def trained(of: LatentDiffusion) -> Learner:
    """A learner whose weights are none of those that it starts with."""
    made = Learner(of, short()).requires_grad_(False)
    chance = torch.Generator().manual_seed(2)
    for weight in made.parameters():
        weight.add_(0.1 * torch.randn(weight.shape, generator=chance))
    return made


def saved(of: LatentDiffusion, path: Path) -> Path:
    save_learner(path, trained(of), of, short(), {"licence": "CC0 1.0"})
    return path


def test_the_file_holds_what_was_trained_and_what_it_is(
    backbone: LatentDiffusion, tmp_path: Path
) -> None:
    path = saved(backbone, tmp_path / "a.safetensors")
    own = {f"prompts.{n}" for n in ("vectors", "projection", "gate", "scale", "shift")}
    own |= {f"addition.{name}" for name in weights_of(backbone, "cross")}
    assert load_file(path).keys() == own
    found = read_domain(path)
    assert (found.base, found.base_sha256) == (backbone.name, backbone.sha256)
    assert found.recipe == short()
    assert found.notes["licence"] == "CC0 1.0"
    assert sum(one.numel() for one in load_file(path).values()) * 2 + 8000 > path.stat().st_size


def test_rounding_moves_a_conversion_by_no_more_than_is_said(
    each: LatentDiffusion, tmp_path: Path
) -> None:
    path = saved(each, tmp_path / "a.safetensors")
    exact = trained(each).convert(each, PICTURES, "crop")
    found = converters.make("tuned", {"weights": str(path)}).convert(each, PICTURES)
    away = (found.tokens - exact.tokens).norm() / exact.tokens.norm()
    assert float(away) < ROUNDED
    assert found.adjustment is not None
    assert exact.adjustment is not None
    for name, added in found.adjustment.additions.items():
        torch.testing.assert_close(added, exact.adjustment.additions[name], rtol=1e-3, atol=1e-4)


def test_another_base_is_refused_in_a_line(backbone: LatentDiffusion, tmp_path: Path) -> None:
    path = saved(backbone, tmp_path / "a.safetensors")
    other = tiny_backbone()
    other.name, other.sha256 = "other", "d" * 64
    with pytest.raises(ModelError, match=r"tuned on tiny .*, not on other .*tune again") as raised:
        load_learner(read_domain(path), other)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("foreign", "not a file that `lookalike tune` wrote"),
        ("cut", "cut short"),
        ("empty", r"not a \.safetensors file"),
        ("recipe", "recipe that this version cannot read"),
        ("lacking", "lacks weights"),
        ("gone", "there is no weight file"),
    ],
)
def test_a_damaged_or_foreign_file_is_refused_in_a_line(
    backbone: LatentDiffusion, tmp_path: Path, damage: str, said: str
) -> None:
    path = saved(backbone, tmp_path / "a.safetensors")
    whole, tensors = path.read_bytes(), load_file(path)
    with safe_open(str(path), framework="pt") as file:
        notes = file.metadata()
    if damage == "foreign":
        save_file({"a": torch.ones(1)}, path)
    elif damage in ("cut", "empty"):
        path.write_bytes(whole[:-100] if damage == "cut" else b"")
    elif damage == "recipe":
        save_file(tensors, path, {**notes, "recipe": "{}"})
    elif damage == "lacking":
        tensors.pop("prompts.gate")
        save_file(tensors, path, notes)
    else:
        path.unlink()
    with pytest.raises(ModelError, match=said) as raised:
        converters.make("tuned", {"weights": str(path)}).convert(backbone, PICTURES)
    assert "\n" not in str(raised.value)


def test_without_a_file_it_is_said_how_to_make_one(backbone: LatentDiffusion) -> None:
    with pytest.raises(OptionError, match="`lookalike tune FOLDER --out FILE`"):
        converters.make("tuned", {}).convert(backbone, PICTURES)


def test_a_file_that_was_written_anew_is_read_anew(
    backbone: LatentDiffusion, tmp_path: Path
) -> None:
    path = saved(backbone, tmp_path / "a.safetensors")
    by = converters.make("tuned", {"weights": str(path)})
    before = by.convert(backbone, PICTURES).tokens
    save_learner(path, Learner(backbone, short()), backbone, short(), {})
    assert not torch.equal(by.convert(backbone, PICTURES).tokens, before)
