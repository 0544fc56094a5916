"""The ablation: every piece of the method by itself, over seeds, on pictures never trained on."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from pydantic import Field

from lookalike.core.intervals import Interval, difference, interval
from lookalike.core.record import Record
from lookalike.reverse.features import Features
from lookalike.reverse.manifest import DataError
from lookalike.reverse.members import Bench, Doing
from lookalike.reverse.neighbours import Neighbours
from lookalike.reverse.recipe import ReverseRecipe
from lookalike.reverse.second import (
    ENSEMBLE,
    FIRST,
    INDUCTIVE,
    TRAIN,
    TRANSDUCTIVE,
    VALIDATION,
    WITH_KERNEL,
    Level,
    Places,
    joined,
)
from lookalike.reverse.variants import chosen_of, taught, variants

FLOOR, CAPTION, NEIGHBOURS = "mean of training", "caption", "k-NN"


class Row(Record):
    """One way of predicting, on one set of pictures."""

    name: str = Field(description="The way.")
    cosine: Interval = Field(description="Mean cosine to the true prompts, over all seeds.")
    seeds: tuple[float, ...] = Field(description="The mean cosine of each seed.")


class Table(Record):
    """All rows of one set of pictures."""

    of: str = Field(description="The set.")
    pictures: int = Field(ge=1, description="How many pictures it has.")
    prompts: int = Field(ge=1, description="How many different prompts they were made of.")
    rows: tuple[Row, ...] = Field(description="The rows.")
    gains: Mapping[str, Interval] = Field(description="Paired differences of rows.")


class Ablation(Record):
    """The outcome: a table for each set, and what the second level chose."""

    tables: tuple[Table, ...] = Field(description="One for each set of pictures.")
    chosen: tuple[Mapping[str, float], ...] = Field(
        description="Weights of the ensemble and settings of the kernel, seed by seed."
    )


@dataclass(frozen=True)
class Study:
    """What an ablation is run on: the bench, the recipe, the seeds, and where it is kept."""

    bench: Bench
    recipe: ReverseRecipe
    seeds: Sequence[int]
    folder: Path


def ablate(study: Study) -> Iterator[Doing | Ablation]:
    """Train and join everything, yielding what is done, and at last the outcome.

    Every training is kept in the study's folder; a stopped ablation goes on.

    Raises:
        DataError: a set has one picture, before anything is trained.
    """
    for of, features in study.bench.asked.items():
        if len(features) < 2:
            raise DataError(
                f"{of} has one picture, which is no domain to adapt to; give two or more, or ask "
                "`describe --by reverse` about the one"
            )
    said: list[Mapping[str, Mapping[str, Places]]] = []
    chosen: list[Mapping[str, float]] = []
    for seed in study.seeds:
        rows, settings = yield from _seeded(study, seed)
        said.append(rows)
        chosen.append(settings)
    asked = study.bench.asked
    tables = tuple(_table(of, asked[of], [each[of] for each in said]) for of in asked)
    yield Ablation(tables=tables, chosen=tuple(chosen))


BySet = dict[str, dict[str, Places]]


def _seeded(study: Study, seed: int) -> Generator[Doing, None, tuple[BySet, Mapping[str, float]]]:
    """What every row says of every set, for one seed: by set, then by row."""
    bench, asked = study.bench, list(study.bench.asked)
    rows: BySet = {of: dict(_untrained(study, of)) for of in asked}
    members: dict[str, Mapping[str, Places]] = {}
    learners = [CAPTION]
    home = study.folder / f"seed-{seed}"
    every = list(variants(study.recipe, seed))
    for each in every:
        found = yield from taught(bench, each, home, asked)
        for of in asked:
            rows[of][each.name] = found[of].numpy()
    for each in chosen_of(every, home):
        told = yield from taught(bench, each, home, [*asked, TRAIN, VALIDATION])
        members[each.name] = {of: places.numpy() for of, places in told.items()}
        learners.append(each.name)
    members |= {name: _everywhere(study, name) for name in (CAPTION, NEIGHBOURS)}
    targets = {
        TRAIN: bench.train.features.targets.numpy(),
        VALIDATION: bench.validation.features.targets.numpy(),
    }
    level = Level(members, learners, targets, asked, study.recipe.kernel, seed)
    outcome = yield from joined(level)
    for name, by_set in outcome.rows.items():
        for of in asked:
            rows[of][name] = by_set[of]
    return rows, {**outcome.weights, **outcome.kernel}


def _untrained(study: Study, of: str) -> Iterator[tuple[str, Places]]:
    """The rows that no training makes: the floor, the caption's own place, and the neighbours."""
    features = study.bench.asked[of]
    mean = study.bench.train.features.targets.mean(0)
    floor = torch.nn.functional.normalize(mean, dim=-1).expand_as(features.targets)
    yield FLOOR, floor.numpy()
    for name in (CAPTION, NEIGHBOURS):
        yield name, _place(study, name, features)


