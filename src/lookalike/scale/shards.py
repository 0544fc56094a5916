"""One shard from its rows to its files: done once, however often it is begun."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PIL import Image

from lookalike.core.errors import OutputError
from lookalike.scale.manifest import Row
from lookalike.scale.places import (
    exists,
    join,
    names,
    read_json,
    reading,
    remove,
    write,
    write_json,
)
from lookalike.scale.reading import Opened
from lookalike.scale.recipe import BatchRecipe
from lookalike.scale.tasks import Outcome, Rows, done

if TYPE_CHECKING:
    import pyarrow as pa

    from lookalike.session import Session

PARTS, QUARANTINE, PICTURES, BEGUN = "parts", "quarantine", "pictures", "begun"
TRIES = 3
"""A shard, and then a row, that was begun so often and never ended took its process with it."""

MODEL = b"lookalike_model_sha256"
SHAPE = b"lookalike_shape"


@dataclass(frozen=True)
class Done:
    """A shard that is there: its number, how many rows went well, and how many did not."""

    shard: int
    rows: int
    faults: int


class Worker:
    """Does shards with one warm session, and writes each so that it is there whole or not at all.

    A part's file is the last that is written: a shard without one is begun again, and gives the
    same files. `expected` is the hash of the model that earlier shards were done with.
    """

    def __init__(
        self, recipe: BatchRecipe, out: str, session: Session, expected: str | None = None
    ) -> None:
        """Take what is to be done and where results go."""
        self.recipe, self.out, self.session, self.expected = recipe, out, session, expected

    def __call__(self, opened: Opened) -> Done:
        """Do one shard, unless it is there.

        Raises:
            OutputError: its files cannot be written, or the model is not that of other shards.
        """
        number = opened.shard.number
        if (there := done_already(self.out, number)) is not None:
            return there
        model = self._model()
        outcome = self._carefully(opened)
        like = outcome if outcome.keys else done(self.session, self.recipe, _blank(self.recipe))
        faults = {**opened.faults, **outcome.faults}
        for name, data in outcome.files.items():
            write(join(join(self.out, PICTURES), f"{label(number)}/{name}"), data)
        if faults:
            write(_quarantine(self.out, number), _faulty(opened, faults))
        # Also a shard without a good row has the columns, so that all parts are read as one.
        table = self._table(like, number, model).slice(0, len(outcome.keys))
        write(part_of(self.out, number), _parquet(table))
        remove(_begun(self.out, number))
        return Done(number, len(outcome.keys), len(faults))

    def _model(self) -> str:
        with self.session.models.use(self.session.model) as backbone:
            found = backbone.sha256
        if self.expected not in (None, found):
            raise OutputError(
                f"{self.out} holds results of another model ({str(self.expected)[:8]}… there, "
                f"{found[:8]}… now); name another folder"
            )
        self.expected = found
        return found

    def _carefully(self, opened: Opened) -> Outcome:
        """The shard at once, or row by row where it has ended its process before.

        A picture that crashes the process (no exception, but a fault in some library) would crash
        it for ever; which row it was is noted before each, and after some tries it is left out.
        """
        rows = _pictures(opened)
        file = _begun(self.out, opened.shard.number)
        noted: dict[str, int] = read_json(file) if exists(file) else {}
        noted[""] = noted.get("", 0) + 1
        write_json(file, noted)
        if noted[""] <= TRIES:
            return done(self.session, self.recipe, rows)
        outcomes: list[Outcome] = []
        for row, picture in rows:
            tries = noted.get(row.key, 0)
            if tries >= TRIES:
                fault = f"the process ended {tries} times while this row was worked on"
                outcomes.append(Outcome((), {}, {row.key: fault}))
                continue
            write_json(file, {**noted, row.key: tries + 1})
            outcomes.append(done(self.session, self.recipe, [(row, picture)]))
        return _joined(outcomes)

    def _table(self, outcome: Outcome, number: int, model: str) -> pa.Table:
        import pyarrow as pa

        columns = {name: _array(values) for name, values in outcome.columns.items()}
        if "pictures" in columns:
            below = f"{PICTURES}/{label(number)}"
            paths = [[f"{below}/{name}" for name in each] for each in outcome.columns["pictures"]]
            columns["pictures"] = pa.array(paths, pa.list_(pa.string()))
        table = pa.table({"key": pa.array(list(outcome.keys), pa.string()), **columns})
        about = {MODEL: model.encode(), SHAPE: json.dumps(dict(outcome.shape)).encode()}
        return table.replace_schema_metadata(about)


def label(number: int) -> str:
    """A shard's number as it stands in names, which sort."""
    return f"{number:07d}"


