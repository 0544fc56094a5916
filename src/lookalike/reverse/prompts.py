"""Prompts to make a data set of: a text file, lines of JSON, or the column of a parquet file."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from lookalike.core.errors import OptionError
from lookalike.core.files import reason, write_new
from lookalike.reverse.manifest import TRUTH, DataError, check_parquet
from lookalike.world.caption import training_caption
from lookalike.world.dataset import from_row
from lookalike.world.look import Look, Split, looks


@dataclass(frozen=True)
class Asked:
    """A prompt, and where it is known what it says: the attributes of the world, as JSON."""

    prompt: str
    truth: str | None = None


def read_prompts(path: Path) -> tuple[list[Asked], int]:
    """The prompts of a file and how many of its rows had none.

    A .txt file has a prompt a line, a .jsonl file an object a line with `prompt` and, if it is
    known, `truth`; a .parquet file has these as columns.

    Raises:
        DataError: the file is not there, cannot be read, or holds no prompt.
    """
    kinds = {".txt": _lines, ".jsonl": _json_lines, ".parquet": _parquet}
    if path.suffix.lower() not in kinds:
        raise DataError(f"{path} should be a .txt, .jsonl or .parquet file of prompts")
    try:
        found = list(kinds[path.suffix.lower()](path))
    except FileNotFoundError as fault:
        raise DataError(f"there is no file of prompts at {path}") from fault
    except UnicodeDecodeError as fault:
        raise DataError(f"{path} is not text in UTF-8") from fault
    except OSError as fault:
        raise DataError(f"cannot read {path}: {reason(fault)}") from fault
    said = [one for one in found if one is not None]
    if not said:
        raise DataError(f"{path} holds no prompt")
    return said, len(found) - len(said)


def _lines(path: Path) -> Iterator[Asked | None]:
    for line in _text(path).splitlines():
        yield _asked(line, None)


def _json_lines(path: Path) -> Iterator[Asked | None]:
    # Not `splitlines`: in a string of JSON other separators of lines may stand as they are.
    for number, line in enumerate(_text(path).removesuffix("\n").split("\n"), start=1):
        if not line.strip():
            yield None
            continue
        try:
            row = json.loads(line)
            yield _asked(row["prompt"], row.get(TRUTH))
        except (ValueError, KeyError, TypeError, AttributeError) as fault:
            raise DataError(
                f'{path}, line {number}: should be an object with a "prompt", such as '
                '{"prompt": "a red fox"}'
            ) from fault


def _text(path: Path) -> str:
    """The text of a file, without the mark that some editors put before it."""
    return path.read_text("utf-8-sig")


def _parquet(path: Path) -> Iterator[Asked | None]:
    check_parquet()
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        rows = pq.read_table(path)
    except pa.ArrowInvalid as fault:
        raise DataError(f"{path} is not a readable parquet file") from fault
    if "prompt" not in rows.column_names:
        raise DataError(f"{path} has no column prompt (it has: {', '.join(rows.column_names)})")
    prompts = rows.column("prompt").to_pylist()
    known = TRUTH in rows.column_names
    truths = rows.column(TRUTH).to_pylist() if known else [None] * len(prompts)
    for prompt, truth in zip(prompts, truths, strict=True):
        yield _asked(prompt, truth)


def _asked(prompt: Any, truth: Any) -> Asked | None:
    """A row's prompt; None where there is none: missing, not a number, or blank."""
    text = "" if _lacks(prompt) else str(prompt).strip()
    if not text:
        return None
    if _lacks(truth):
        return Asked(text)
    return Asked(text, truth if isinstance(truth, str) else json.dumps(truth, default=str))


def _lacks(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def world_prompts(which: Split, count: int) -> Iterator[Asked]:
    """The first `count` prompts of a split of the world, worded as people might, with their truth.

    Half of them say all that there is to say; the others leave out and reorder.
    """
    for one in islice(looks(which), count):
        yield Asked(training_caption(one, random.Random(f"prompt {one.seed}")), truth_of(one))


def truth_of(one: Look) -> str:
    """A look as JSON, which `world.dataset.from_row` reads."""
    row = asdict(one)
    row["attributes"] = dict(one.attributes)
    return json.dumps(row)


def look_of(truth: str) -> Look:
    """The look that `truth_of` wrote.

    Raises:
        DataError: this is no look of the world.
    """
    try:
        return from_row(json.loads(truth))
    except (ValueError, KeyError, TypeError, AssertionError, OptionError) as fault:
        raise DataError(f"this truth of a prompt is no look of the world: {truth[:60]}") from fault


def write_prompts(asked: Iterator[Asked], path: Path) -> int:
    """Write prompts as lines of JSON into a new file; gives how many."""
    rows = [json.dumps({"prompt": one.prompt, TRUTH: one.truth}) for one in asked]
    write_new(path, "".join(f"{row}\n" for row in rows).encode())
    return len(rows)
