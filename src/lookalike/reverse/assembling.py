"""A reverse model from a split data set: readers trained, joined, and put into one folder."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from lookalike.core.errors import OptionError, did_you_mean
from lookalike.describe.bank import bank_of
from lookalike.describe.reversing.reverser import FORMAT, About, Reverser, Shape
from lookalike.models.layout import json_of
from lookalike.reverse.detector import detector_of
from lookalike.reverse.ensemble import combine, fit_weights
from lookalike.reverse.features import Features
from lookalike.reverse.listing import learnt_lists
from lookalike.reverse.manifest import firsts
from lookalike.reverse.members import Bench, Doing
from lookalike.reverse.recipe import ReverseRecipe
from lookalike.reverse.setting import Setting
from lookalike.reverse.training import BEST, ReaderTask
from lookalike.reverse.variants import Variant, chosen_of, taught, variants

SETS = ("train", "validation")

Said = Mapping[str, Float[Tensor, "_ width"]]


@dataclass(frozen=True)
class Trained:
    """A reader after its training, and what it says of the sets."""

    variant: Variant
    said: Said


def trained(
    setting: Setting, recipe: ReverseRecipe, seed: int, folder: Path
) -> Generator[Doing, None, list[Trained]]:
    """The shipped readers of a recipe, each with the pieces that did best on validation."""
    names, done, bench = shipped(recipe), list[Variant](), setting.bench
    for each in variants(recipe, seed):
        # One without the vocabulary only where the recipe's reader has none at all.
        told = bool(each.recipe.vocabulary) or not recipe.readers[each.reader].vocabulary
        if each.reader in names and told:
            yield from taught(bench, each, folder, SETS[1:])
            done.append(each)
    found = []
    for each in sorted(chosen_of(done, folder), key=lambda v: names.index(v.reader)):
        found.append(Trained(each, (yield from taught(bench, each, folder, SETS))))
    return found


def shipped(recipe: ReverseRecipe) -> Sequence[str]:
    """The readers that go into the model's folder.

    Raises:
        OptionError: one is not there, or none learns the vocabulary, which a model needs.
    """
    for name in recipe.shipped:
        if name not in recipe.readers:
            known = recipe.readers
            raise OptionError(
                f"the recipe ships {name}, which is no reader of it{did_you_mean(name, known)}; "
                f"there are {', '.join(known)}"
            )
    names = recipe.shipped or tuple(recipe.readers)
    if not any(recipe.readers[name].vocabulary for name in names):
        raise OptionError(
            f"the recipe ships {', '.join(names)}, of which none learns the vocabulary; give one "
            "a weight of the vocabulary above 0"
        )
    return names


def assembled(
    setting: Setting,
    recipe: ReverseRecipe,
    readers: Sequence[Trained],
    folder: Path,
    notes: Mapping[str, Any],
) -> Reverser:
    """Join trained readers: shares fitted on validation, detectors, and the index of prompts."""
    bench = setting.bench
    held = [each.said["validation"].numpy() for each in readers]
    shares = fit_weights(held, bench.validation.features.targets.numpy())
    nets = [_net(bench, each, folder) for each in readers]
    joined = {
        of: torch.from_numpy(combine([each.said[of].numpy() for each in readers], shares)).float()
        for of in SETS
    }
    detector = detector_of(
        nets,
        shares.tolist(),
        (joined["train"], bench.train.marks.bool()),
        (joined["validation"], bench.validation.marks.bool()),
    )
    cosine = (joined["validation"] * bench.validation.features.targets).sum(1).mean()
    figures = {**detector.figures, "cosine": float(cosine)}
    about = About(
        format=FORMAT,
        base=bench.backbone.name,
        base_sha256=bench.backbone.sha256,
        clip_sha256=bench.backbone.clip.sha256,
        width=joined["train"].shape[1],
        words=setting.vocabulary.words,
        readers=tuple(_shape(each, s) for each, s in zip(readers, shares, strict=True)),
        captioner=recipe.captioner,
        caption=recipe.caption,
        weights=RANKING,
        notes={**notes, "validation": figures},
    )
    told, clip = bench.train.features, bench.backbone.clip
    lists = learnt_lists(clip, bank_of(bench.backbone, None), told.inputs.seen, told.prompts)
    return Reverser(about, nets, (detector.weight, detector.bias), lists, *index(bench))


RANKING = {"words": 1.0, "clip": 1.0}
"""What counts how much when texts are ranked, before it is fitted."""


def _net(bench: Bench, each: Trained, folder: Path) -> Any:
    from safetensors.torch import load_file

    home = folder / each.variant.name
    task = ReaderTask(bench.backbone, each.variant.recipe, bench.train, bench.validation, home)
    task.module.load_state_dict(load_file(home / BEST))
    return task.module.eval().requires_grad_(False)


def _shape(each: Trained, share: float) -> Shape:
    recipe = each.variant.recipe
    options: dict[str, Any] = {"hidden": recipe.hidden} if recipe.kind == "clip" else {}
    if recipe.folder is not None:
        options["config"] = json_of(Path(recipe.folder) / "config.json")
    return Shape(kind=recipe.kind, options=options, share=min(1.0, float(share)))


def index(bench: Bench) -> tuple[tuple[str, ...], Float[Tensor, "prompts width"]]:
    """The different training prompts and their places."""
    known: Features = bench.train.features
    rows = firsts(known.prompts)
    return tuple(known.prompts[row] for row in rows), known.targets[rows]
