"""What a batch can do to its rows: one function a task, from pictures or prompts to columns."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from PIL import Image

from lookalike.core.errors import LookalikeError, OptionError
from lookalike.scale.manifest import Row
from lookalike.scale.recipe import BatchRecipe, Task

if TYPE_CHECKING:
    from torch import Tensor

    from lookalike.core.records import Settings
    from lookalike.session import Session

SEEDS = 2**32
READ = 32
"""Pictures that a model reads at once."""


@dataclass(frozen=True)
class Outcome:
    """What came of some rows: columns for those that went well, faults of the others, files.

    `columns` holds a value for each key in `keys`; `shape` says how vectors in them are laid out.
    """

    keys: Sequence[str]
    columns: Mapping[str, Sequence[Any]]
    faults: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    shape: Mapping[str, str] = field(default_factory=dict)


Rows = Sequence[tuple[Row, Image.Image | None]]
"""Rows and their pictures; prompts have none."""


def column_of(task: Task) -> str:
    """The manifest's column that a task works on, unless another is named."""
    return "prompt" if task == "imagine" else "picture"


def done(session: Session, recipe: BatchRecipe, rows: Rows) -> Outcome:
    """Do a recipe's task to some rows.

    A row that cannot be done has its fault told in the outcome; the others are done nonetheless.
    Methods are asked directly: the verbs of a session also find out whether the model knows such
    pictures, which takes several times as long as converting them.
    """
    with warnings.catch_warnings():
        # What is worth knowing of one picture is no news in a batch of a million.
        warnings.simplefilter("ignore")
        return _DO[recipe.task](session, recipe, rows)


