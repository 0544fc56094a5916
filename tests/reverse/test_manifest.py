"""Manifests: rows without a prompt are counted, and what is no manifest is said in one line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lookalike.reverse.manifest import COLUMNS, NAME, DataError, Manifest, manifest_of, read, write
from tests.reverse.conftest import MakeManifest

NAN = float("nan")


def columns(count: int, **more: list[Any]) -> dict[str, list[Any]]:
    """The columns of a manifest of `count` rows, as plain lists; `more` take their place."""
    told: dict[str, list[Any]] = {
        "picture": [f"{row}.png" for row in range(count)],
        "prompt": [f"prompt {row}" for row in range(count)],
        "seed": list(range(count)),
        "steps": [25] * count,
        "guidance": [5.0] * count,
        "sampler": ["ddim"] * count,
        "width": [64] * count,
        "height": [64] * count,
    }
    return {**told, **more}


def kept(folder: Path, told: dict[str, list[Any]]) -> Path:
    pq.write_table(pa.table(told), folder / NAME)
    return folder


def test_what_is_written_is_read_back_whatever_else_it_holds(manifest_with: MakeManifest) -> None:
    made = manifest_with(["a", "b", "c"]).with_column("truth", ["1", None, "3"], "string")
    write(made)
    found = read(made.folder)
    assert found.rows.equals(made.rows)
    assert (found.folder, found.dropped, len(found)) == (made.folder, 0, 3)
    assert read(made.folder / NAME).rows.equals(made.rows)
    assert found.paths[2] == made.folder / "pictures/2.png"


def test_rows_without_a_prompt_are_dropped_and_counted(tmp_path: Path) -> None:
    prompts = ["a cat", None, "  ", "", "a dog"]
    found = read(kept(tmp_path, columns(5, prompt=prompts)))
    assert (found.prompts, found.dropped) == (["a cat", "a dog"], 3)
    assert found.column("seed") == [0, 4]


def test_prompts_that_are_not_numbers_are_dropped_and_counted(tmp_path: Path) -> None:
    found = read(kept(tmp_path, columns(3, prompt=[NAN, 7.5, NAN])))
    assert (found.prompts, found.dropped) == (["7.5"], 2)


def test_columns_of_other_types_are_brought_to_a_manifests(tmp_path: Path) -> None:
    found = read(kept(tmp_path, columns(2, guidance=[5, 7], seed=[1.0, 2.0], width=["64", "8"])))
    assert {n: str(found.rows.schema.field(n).type) for n in COLUMNS} == {
        **COLUMNS,
        "guidance": "float",
    }
    assert found.column("seed") == [1, 2]


def test_rows_are_taken_in_the_order_asked_for(manifest_with: MakeManifest) -> None:
    found = manifest_with(["a", "b", "c"]).take([2, 0])
    assert found.prompts == ["c", "a"]


def test_a_part_is_its_rows_alone(manifest_with: MakeManifest) -> None:
    made = manifest_with(["a", "b", "c"])
    with pytest.raises(DataError, match="`lookalike reverse split"):
        made.part("train")
    split = made.with_column("split", ["train", "test", "train"], "string")
    assert (split.part("train").prompts, split.part("test").prompts) == (["a", "c"], ["b"])
    with pytest.raises(DataError, match="no rows of the part validation"):
        split.part("validation")


def nothing(folder: Path) -> None:
    pass


def text(folder: Path) -> None:
    (folder / NAME).write_text("Dear diary,\nthis is no table.\n")


def cut(folder: Path) -> None:
    kept(folder, columns(50))
    whole = (folder / NAME).read_bytes()
    (folder / NAME).write_bytes(whole[: len(whole) // 2])


def without(*names: str) -> Callable[[Path], None]:
    def harm(folder: Path) -> None:
        told = columns(2)
        kept(folder, {name: told[name] for name in told if name not in names})

    return harm


def holding(**more: list[Any]) -> Callable[[Path], None]:
    return lambda folder: (kept(folder, columns(2, **more)), None)[1]


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (nothing, "there is no manifest at"),
        (text, "is not a readable parquet file"),
        (cut, "is not a readable parquet file"),
        (without("seed"), "lacks the column seed;"),
        (without("prompt", "width"), "lacks the columns prompt, width;"),
        (holding(prompt=[None, " "]), "holds no prompt"),
        (holding(seed=[-1, 3]), "the column seed does not hold uint32"),
        (holding(steps=["many", "few"]), "the column steps does not hold uint16"),
        (holding(picture=["a.png", None]), "the column picture lacks a value in row 1"),
    ],
)
def test_what_is_no_manifest_is_said_in_one_line(
    tmp_path: Path, harm: Callable[[Path], None], said: str
) -> None:
    harm(tmp_path)
    with pytest.raises(DataError) as raised:
        read(tmp_path / NAME)
    assert said in str(raised.value)
    assert NAME in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_column_that_is_not_there_is_named(manifest_with: MakeManifest) -> None:
    with pytest.raises(DataError, match="has no column cluster"):
        manifest_with(["a"]).column("cluster")


def test_a_manifest_of_no_rows_still_has_its_columns(tmp_path: Path) -> None:
    made: Manifest = manifest_of(tmp_path, [])
    assert made.rows.column_names == list(COLUMNS)
