"""Imports DiffusionDB: pictures and their rows into a data set, or the prompts alone."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from lookalike.core.errors import OptionError, OutputError, PictureError
from lookalike.core.files import building, read_json, reason, write_json, writing
from lookalike.core.pictures import open_picture
from lookalike.reverse.diffusiondb import (
    BATCH,
    Entry,
    Source,
    ZipError,
    base_of,
    batches,
    listed,
    table,
)
from lookalike.reverse.ledger import Ledger, Tally, ledger
from lookalike.reverse.manifest import COLUMNS, NAME, DataError, check_parquet
from lookalike.reverse.wanted import Count, Wanted, check_langid, words

RECIPE, STATE, PROMPTS = "importing.json", "importing.sqlite", "prompts.parquet"

LARGEST = 64 << 20
"""Bytes of a picture in a zip; larger ones are no pictures of this data set."""

PLAIN = re.compile(r"\w[\w.-]{0,199}")
"""Names under which pictures are written; others, such as "..", are as if they were not there."""

GROUP = 50_000
"""Rows written at once."""

SHORT = (1 << 16) - 1
"""The largest number of steps or pixels that a manifest can tell."""

MORE: Mapping[str, str] = {"image_nsfw": "float32", "prompt_nsfw": "float32"}
"""Columns of an imported manifest beside those that all have."""


@dataclass(frozen=True)
class Imported:
    """How many parts are done, of how many."""

    done: int
    of: int


@dataclass(frozen=True)
class Outcome:
    """What an import made: the file of its rows, how many they are, and what was left out."""

    file: Path
    rows: int
    left_out: Tally


def import_from(
    source: Source, out: Path, wanted: Wanted, count: Count = words
) -> Generator[Imported, None, Outcome]:
    """Import what lies in `source` into the folder `out`; a stopped import goes on where it was.

    With zips, their pictures are taken out and `manifest.parquet` is written at the end. Without,
    the distinct prompts of the tables become `prompts.parquet`, to make pictures of. What is at
    fault is counted and named. A zip that cannot be read is tried again by the next import, and
    zips that came since the last one are imported too.

    Raises:
        DataError: a table is no table of DiffusionDB, or nothing at all was kept.
        OutputError: `out` holds something else, or an import of other wishes.
        OptionError: a wish asks for what the source does not tell, or a package lacks.
    """
    check_parquet()
    if wanted.language is not None:
        check_langid()
    if wanted.asks_scores and not source.tables:
        raise OptionError(f"{source.folder} has no table, and so no NSFW scores to choose by")
    for file in source.tables.values():
        table(file)
    _claim(out, source, wanted)
    with ledger(out / STATE) as book:
        passing = Tally()
        for path in source.again:
            passing.add("zip of a part that is there already", path.name)
        if source.zips:
            yield from _pictures(source, out, book, wanted, count, passing)
        else:
            yield from _prompts(source, book, wanted, count)
        tally = book.tally()
        tally.merge(passing)
        pictures, prompts = book.sizes()
        if not (pictures or prompts):
            raise DataError(f"nothing of {source.folder} was kept: {told(tally) or 'it is empty'}")
        file = out / (NAME if source.zips else PROMPTS)
        # Not once more: since then it may have been split.
        if not (file.is_file() and book.is_written(file.name)):
            _write_rows(book, file) if source.zips else _write_prompts(book, file)
            book.write_off(file.name)
        return Outcome(file, pictures or prompts, tally)


def told(tally: Tally) -> str:
    """What was left out, in one line."""
    return ", ".join(f"{count} {reason}" for reason, count in sorted(tally.counts.items()))


def _claim(out: Path, source: Source, wanted: Wanted) -> None:
    recipe = {
        "wanted": wanted.model_dump(mode="json"),
        "tables": sorted(path.name for path in source.tables.values()),
        "pictures": bool(source.zips),
    }
    file = out / RECIPE
    if file.is_file():
        if read_json(file) != recipe:
            raise OutputError(f"{out} holds an import of other options; name another --out")
        return
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise OutputError(f"cannot write into {out}: something else is there")
    write_json(file, recipe)


def _pictures(
    source: Source, out: Path, book: Ledger, wanted: Wanted, count: Count, passing: Tally
) -> Iterator[Imported]:
    _tell(source, book)
    lacking = book.undone(source.zips)
    done = len(source.zips) - len(lacking)
    yield Imported(done, len(source.zips))
    for part in lacking:
        try:
            with _opened(source.zips[part]) as pack:
                _part(pack, part, out, book, wanted, count)
        except ZipError as fault:
            passing.add("zip that cannot be read", f"{source.zips[part].name} ({fault})")
        done += 1
        yield Imported(done, len(source.zips))


def _opened(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError) as fault:
        why = reason(fault) if isinstance(fault, OSError) else str(fault).lower()
        raise ZipError(why) from fault


def _tell(source: Source, book: Ledger) -> None:
    """Note what the tables say of the parts at hand, in one pass, a batch in memory at a time."""
    for prefix, file in source.tables.items():
        mine = {part for part in source.zips if part.rpartition("-")[0] == prefix.rstrip("-")}
        untold = book.untold(mine)
        if untold:
            rows = ((f"{prefix}{number:06d}", entry) for b in batches(file) for number, entry in b)
            book.tell(untold, ((part, entry) for part, entry in rows if part in untold))


def _part(
    pack: zipfile.ZipFile, part: str, out: Path, book: Ledger, wanted: Wanted, count: Count
) -> None:
    entries, tally = _entries(pack, book.told(part))
    members = {base: name for name in pack.namelist() if PLAIN.fullmatch(base := base_of(name))}
    seen = book.known(entries)
    folder = out / folder_of(part)
    kept: list[Entry] = []
    with building(folder, replace=True) as work:
        for entry in entries.values():
            against = "picture of another part" if entry.name in seen else None
            against = against or wanted.against(entry, count)
            if against:
                tally.add(against)
                continue
            try:
                taken = _taken(pack, members, entry, work)
            except PictureError as fault:
                tally.add(str(fault), f"{entry.name} in {_name(pack)}")
                continue
            against = next(wanted.against_size(taken.width, taken.height), None)
            if against:
                (work / entry.name).unlink()
                tally.add(against)
            else:
                kept.append(taken)
    # The pictures first: rows that are counted have theirs, whenever the process dies.
    book.finish(part, kept, tally)


def _entries(pack: zipfile.ZipFile, table_rows: dict[str, Entry]) -> tuple[dict[str, Entry], Tally]:
    """What is known of a part's pictures; where a table tells of one, that is believed."""
    tally = Tally()
    try:
        own, strange = listed(pack)
    except ZipError as fault:
        if not table_rows:
            raise
        own, strange = {}, []
        tally.add(
            "JSON of a zip that cannot be read", f"{Path(pack.filename or '').name} ({fault})"
        )
    for name in strange:
        if name not in table_rows:
            tally.add("row of a JSON that makes no sense", name)
    return own | table_rows, tally