def part_of(out: str, number: int) -> str:
    """Where a shard's results lie."""
    return join(join(out, PARTS), f"part-{label(number)}.parquet")


def shards_there(out: str) -> set[int]:
    """The numbers of the shards that are done."""
    found = names(join(out, PARTS))
    return {
        int(name[5:12])
        for name in found
        if name.startswith("part-") and name.endswith(".parquet") and name[5:12].isdigit()
    }


def done_already(out: str, number: int) -> Done | None:
    """What is known of a shard that is there; None where it is not."""
    if not exists(part_of(out, number)):
        return None
    spoilt = _quarantine(out, number)
    faults = _rows_of(spoilt) if exists(spoilt) else 0
    return Done(number, _rows_of(part_of(out, number)), faults)


def model_of(out: str) -> str | None:
    """The hash of the model that the shards in a folder were done with; None where none is."""
    import pyarrow.parquet as pq

    for number in sorted(shards_there(out))[:1]:
        with reading(part_of(out, number)) as file:
            found = pq.read_schema(file).metadata or {}
        return found.get(MODEL, b"").decode() or None
    return None


def _blank(recipe: BatchRecipe) -> Rows:
    """A row that any task can do."""
    if recipe.task == "imagine":
        return [(Row("", "a picture --steps 1"), None)]
    return [(Row("", ""), Image.new("RGB", (64, 64), "white"))]


def _begun(out: str, number: int) -> str:
    return join(join(out, BEGUN), f"{label(number)}.json")


def _quarantine(out: str, number: int) -> str:
    return join(join(out, QUARANTINE), f"part-{label(number)}.parquet")


def _rows_of(place: str) -> int:
    import pyarrow.parquet as pq

    with reading(place) as file:
        return int(pq.read_metadata(file).num_rows)


def _pictures(opened: Opened) -> list[tuple[Any, Image.Image | None]]:
    """The rows that can be worked on; those with a fault are left out."""
    return [
        (row, Image.fromarray(opened.pictures[row.key]) if row.key in opened.pictures else None)
        for row in opened.shard.rows
        if row.key not in opened.faults
    ]


def _faulty(opened: Opened, faults: Mapping[str, str]) -> bytes:
    import pyarrow as pa

    rows = [row for row in opened.shard.rows if row.key in faults]
    return _parquet(
        pa.table(
            {
                "key": pa.array([row.key for row in rows], pa.string()),
                "value": pa.array([row.value for row in rows], pa.string()),
                "fault": pa.array([faults[row.key] for row in rows], pa.string()),
            }
        )
    )


def _array(values: Sequence[Any]) -> pa.Array:
    """A column; vectors become lists of a fixed size, in single precision."""
    import numpy as np
    import pyarrow as pa

    if len(values) and isinstance(values[0], np.ndarray):
        flat = np.concatenate(list(values)).astype(np.float32)
        return pa.FixedSizeListArray.from_arrays(pa.array(flat), len(values[0]))
    return pa.array(list(values))


def _parquet(table: pa.Table) -> bytes:
    import pyarrow.parquet as pq

    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()


def _joined(outcomes: Sequence[Outcome]) -> Outcome:
    whole = [one for one in outcomes if one.keys]
    columns = whole[0].columns if whole else {}
    return Outcome(
        [key for one in whole for key in one.keys],
        {name: [v for one in whole for v in one.columns[name]] for name in columns},
        {k: v for one in outcomes for k, v in one.faults.items()},
        {k: v for one in outcomes for k, v in one.files.items()},
        whole[0].shape if whole else {},
    )
