"""The second level: what is made of the members' outputs, none of which is trained by descent."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from lookalike.reverse.ensemble import combine, fit_weights
from lookalike.reverse.kernel import Kernel, choose
from lookalike.reverse.members import Doing
from lookalike.reverse.recipe import KernelRecipe

Places = Float[np.ndarray, "_ width"]  # sets of different sizes stand together
Outputs = Mapping[str, Mapping[str, Places]]
"""What each member says of each set of pictures: by member, then by set."""

TRAIN, VALIDATION = "train", "validation"


@dataclass(frozen=True)
class Joined:
    """What the second level says of each set, by row of the table, and how it came to that."""

    rows: Mapping[str, Mapping[str, Places]]
    weights: Mapping[str, float]
    kernel: Mapping[str, float]


@dataclass(frozen=True)
class Level:
    """All that the second level goes by; `learners` are the members that were not taught rows.

    The neighbours know the training rows by heart, so the kernel, which learns from what is said
    of training rows, goes by the others alone.
    """

    members: Outputs
    learners: Sequence[str]
    targets: Mapping[str, Places]  # of train and validation
    asked: Sequence[str]
    recipe: KernelRecipe
    seed: int

    def said(self, names: Sequence[str], of: str) -> list[Places]:
        """What some members say of a set."""
        return [self.members[name][of] for name in names]


ENSEMBLE, FIRST = "ensemble", "first level"
INDUCTIVE, TRANSDUCTIVE = "DAKL, inductive", "DAKL, transductive"
WITH_KERNEL = "ensemble + DAKL"


def joined(level: Level) -> Generator[Doing, None, Joined]:
    """The ensemble, the kernel in both modes, and the ensemble with the kernel as a member."""
    names = list(level.members)
    held = level.targets[VALIDATION]
    weights = fit_weights(level.said(names, VALIDATION), held)
    whole = {of: combine(level.said(names, of), weights) for of in level.asked}
    yield Doing("kernel", 0, 1)
    first = _first(level)
    settings, inductive, transductive, own = _kernels(level, first)
    rows = {
        ENSEMBLE: whole,
        FIRST: {of: first[of] for of in level.asked},
        INDUCTIVE: inductive,
        TRANSDUCTIVE: transductive,
    }
    # At validation the kernel has seen what it is chosen by: two numbers, of hundreds of rows.
    more = fit_weights([*level.said(names, VALIDATION), own], held)
    rows[WITH_KERNEL] = {
        of: combine([*level.said(names, of), transductive[of]], more) for of in level.asked
    }
    shares = dict(zip([*names, "DAKL"], map(float, more), strict=True))
    return Joined(
        rows,
        dict(zip(names, map(float, weights), strict=True))
        | {f"{WITH_KERNEL}: DAKL": shares["DAKL"]},
        settings,
    )


def _first(level: Level) -> Mapping[str, Places]:
    """The first level's weighted means, which the kernel goes by (step 1 of DAKL)."""
    learners = list(level.learners)
    weights = fit_weights(level.said(learners, VALIDATION), level.targets[VALIDATION])
    sets = dict.fromkeys((TRAIN, VALIDATION, *level.asked))
    return {of: combine(level.said(learners, of), weights) for of in sets}


def _kernels(
    level: Level, first: Mapping[str, Places]
) -> tuple[Mapping[str, float], dict[str, Places], dict[str, Places], Places]:
    source, truth = first[TRAIN], level.targets[TRAIN]
    centroids = min(level.recipe.centroids, len(source) // 2)
    choice = choose(
        source,
        truth,
        first[VALIDATION],
        level.targets[VALIDATION],
        level.recipe.gammas,
        level.recipe.alphas,
        centroids=centroids,
        seed=level.seed,
    )
    alone = choice.kernel
    chosen = {"gamma": alone.gamma, "alpha": alone.alpha}
    inductive = {of: alone.predict(first[of]) for of in level.asked}
    transductive = {
        of: Kernel.fit(
            source,
            truth,
            first[of],
            gamma=alone.gamma,
            alpha=alone.alpha,
            centroids=centroids,
            seed=level.seed,
        ).predict(first[of])
        for of in level.asked
    }
    return chosen, inductive, transductive, alone.predict(first[VALIDATION])