def _everywhere(study: Study, name: str) -> Mapping[str, Places]:
    sets = dict(study.bench.everything)
    if name == NEIGHBOURS:
        del sets[TRAIN]  # which they know by heart
    return {of: _place(study, name, features) for of, features in sets.items()}


def _place(study: Study, name: str, features: Features) -> Places:
    if name == CAPTION:
        return features.captioned.numpy()
    known, options = study.bench.train.features, study.recipe.neighbours
    near = Neighbours(
        known.inputs.seen.numpy(), known.targets.numpy(), options.count, options.power
    )
    return near.predict(features.inputs.seen.numpy())


def _table(of: str, features: Features, said: Sequence[Mapping[str, Places]]) -> Table:
    """The rows of one set: cosines are meant over seeds, then over the pictures of a prompt."""
    truth = features.targets.numpy()
    by_seed = {name: [_cosines(each[name], truth) for each in said] for name in said[0]}
    by_prompt = {
        name: _by_prompt(np.mean(each, axis=0), features.prompts) for name, each in by_seed.items()
    }
    rows = [
        Row(name=name, cosine=found, seeds=_each_seed(by_seed[name], features.prompts))
        for name, scores in by_prompt.items()
        if (found := interval(scores))
    ]
    return Table(
        of=of,
        pictures=len(features),
        prompts=len(set(features.prompts)),
        rows=tuple(rows),
        gains=_gains(by_prompt, rows),
    )


def _each_seed(
    scores: Sequence[Float[np.ndarray, " rows"]], prompts: Sequence[str]
) -> tuple[float, ...]:
    """Each seed's mean over prompts, which the mean of all seeds is the mean of."""
    return tuple(float(np.mean(_by_prompt(each, prompts))) for each in scores)


def _gains(scores: Mapping[str, list[float]], rows: Sequence[Row]) -> dict[str, Interval]:
    """The paired differences that the method's claims are about."""
    second = {ENSEMBLE, FIRST, INDUCTIVE, TRANSDUCTIVE, WITH_KERNEL}
    best = max((r for r in rows if r.name not in second), key=lambda row: row.cosine.mean).name
    pairs = [(ENSEMBLE, best), (WITH_KERNEL, ENSEMBLE)]
    pairs += [(INDUCTIVE, FIRST), (TRANSDUCTIVE, INDUCTIVE)]
    pairs += [(name, name.rpartition(" + ")[0]) for name in scores if " + " in name]
    different = dict.fromkeys(pairs)
    found = {f"{a} - {b}": difference(scores[a], scores[b]) for a, b in different}
    return {name: each for name, each in found.items() if each}


def _cosines(said: Places, truth: Places) -> Float[np.ndarray, " rows"]:
    return (said * truth).sum(1)


def _by_prompt(scores: Float[np.ndarray, " rows"], prompts: Sequence[str]) -> list[float]:
    """The mean of each prompt's pictures, which stand or fall together."""
    places = {prompt: place for place, prompt in enumerate(dict.fromkeys(prompts))}
    rows = np.array([places[prompt] for prompt in prompts])
    sums = np.bincount(rows, scores, len(places))
    return (sums / np.bincount(rows, minlength=len(places))).tolist()
