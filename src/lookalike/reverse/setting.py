"""Sets a bench up: a data set's parts as features, and the vocabulary of its training prompts."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass

import torch

from lookalike.describe import describers
from lookalike.models.backbone import Backbone
from lookalike.models.sentences import Sentences
from lookalike.reverse.features import Eyes, Features, Stage, features
from lookalike.reverse.manifest import PARTS, SPLIT, DataError, Manifest
from lookalike.reverse.members import Bench, Doing
from lookalike.reverse.recipe import ReverseRecipe
from lookalike.reverse.training import Lesson
from lookalike.reverse.vocabulary import Vocabulary, vocabulary_of

TEST = "test"


@dataclass(frozen=True)
class Setting:
    """A bench, and what its vocabulary's columns are called."""

    bench: Bench
    vocabulary: Vocabulary


def setting(
    backbone: Backbone,
    sentences: Sentences,
    recipe: ReverseRecipe,
    data: Manifest,
    others: Mapping[str, Manifest],
) -> Generator[Doing, None, Setting]:
    """Read a split data set, and other sets to be asked about; what is kept is not read again.

    Raises:
        DataError: the data set is not split, a part is empty, or the vocabulary would be.
    """
    check_parts(data)
    check_others(others)
    captioner = describers.make(recipe.captioner, recipe.caption)
    eyes = Eyes(backbone, captioner, sentences)
    whole = yield from _read(eyes, data, "pictures")
    asked = {}
    for name, other in others.items():
        asked[name] = yield from _read(eyes, other, name)
    split = data.column(SPLIT)
    parts = {
        part: whole.take(torch.tensor([i for i, each in enumerate(split) if each == part]))
        for part in PARTS
    }
    vocabulary = vocabulary_of(parts["train"].prompts, recipe.words)
    lessons = {part: _lesson(parts[part], vocabulary) for part in ("train", "validation")}
    bench = Bench(backbone, lessons["train"], lessons["validation"], {TEST: parts["test"], **asked})
    return Setting(bench, vocabulary)


def check_parts(data: Manifest) -> None:
    """Raise DataError where a part of a split is missing, or the test part was seen before."""
    prompts = {part: set(data.part(part).prompts) for part in PARTS}
    for part, name in (("train", "training"), ("validation", "validation")):
        if prompts[TEST] & prompts[part]:
            raise DataError(f"{data.folder}: prompts of the test part are in the {name} part too")


def check_others(others: Mapping[str, Manifest]) -> None:
    """Raise DataError where another domain goes by a part's name, whose place it would take."""
    for name, other in others.items():
        if name in PARTS:
            raise DataError(
                f"{other.folder}: another domain cannot be called {name}, as a part of the data "
                "set is; rename the folder"
            )


def _lesson(part: Features, vocabulary: Vocabulary) -> Lesson:
    marks = torch.from_numpy(vocabulary.marks(part.prompts)).float()
    return Lesson(part, marks)


def _read(eyes: Eyes, data: Manifest, name: str) -> Generator[Doing, None, Features]:
    found: Features | None = None
    for step in features(eyes, data):
        if isinstance(step, Stage):
            yield Doing(f"reading {name}", step.done, step.of)
        else:
            found = step
    assert found is not None  # by the contract of `features`
    return found
