"""The file that holds what was learnt of pictures, and nothing of the model it was learnt on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from pydantic import ValidationError
from safetensors import safe_open
from torch import Tensor

from lookalike.convert.learning.task import Learner, LearningRecipe
from lookalike.core.errors import ModelError
from lookalike.core.tensors import write_tensors
from lookalike.models.backbone import Backbone
from lookalike.models.weights import read_header

FORMAT = "lookalike-domain-1"
WEIGHTS = "additions.weights."
ADDED = "addition."


@dataclass(frozen=True)
class Domain:
    """What a file says of itself: its base, how it was made, and of what."""

    path: Path
    base: str
    base_sha256: str
    recipe: LearningRecipe
    notes: Mapping[str, str]


def save_learner(
    path: Path,
    learner: Learner,
    backbone: Backbone,
    recipe: LearningRecipe,
    notes: Mapping[str, str],
) -> None:
    """Write what was trained, at once, with its recipe, its base's hash, and `notes`."""
    state = learner.state_dict()
    names = learner.additions.names
    tensors = {k: v for k, v in state.items() if not k.startswith(WEIGHTS)}
    tensors |= {f"{ADDED}{name}": state[f"{WEIGHTS}{i}"] for i, name in enumerate(names)}
    header = {
        **notes,
        "format": FORMAT,
        "base": backbone.name,
        "base_sha256": backbone.sha256,
        "recipe": recipe.model_dump_json(),
    }
    write_tensors(path, {k: v.to("cpu", torch.float16) for k, v in tensors.items()}, header)


def read_domain(path: Path) -> Domain:
    """What a file says of itself.

    Raises:
        ModelError: it is not there, damaged, or no file that `lookalike tune` wrote.
    """
    notes = read_header(path).notes
    if notes.get("format") != FORMAT:
        raise ModelError(f"{path} is not a file that `lookalike tune` wrote")
    try:
        recipe = LearningRecipe.model_validate_json(notes.get("recipe", ""))
    except ValidationError as fault:
        raise ModelError(f"{path} has a recipe that this version cannot read") from fault
    return Domain(path, notes.get("base", ""), notes.get("base_sha256", ""), recipe, notes)


def load_learner(domain: Domain, backbone: Backbone) -> Learner:
    """What a file holds, ready to convert pictures for its base.

    Raises:
        ModelError: the backbone is another one than it was tuned on, or weights are missing.
    """
    if domain.base_sha256 != backbone.sha256:
        raise ModelError(
            f"{domain.path} was tuned on {domain.base} ({domain.base_sha256[:8]}…), not on "
            f"{backbone.name} ({backbone.sha256[:8]}…); tune again on this model, or name that one"
        )
    learner = Learner(backbone, domain.recipe)
    state = _state(domain.path)
    for place, name in enumerate(learner.additions.names):
        if f"{ADDED}{name}" in state:
            state[f"{WEIGHTS}{place}"] = state.pop(f"{ADDED}{name}")
    try:
        learner.load_state_dict(state)
    except RuntimeError as fault:
        raise ModelError(f"{domain.path} lacks weights that its recipe tells of") from fault
    return learner.to(backbone.device).eval().requires_grad_(False)


def _state(path: Path) -> dict[str, Tensor]:
    with safe_open(str(path), framework="pt") as file:
        return {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
