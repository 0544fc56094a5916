"""Manifests: pictures with the prompts that made them, as one parquet file beside a folder."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from lookalike.core.errors import LookalikeError
from lookalike.core.files import write_bytes
from lookalike.core.pictures import open_picture
from lookalike.reverse.extra import check_extra

if TYPE_CHECKING:
    import pyarrow as pa
    from PIL.Image import Image

NAME = "manifest.parquet"

Part = Literal["train", "validation", "test"]
PARTS: tuple[Part, ...] = get_args(Part)

COLUMNS: Mapping[str, str] = {
    "picture": "string",  # a path below the manifest's folder
    "prompt": "string",
    "seed": "uint32",
    "steps": "uint16",
    "guidance": "float32",
    "sampler": "string",
    "width": "uint16",
    "height": "uint16",
}
"""What every manifest has, and as which parquet type; more columns are kept as they are."""

SPLIT, CLUSTER, TRUTH = "split", "cluster", "truth"
"""Columns that a manifest may have: its part, its prompt's cluster, and what a prompt says."""


class DataError(LookalikeError):
    """A data set that cannot be read, or that does not hold what is asked of it."""


@dataclass(frozen=True, eq=False)
class Manifest:
    """The rows of a data set and the folder that its pictures lie in.

    `dropped` counts the rows that were left out when it was read: those without a prompt.
    """

    folder: Path
    rows: pa.Table
    dropped: int = 0

    def __len__(self) -> int:
        return int(self.rows.num_rows)

    @property
    def prompts(self) -> list[str]:
        """Every row's prompt, in order."""
        return self.column("prompt")

    @property
    def paths(self) -> list[Path]:
        """Every row's picture, in order."""
        return [self.folder / name for name in self.column("picture")]

    def column(self, name: str) -> list[Any]:
        """The values of a column.

        Raises:
            DataError: the manifest has no such column.
        """
        if name not in self.rows.column_names:
            raise DataError(f"{self.folder / NAME} has no column {name}")
        return self.rows.column(name).to_pylist()

    def picture(self, row: int) -> Image:
        """The picture of a row; `PictureError` names the file where it cannot be read."""
        return open_picture(self.paths[row])

    def take(self, rows: Sequence[int]) -> Manifest:
        """The same with some rows alone, in the order given."""
        return replace(self, rows=self.rows.take(list(rows)))

    def part(self, name: Part) -> Manifest:
        """The rows of one part.

        Raises:
            DataError: the manifest is not split, or that part is empty.
        """
        if SPLIT not in self.rows.column_names:
            raise DataError(
                f"{self.folder / NAME} is not split into train, validation and test; "
                f"`lookalike reverse split {self.folder}` does that"
            )
        chosen = [i for i, each in enumerate(self.column(SPLIT)) if each == name]
        if not chosen:
            raise DataError(f"{self.folder / NAME} has no rows of the part {name}")
        return self.take(chosen)

    def with_column(self, name: str, values: Sequence[Any], kind: str) -> Manifest:
        """The same with a column added, or put in the place of the one it has."""
        import pyarrow as pa

        rows = self.rows.drop_columns([name]) if name in self.rows.column_names else self.rows
        made = pa.array(values, type=pa.type_for_alias(kind))
        return replace(self, rows=rows.append_column(name, made))


def firsts(prompts: Sequence[str]) -> list[int]:
    """The first row of each different prompt, in their order."""
    found: dict[str, int] = {}
    for row, prompt in enumerate(prompts):
        found.setdefault(prompt, row)
    return list(found.values())


def check_parquet() -> None:
    """Raise OptionError where parquet cannot be read here."""
    check_extra("pyarrow", "a data set")


def read(path: Path) -> Manifest:
    """The manifest at `path`, a parquet file or the folder that holds `manifest.parquet`.

    Rows whose prompt is missing, not a number, or blank are left out and counted.

    Raises:
        DataError: it is not there, is no parquet, lacks a column, or holds no prompt at all.
    """
    check_parquet()
    import pyarrow as pa

    file = path / NAME if path.is_dir() else path
    rows = _table(file)
    lacking = [name for name in COLUMNS if name not in rows.column_names]
    if lacking:
        raise DataError(
            f"{file} lacks the column{'s' * (len(lacking) > 1)} {', '.join(lacking)}; "
            f"a manifest has {', '.join(COLUMNS)}"
        )
    for name, kind in COLUMNS.items():
        rows = _as(rows, name, kind, file)
    said = [text is not None and bool(text.strip()) for text in rows.column("prompt").to_pylist()]
    kept = rows.filter(pa.array(said, type=pa.bool_()))
    if not kept.num_rows:
        raise DataError(f"{file} holds no prompt")
    if None in (pictures := kept.column("picture").to_pylist()):
        raise DataError(f"{file}: the column picture lacks a value in row {pictures.index(None)}")
    return Manifest(file.parent, kept, rows.num_rows - kept.num_rows)


def _as(rows: pa.Table, name: str, kind: str, file: Path) -> pa.Table:
    """The rows with one column as a manifest has it; what is not a number is no text."""
    import pyarrow as pa

    wanted, found = pa.type_for_alias(kind), rows.column(name)
    if found.type == wanted:
        return rows
    if pa.types.is_floating(found.type) and kind == "string":
        told = [None if each is None or math.isnan(each) else each for each in found.to_pylist()]
        found = pa.array(told, found.type)
    try:
        return rows.set_column(rows.column_names.index(name), name, found.cast(wanted))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as fault:
        raise DataError(f"{file}: the column {name} does not hold {kind}: {fault}") from fault


def _table(file: Path) -> pa.Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.read_table(file)
    except FileNotFoundError as fault:
        raise DataError(f"there is no manifest at {file}") from fault
    except (pa.ArrowInvalid, OSError) as fault:
        line = str(fault).splitlines()[0][:120]
        raise DataError(f"{file} is not a readable parquet file: {line}") from fault


def manifest_of(folder: Path, rows: Iterable[Mapping[str, Any]]) -> Manifest:
    """A manifest of rows that are dictionaries with at least the columns that all have."""
    import pyarrow as pa

    listed = list(rows)
    known = {name: pa.type_for_alias(kind) for name, kind in COLUMNS.items()}
    arrays = {name: pa.array([row[name] for row in listed], kind) for name, kind in known.items()}
    more = [name for name in (listed[0] if listed else {}) if name not in COLUMNS]
    arrays |= {name: pa.array([row[name] for row in listed]) for name in more}
    return Manifest(folder, pa.table(arrays))


def write(manifest: Manifest) -> Path:
    """Write a manifest into its folder, at once; gives the file."""
    import pyarrow.parquet as pq

    buffer = io.BytesIO()
    pq.write_table(manifest.rows, buffer, compression="zstd")
    path = manifest.folder / NAME
    write_bytes(path, buffer.getvalue())
    return path
