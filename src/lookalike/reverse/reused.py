"""What re-use begins with: the half of a trained reader, prompts of the test part, and a probe."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file

from lookalike.core.errors import ModelError, OptionError, did_you_mean
from lookalike.models.backbone import Backbone
from lookalike.models.halves import FirstHalf
from lookalike.models.probe import Probe
from lookalike.models.spec import packaged
from lookalike.reverse.manifest import TRUTH, Manifest
from lookalike.reverse.prompts import Asked, look_of
from lookalike.reverse.recipe import ReverseRecipe
from lookalike.reverse.training import BEST
from lookalike.reverse.variants import variants
from lookalike.world.style import foreign


def trained(recipe: ReverseRecipe, reader: str, seed: int, folder: Path) -> Path:
    """The best weights of a white-box reader, with all its pieces, that an ablation trained.

    Raises:
        OptionError: the recipe has no such reader, or one of another kind.
        ModelError: it was not trained.
    """
    if reader not in recipe.readers:
        known = recipe.readers
        raise OptionError(
            f"the recipe has no reader {reader}{did_you_mean(reader, known)}; "
            f"it has {', '.join(known)}"
        )
    if recipe.readers[reader].kind != "white":
        whites = [name for name, each in recipe.readers.items() if each.kind == "white"]
        raise OptionError(
            f"the reader {reader} has no half of a U-Net to put back; "
            f"those that do: {', '.join(whites) or 'none in this recipe'}"
        )
    name = [each.name for each in variants(recipe, seed) if each.reader == reader][-1]
    file = folder / f"seed-{seed}" / name / BEST
    if not file.is_file():
        raise ModelError(
            f"the reader {reader} was not trained: there is no {file}; "
            "`lookalike reverse ablate DATA --run DIR` trains it"
        )
    return file


def read_half(backbone: Backbone, file: Path) -> FirstHalf:
    """The half of a white-box reader whose weights lie in `file`.

    Raises:
        ModelError: the file cannot be read, holds no such half, or one of another model.
    """
    half, prefix = FirstHalf(backbone.unet), "encoder."
    try:
        weights = load_file(file)
    except (OSError, SafetensorError) as fault:
        raise ModelError(f"{file} is not a readable .safetensors file") from fault
    ours = {k.removeprefix(prefix): v for k, v in weights.items() if k.startswith(prefix)}
    try:
        half.load_state_dict(ours)
    except RuntimeError as fault:
        raise ModelError(
            f"{file} holds no half of the U-Net of {backbone.name}; name the --model that the "
            "reader was trained on"
        ) from fault
    return half.to(backbone.device).requires_grad_(False)


def held_out(data: Manifest, count: int) -> list[Asked]:
    """The first different prompts of a data set's test part, with what is known of them.

    Raises:
        DataError: the data set is not split, or has no test part.
    """
    part = data.part("test")
    known = TRUTH in part.rows.column_names
    truths = part.column(TRUTH) if known else [None] * len(part)
    found: dict[str, Asked] = {}
    for prompt, truth in zip(part.prompts, truths, strict=True):
        found.setdefault(prompt, Asked(prompt, truth))
    return list(found.values())[:count]


def probe_for(asked: Sequence[Asked]) -> Probe | None:
    """The judge of the styles that prompts are known to ask for; None where none is known."""
    styles = {look_of(one.truth).style for one in asked if one.truth is not None}
    if not styles:
        return None
    return Probe.load(packaged() / ("judge" if styles & {*foreign()} else "probe"))
