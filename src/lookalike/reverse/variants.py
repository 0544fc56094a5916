"""The readers of an ablation: each alone, then with one more piece of the method at a time."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lookalike.reverse.members import Bench, Doing, Outputs, learnt
from lookalike.reverse.recipe import ReaderRecipe, ReverseRecipe
from lookalike.reverse.training import snapshots


@dataclass(frozen=True)
class Variant:
    """One training of an ablation."""

    reader: str  # the name in the recipe
    name: str
    recipe: ReaderRecipe
    easy: str | None = None  # the variant whose looks tell what is easy
    weighing: bool = False  # whether another one's curriculum comes from this one


def variants(recipe: ReverseRecipe, seed: int) -> Iterator[Variant]:
    """Every reader plain, with the vocabulary, and with its curriculum too, in that order."""
    for name, each in recipe.readers.items():
        schedule = each.schedule.model_copy(update={"seed": seed})
        seeded = each.model_copy(update={"schedule": schedule})
        plain = seeded.model_copy(update={"vocabulary": 0.0, "curriculum": ()})
        # What is easy is told by the run that comes just before the curriculum.
        told_plain = bool(each.curriculum) and not each.vocabulary
        yield Variant(name, name, plain, weighing=told_plain)
        last = name
        if each.vocabulary:
            last = f"{name} + vocabulary"
            told = seeded.model_copy(update={"curriculum": ()})
            yield Variant(name, last, told, weighing=bool(each.curriculum))
        if each.curriculum:
            yield Variant(name, f"{last} + curriculum", seeded, easy=last)


def chosen_of(trained: Sequence[Variant], home: Path) -> list[Variant]:
    """Of each reader's trained variants, the one that did best on validation; ties to the first."""
    merits = {
        each.name: max(float(look.validation.mean()) for look in snapshots(home / each.name))
        for each in trained
    }
    readers = dict.fromkeys(each.reader for each in trained)
    return [
        max((each for each in trained if each.reader == reader), key=lambda v: merits[v.name])
        for reader in readers
    ]


def taught(
    bench: Bench, each: Variant, home: Path, wanted: Sequence[str]
) -> Generator[Doing, None, Outputs]:
    """What a variant says of the wanted sets; it is trained first where it was not."""
    easy = home / each.easy if each.easy else None
    said: Outputs = {}
    folder = home / each.name
    for step in learnt(bench, each.name, each.recipe, folder, wanted, easy, each.weighing):
        if isinstance(step, Doing):
            yield step
        else:
            said = step
    return said
