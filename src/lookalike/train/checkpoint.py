"""A training's state on disk, whole or not there: weights, moments, average and step."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from lookalike.core.errors import ModelError
from lookalike.core.tensors import write_tensors
from lookalike.train.task import Recipe

NAME = "checkpoint.safetensors"


def _flat_optimiser(optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    state: dict[int, dict[str, Any]] = optimiser.state_dict()["state"]
    return {
        f"optimiser.{index}.{key}": torch.as_tensor(value)
        for index, entry in state.items()
        for key, value in entry.items()
    }


def _fill_optimiser(optimiser: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        kind, _, rest = name.partition(".")
        if kind == "optimiser":
            index, key = rest.split(".")
            state.setdefault(int(index), {})[key] = tensor
    optimiser.load_state_dict({**optimiser.state_dict(), "state": state})
    for weight, entry in optimiser.state.items():
        for key, value in entry.items():
            if value.shape == weight.shape:
                # As the weight lies in memory: fused steps go through both side by side.
                entry[key] = torch.empty_like(weight).copy_(value)


def save_checkpoint(
    folder: Path,
    step: int,
    module: nn.Module,
    optimiser: torch.optim.Optimizer,
    average: dict[str, Tensor] | None,
    recipe: Recipe,
    before: int = 0,
) -> None:
    """Write the state after `step` steps; the file before it stays until the new one is whole.

    `before` counts the samples that the weights had seen when this training began.
    """
    tensors = {f"module.{k}": v for k, v in module.state_dict().items()}
    tensors |= _flat_optimiser(optimiser)
    tensors |= {f"average.{k}": v for k, v in (average or {}).items()}
    _write(folder, tensors, {"step": step, "recipe": recipe.model_dump_json(), "before": before})


def save_weights(folder: Path, module: nn.Module, recipe: Recipe, before: int = 0) -> None:
    """Write weights that were trained elsewhere, on `before` samples, as a training at step 0."""
    tensors = {f"module.{k}": v.float() for k, v in module.state_dict().items()}
    _write(folder, tensors, {"step": 0, "recipe": recipe.model_dump_json(), "before": before})


def _write(folder: Path, tensors: dict[str, Tensor], header: dict[str, str | int]) -> None:
    write_tensors(folder / NAME, tensors, {name: str(value) for name, value in header.items()})


def load_checkpoint(
    folder: Path,
    module: nn.Module,
    optimiser: torch.optim.Optimizer,
    average: dict[str, Tensor] | None,
    recipe: Recipe,
) -> tuple[int, int] | None:
    """Restore the state that `folder` holds: its step, and the samples seen before its first.

    None where there is no checkpoint.

    Raises:
        ModelError: the checkpoint is damaged, or was made by another recipe.
    """
    path = folder / NAME
    if not path.exists():
        return None
    header, tensors = _read(path)
    if not _same(header["recipe"], recipe):
        raise ModelError(f"{path} was made by another recipe; name another --out, or delete it")
    module.load_state_dict(_under("module.", tensors))
    _fill_optimiser(optimiser, tensors)
    if average is not None:
        for name, value in _under("average.", tensors).items():
            average[name].copy_(value)
    return int(header["step"]), int(header.get("before", 0))


def _same(kept: str, recipe: Recipe) -> bool:
    """Whether a kept recipe is this one; what it does not tell was not to be chosen, then."""
    try:
        return type(recipe).model_validate_json(kept) == recipe
    except ValidationError:
        return False


def start_from(module: nn.Module, folder: Path, aids: tuple[str, ...] = ()) -> int:
    """Give a module the weights of another training; returns how many samples they have seen.

    Weights whose names begin with one of the `aids` may be missing and stay as they are.

    Raises:
        ModelError: there is no whole checkpoint in the folder, or its weights do not fit.
    """
    own = {k: v for k, v in module.state_dict().items() if k.startswith(aids)} if aids else {}
    try:
        module.load_state_dict({**own, **trained_weights(folder)})
    except RuntimeError as fault:
        raise ModelError(
            f"the weights in {folder} do not fit this recipe; start from one of the same shape"
        ) from fault
    return trained_samples(folder)


def _read(path: Path) -> tuple[dict[str, str], dict[str, Tensor]]:
    try:
        with safe_open(str(path), framework="pt") as file:
            header = file.metadata()
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as fault:
        raise ModelError(f"{path} is not a whole checkpoint: {fault}") from fault
    return header, tensors


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {k[len(prefix) :]: v for k, v in tensors.items() if k.startswith(prefix)}


def trained_samples(folder: Path) -> int:
    """How many samples the weights of the last checkpoint in a folder have seen in all."""
    header, _ = _read(_present(folder))
    batch = json.loads(header["recipe"])["schedule"]["batch"]
    return int(header.get("before", 0)) + int(header["step"]) * batch


def trained_steps(folder: Path) -> int:
    """How many steps the training in a folder has done; 0 where there is none."""
    path = folder / NAME
    return int(_read(path)[0]["step"]) if path.exists() else 0


def _present(folder: Path) -> Path:
    path = folder / NAME
    if not path.exists():
        raise ModelError(f"{folder} holds no checkpoint; train this part first")
    return path


def trained_weights(folder: Path) -> dict[str, Tensor]:
    """The weights to ship from a training's folder: the moving average where one was kept.

    Raises:
        ModelError: there is no whole checkpoint in the folder.
    """
    _, tensors = _read(_present(folder))
    return _under("module.", tensors) | _under("average.", tensors)
