"""DiffusionDB as it is published: one table in parquet, and zips of pictures with a JSON each.

Wang et al. (2023), CC0. There are two sets, of two and of fourteen million pictures, which number
their zips alike and share many pictures.
"""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lookalike.reverse.manifest import DataError, check_parquet

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

TABLES: Mapping[str, str] = {"": "metadata.parquet", "large-": "metadata-large.parquet"}
"""The table of each set, by what its parts are called before their number."""

SAMPLERS: Mapping[int, str] = {
    1: "ddim",
    2: "plms",
    3: "k_euler",
    4: "k_euler_ancestral",
    5: "k_heun",
    6: "k_dpm_2",
    7: "k_dpm_2_ancestral",
    8: "k_lms",
    9: "others",
}

COLUMNS: Mapping[str, str] = {
    "image_name": "string",
    "prompt": "string",
    "part_id": "int64",
    "seed": "int64",
    "step": "int64",
    "cfg": "float64",
    "sampler": "int64",
    "width": "int64",
    "height": "int64",
    "image_nsfw": "float64",
    "prompt_nsfw": "float64",
}
"""What is read of a table's columns; who made a picture, and when, is left alone."""

BATCH = 20_000
"""Rows of a table in memory at once: some ten megabytes."""


class ZipError(DataError):
    """A zip whose pictures cannot be told."""


@dataclass(frozen=True)
class Entry:
    """What is known of one picture; None is what nobody said."""

    name: str
    prompt: str | None
    seed: int
    steps: int
    guidance: float
    sampler: str
    width: int | None = None
    height: int | None = None
    image_nsfw: float | None = None
    prompt_nsfw: float | None = None


@dataclass(frozen=True)
class Source:
    """What lies in a folder: tables by set, and zips by part ("000001", "large-000001")."""

    folder: Path
    tables: dict[str, Path]
    zips: dict[str, Path]
    again: list[Path] = field(default_factory=list[Path])
    """Zips of a part that another zip before them is of, too."""


def source_of(folder: Path) -> Source:
    """Look through a folder and those in it.

    Zips below a folder with "large" in its name are of the large set, and all are of the one set
    whose table is there alone.

    Raises:
        DataError: the folder is not there, or holds neither a table nor a zip.
    """
    if not folder.is_dir():
        raise DataError(f"there is no folder {folder}")
    tables = {name: folder / file for name, file in TABLES.items() if (folder / file).is_file()}
    found = Source(folder, tables, {})
    for path in sorted(folder.rglob("part-*.zip")):
        number = re.fullmatch(r"part-(\d{1,9})\.zip", path.name)
        if number is None:
            continue
        large = any("large" in part for part in path.relative_to(folder).parts[:-1])
        name = next(iter(tables)) if len(tables) == 1 else "large-" * large
        label = f"{name}{int(number[1]):06d}"
        if label in found.zips:
            found.again.append(path)
        else:
            found.zips[label] = path
    if not tables and not found.zips:
        raise DataError(
            f"{folder} holds neither {' nor '.join(TABLES.values())}, and no zip such as "
            "part-000001.zip"
        )
    return found


def table(file: Path) -> pq.ParquetFile:
    """Open a table, of which nothing is read yet.

    Raises:
        DataError: it is no parquet, or lacks columns.
    """
    check_parquet()
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        opened = pq.ParquetFile(file)
    except (pa.ArrowInvalid, OSError) as fault:
        line = str(fault).splitlines()[0][:120]
        raise DataError(f"{file} is not a readable parquet file: {line}") from fault
    lacking = [name for name in COLUMNS if name not in opened.schema_arrow.names]
    if lacking:
        raise DataError(
            f"{file} lacks the column{'s' * (len(lacking) > 1)} {', '.join(lacking)}; "
            "DiffusionDB's table has them"
        )
    return opened


def batches(file: Path) -> Iterator[list[tuple[int, Entry]]]:
    """A table's rows with the number of their part, some at a time and never all of them.

    Raises:
        DataError: as `table`, or a column does not hold what it should.
    """
    import pyarrow as pa

    try:
        for batch in table(file).iter_batches(batch_size=BATCH, columns=list(COLUMNS)):
            columns = {name: _values(file, batch, name) for name in COLUMNS}
            rows = zip(*(columns[name] for name in COLUMNS), strict=True)
            yield [_row(dict(zip(COLUMNS, row, strict=True))) for row in rows]
    except (pa.ArrowInvalid, OSError) as fault:
        line = str(fault).splitlines()[0][:120]
        raise DataError(f"{file} is damaged: {line}") from fault


def _values(file: Path, batch: pa.RecordBatch, name: str) -> list[Any]:
    import pyarrow as pa

    column = batch.column(batch.schema.get_field_index(name))
    if COLUMNS[name] == "string" and pa.types.is_floating(column.type):
        return [None] * len(column)  # nothing but NaN: a column of prompts that nobody wrote
    try:
        values = column.cast(pa.type_for_alias(COLUMNS[name])).to_pylist()
        return [None if value != value else value for value in values]  # NaN alone differs
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as fault:
        raise DataError(f"{file}: the column {name} does not hold {COLUMNS[name]}") from fault


def _row(row: Mapping[str, Any]) -> tuple[int, Entry]:
    entry = Entry(
        name=base_of(row["image_name"] or ""),
        prompt=row["prompt"],
        seed=row["seed"] or 0,
        steps=row["step"] or 0,
        guidance=row["cfg"] or 0.0,
        sampler=SAMPLERS.get(row["sampler"], "others"),
        **{name: row[name] for name in ("width", "height", "image_nsfw", "prompt_nsfw")},
    )
    return row["part_id"] or 0, entry


def listed(pack: zipfile.ZipFile) -> tuple[dict[str, Entry], list[str]]:
    """What a zip's own JSON says of its pictures, and the names of rows that make no sense.

    Raises:
        ZipError: it has no JSON, or one that cannot be read.
    """
    names = [name for name in pack.namelist() if name.endswith(".json")]
    if not names:
        raise ZipError("it has no JSON")
    try:
        told = json.loads(pack.read(names[0]))
        rows = dict(told)
    except (ValueError, TypeError, zipfile.BadZipFile, OSError, RuntimeError) as fault:
        raise ZipError(f"its {names[0]} cannot be read") from fault
    found, strange = {}, []
    for name, row in rows.items():
        try:
            found[base_of(name)] = _told(base_of(name), row)
        except (KeyError, TypeError, ValueError, OverflowError):
            strange.append(str(name))
    return found, strange


def _told(name: str, row: Mapping[str, Any]) -> Entry:
    prompt, sampler = row["p"], row["sa"]
    return Entry(
        name=name,
        # Lone surrogates, which JSON can say, fit in no file.
        prompt=prompt.encode(errors="replace").decode() if isinstance(prompt, str) else None,
        seed=int(row["se"]),
        steps=int(row["st"]),
        guidance=float(row["c"]),
        sampler=SAMPLERS.get(sampler, "others") if isinstance(sampler, int) else str(sampler),
    )


def base_of(name: str) -> str:
    """A picture's name alone: whatever folder is told before it, nothing is written there."""
    return name.replace("\\", "/").rsplit("/", 1)[-1]