def _taken(pack: zipfile.ZipFile, members: Mapping[str, str], entry: Entry, work: Path) -> Entry:
    """Take a picture out of a zip, and tell its size; PictureError says what is wrong with it."""
    if entry.name not in members:
        raise PictureError("picture that is not in its zip")
    member = pack.getinfo(members[entry.name])
    if member.file_size > LARGEST:
        raise PictureError("picture that is too large")
    try:
        data = pack.read(member)
        size = open_picture(data).size
    except (zipfile.BadZipFile, zlib.error, OSError, RuntimeError, EOFError, PictureError) as fault:
        raise PictureError("picture that cannot be read") from fault
    try:
        (work / entry.name).write_bytes(data)
    except OSError as fault:
        raise OutputError(f"cannot write {work / entry.name}: {reason(fault)}") from fault
    return replace(entry, width=size[0], height=size[1])


def _name(pack: zipfile.ZipFile) -> str:
    return Path(pack.filename or "").name


def folder_of(part: str) -> str:
    """The folder of a part's pictures, below the data set's."""
    return f"pictures/{part}"


def _prompts(source: Source, book: Ledger, wanted: Wanted, count: Count) -> Iterator[Imported]:
    totals = {file: _batch_count(file) for file in source.tables.values()}
    total, before = sum(totals.values()), 0
    for file in source.tables.values():
        done = book.batches(file.name)
        yield Imported(before + done, total)
        for number, batch in enumerate(islice(batches(file), done, None), start=done + 1):
            tally, prompts = Tally(), list[str]()
            for _, entry in batch:
                against = wanted.against(entry, count)
                if against or entry.prompt is None:
                    tally.add(against or "no prompt")
                else:
                    prompts.append(entry.prompt.strip())
            book.finish_batch(file.name, number, prompts, tally)
            yield Imported(before + number, total)
        before += totals[file]


def _batch_count(file: Path) -> int:
    return -(-table(file).metadata.num_rows // BATCH)


def _write_rows(book: Ledger, file: Path) -> None:
    rows = (_manifest_row(part, entry) for part, entry in book.kept())
    _write(file, {**COLUMNS, **MORE}, rows)


def _manifest_row(part: str, entry: Entry) -> dict[str, Any]:
    return {
        "picture": f"{folder_of(part)}/{entry.name}",
        "prompt": entry.prompt,
        "seed": entry.seed % (1 << 32),
        "steps": min(max(entry.steps, 0), SHORT),
        "guidance": entry.guidance,
        "sampler": entry.sampler,
        "width": min(entry.width or 0, SHORT),
        "height": min(entry.height or 0, SHORT),
        "image_nsfw": entry.image_nsfw,
        "prompt_nsfw": entry.prompt_nsfw,
    }


def _write_prompts(book: Ledger, file: Path) -> None:
    _write(file, {"prompt": "string"}, ({"prompt": text} for text in book.prompts()))


def _write(path: Path, columns: Mapping[str, str], rows: Iterable[dict[str, Any]]) -> None:
    """Write rows into a parquet file, some at a time and never all of them in memory."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([(name, pa.type_for_alias(kind)) for name, kind in columns.items()])
    left = iter(rows)
    with writing(path) as temporary, pq.ParquetWriter(temporary, schema) as writer:
        while group := list(islice(left, GROUP)):
            writer.write_table(pa.Table.from_pylist(group, schema=schema))