def seed_of(key: str) -> int:
    """A row's own seed, so that a row done twice gives the same picture twice."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") % SEEDS


def _describe(session: Session, recipe: BatchRecipe, rows: Rows) -> Outcome:
    from lookalike.describe.usual import asked, usual

    named = asked(recipe.by, recipe.options or None)

    def read(pictures: Sequence[Image.Image]) -> list[Any]:
        with session.models.use(session.model) as backbone:
            describer = named or usual(backbone)
            return list(describer.describe(backbone, pictures, recipe.count))

    keys, found, faults = _by_pieces(rows, read)
    return Outcome(
        keys,
        {
            "prompts": [[one.text for one in each] for each in found],
            "scores": [[one.score for one in each] for each in found],
            "aspect": [each[0].aspect if each else None for each in found],
        },
        faults,
    )


def _convert(session: Session, recipe: BatchRecipe, rows: Rows) -> Outcome:
    from lookalike.convert import converters

    converter = converters.make(recipe.by or "closed-form", recipe.options)
    shape = dict[str, str]()

    def read(pictures: Sequence[Image.Image]) -> list[Any]:
        with session.models.use(session.model) as backbone:
            found = converter.convert(backbone, pictures)
        tokens, width = found.tokens.shape[1:]
        shape.update(space=found.space, tokens=str(tokens), width=str(width))
        pooled = [None] * len(found) if found.pooled is None else _vectors(found.pooled)
        return list(zip(_vectors(found.tokens.flatten(1)), pooled, strict=True))

    keys, found, faults = _by_pieces(rows, read)
    columns: dict[str, list[Any]] = {"tokens": [tokens for tokens, _ in found]}
    if found and found[0][1] is not None:
        columns["pooled"] = [pooled for _, pooled in found]
    return Outcome(keys, columns, faults, shape=shape)


def _embed(session: Session, recipe: BatchRecipe, rows: Rows) -> Outcome:
    def read(pictures: Sequence[Image.Image]) -> list[Any]:
        from lookalike.describe.nearness import looked

        with session.models.use(session.model) as backbone:
            return _vectors(looked(backbone.clip, pictures))

    keys, found, faults = _by_pieces(rows, read)
    return Outcome(keys, {"vector": found}, faults)


def _reverse(session: Session, recipe: BatchRecipe, rows: Rows) -> Outcome:
    def read(pictures: Sequence[Image.Image]) -> list[Any]:
        from lookalike.describe.reversing.reverser import reverser_of

        weights = recipe.options.get("weights")
        with session.models.use(session.model) as backbone:
            return _vectors(reverser_of(backbone, weights).predict(backbone, pictures))

    keys, found, faults = _by_pieces(rows, read)
    return Outcome(keys, {"vector": found}, faults)


def _imagine(session: Session, recipe: BatchRecipe, rows: Rows) -> Outcome:
    from lookalike.core.pictures import png_bytes

    keys: list[str] = []
    columns: dict[str, list[Any]] = {"pictures": [], "sha256": [], "seed": []}
    faults: dict[str, str] = {}
    files: dict[str, bytes] = {}
    for row, _ in rows:
        try:
            result = session.imagine(row.value, settings=_settings(row, recipe.settings))
        except LookalikeError as fault:
            faults[row.key] = str(fault)
            continue
        drawn = [
            png_bytes(picture, result.recipe.model_copy(update={"index": place}))
            for place, picture in enumerate(result.pictures)
        ]
        named = {f"{_name(row.key)}-{place}.png": data for place, data in enumerate(drawn)}
        files |= named
        keys.append(row.key)
        columns["pictures"].append(list(named))
        columns["sha256"].append([hashlib.sha256(data).hexdigest() for data in drawn])
        columns["seed"].append(result.recipe.seeds[0])
    return Outcome(keys, columns, faults, files)


_DO: Mapping[Task, Callable[[Session, BatchRecipe, Rows], Outcome]] = {
    "describe": _describe,
    "convert": _convert,
    "imagine": _imagine,
    "embed": _embed,
    "reverse": _reverse,
}


def check(recipe: BatchRecipe) -> None:
    """Raise `OptionError` where a recipe names a method or an option that is not there."""
    from lookalike.convert import converters
    from lookalike.describe.usual import asked

    if recipe.task == "describe":
        asked(recipe.by, recipe.options)
    elif recipe.task == "convert":
        converters.make(recipe.by or "closed-form", recipe.options)
    elif recipe.by is not None:
        raise OptionError(f"{recipe.task} knows no --by: that is for describe and convert")


def _settings(row: Row, given: Settings) -> Settings:
    """The settings that count above the prompt's own: those that were given, and a seed if none is.

    Raises:
        PromptError: the row's text is no prompt.
    """
    from lookalike.core.language import read
    from lookalike.core.records import Settings

    own = read(row.value).settings.model_fields_set
    usual = {"count": 1, "seed": seed_of(row.key)}
    more = {name: value for name, value in usual.items() if name not in own}
    return Settings.model_validate({**more, **given.model_dump(include=given.model_fields_set)})


def _by_pieces(
    rows: Rows, read: Callable[[Sequence[Image.Image]], list[Any]]
) -> tuple[list[str], list[Any], dict[str, str]]:
    """The keys of the rows that could be read, what was read, and the faults of the others.

    Pictures are read in pieces. Where a piece cannot be read, its pictures are read alone, and
    only those that are at fault are left out.
    """
    keys: list[str] = []
    found: list[Any] = []
    faults: dict[str, str] = {}
    for piece in _pieces(rows):
        try:
            got = read([picture for _, picture in piece])
            keys += [row.key for row, _ in piece]
            found += got
        except LookalikeError:
            for row, picture in piece:
                try:
                    found += read([picture])
                    keys.append(row.key)
                except LookalikeError as fault:
                    faults[row.key] = str(fault)
    return keys, found, faults


def _pieces(rows: Rows) -> Iterator[list[tuple[Row, Image.Image]]]:
    shown = [(row, picture) for row, picture in rows if picture is not None]
    for start in range(0, len(shown), READ):
        yield shown[start : start + READ]


def _vectors(tensor: Tensor) -> list[Any]:
    return list(tensor.float().cpu().numpy())


def _name(key: str) -> str:
    """A key as a file's name: any key, of any length, and no two alike."""
    return hashlib.sha256(key.encode()).hexdigest()[:20]
