"""DiffusionDB comes in as it is published, with every defect counted and none of them fatal."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lookalike.core.errors import OptionError, OutputError
from lookalike.reverse import diffusiondb
from lookalike.reverse.diffusiondb import Entry, source_of
from lookalike.reverse.importing import Imported, Outcome, import_from
from lookalike.reverse.ledger import Ledger
from lookalike.reverse.manifest import DataError, Manifest, read
from lookalike.reverse.prompts import read_prompts
from lookalike.reverse.wanted import Wanted, wanted_of
from tests.reverse.published import Shot, shots, write_table, write_zip

HERE = Path("import")


@pytest.fixture(autouse=True)
def own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(source: Path | str, out: Path = HERE, **wanted: Any) -> Outcome:
    return ended(import_from(source_of(Path(source)), out, Wanted(**wanted)))


def ended(work: Generator[Imported, None, Outcome]) -> Outcome:
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


def names(manifest: Manifest) -> list[str]:
    return [path.name for path in manifest.paths]


def files(folder: Path) -> dict[str, bytes]:
    """All that an import leaves behind, but for its own notes."""
    found = (path for path in folder.rglob("*") if path.is_file())
    kept = (path for path in found if not path.name.startswith("importing"))
    return {str(path.relative_to(folder)): path.read_bytes() for path in kept}


def test_pictures_and_the_table_are_joined(own_place: Path) -> None:
    first, second = shots(1, 3), shots(2, 2)
    second[0] = second[0].made(sampler=9, image_nsfw=0.7, size=(40, 30))
    write_table(own_place / "db", [second[1], *first, second[0], *shots(77, 4)])
    write_zip(own_place / "db" / "images", first)
    write_zip(own_place / "db" / "images", second)
    outcome = run("db")
    assert (outcome.rows, outcome.left_out.counts) == (5, {})
    kept = read(HERE)
    assert sorted(names(kept)) == sorted(each.name for each in [*first, *second])
    row = {
        name: kept.column(name)[names(kept).index(second[0].name)]
        for name in kept.rows.column_names
    }
    assert row == {
        "picture": f"pictures/000002/{second[0].name}",
        "prompt": "prompt 2 0",
        "seed": 200,
        "steps": 50,
        "guidance": 7.0,
        "sampler": "others",
        "width": 40,
        "height": 30,
        "image_nsfw": pytest.approx(0.7),
        "prompt_nsfw": pytest.approx(0.2),
    }
    for path, each in zip(kept.paths, [*first, *second], strict=True):
        assert path.read_bytes() == each.png
    assert kept.picture(3).size == (40, 30)


def test_zips_alone_are_read_by_their_own_json(own_place: Path) -> None:
    rows = [*shots(3, 2), Shot("x.png", None, 3), Shot("y.png", "  ", 3)]
    write_zip(own_place / "db", rows)
    outcome = run("db")
    assert outcome.left_out.counts == {"no prompt": 2}
    kept = read(HERE)
    assert kept.prompts == ["prompt 3 0", "prompt 3 1"]
    assert kept.column("sampler") == ["k_lms", "k_lms"]
    assert (kept.column("width"), kept.column("height")) == ([24, 24], [16, 16])
    assert kept.column("image_nsfw") == [None, None]


def test_a_table_alone_gives_its_distinct_prompts_to_make_pictures_of(own_place: Path) -> None:
    rows = [*shots(1, 4), Shot("x.png", None), Shot("y.png", " prompt 1 0 ", image_nsfw=2.0)]
    write_table(own_place / "db", [*rows, *shots(1, 2)])
    outcome = run("db")
    assert (outcome.file, outcome.rows) == (HERE / "prompts.parquet", 4)
    assert outcome.left_out.counts == {"no prompt": 1, "blurred picture": 1}
    asked, dropped = read_prompts(outcome.file)
    assert [one.prompt for one in asked] == [f"prompt 1 {place}" for place in range(4)]
    assert dropped == 0


def test_both_sets_are_told_apart_and_a_picture_of_both_comes_once(own_place: Path) -> None:
    small, large = shots(1, 2), [Shot("big.png", "a big one", 1, size=(30, 30)), shots(1, 1)[0]]
    write_table(own_place, small)
    write_table(own_place, large, "metadata-large.parquet")
    write_zip(own_place / "images", small)
    write_zip(own_place / "diffusiondb-large-part-1", large)
    outcome = run(own_place)
    assert outcome.left_out.counts == {"picture of another part": 1}
    assert [str(path.relative_to(HERE)) for path in read(HERE).paths] == [
        *(f"pictures/000001/{each.name}" for each in small),
        "pictures/large-000001/big.png",
    ]


WISHES = [
    ({"smallest_width": 25}, {"size": (24, 99)}, "width"),
    ({"largest_width": 24}, {"size": (25, 16)}, "width"),
    ({"smallest_height": 16}, {"size": (24, 15)}, "height"),
    ({"largest_height": 16}, {"size": (24, 17)}, "height"),
    ({"image_nsfw": 0.5}, {"image_nsfw": 0.6}, "NSFW score of the picture"),
    ({"prompt_nsfw": 0.5}, {"prompt_nsfw": 0.6}, "NSFW score of the prompt"),
    ({}, {"image_nsfw": 2.0}, "blurred picture"),
    ({"fewest_tokens": 3}, {"prompt": "two words"}, "length of the prompt"),
    ({"most_tokens": 3}, {"prompt": "four words are here"}, "length of the prompt"),
    ({"language": "en"}, {"prompt": "ein roter Fuchs im tiefen Schnee"}, "language"),
]


@pytest.mark.parametrize("zips", [True, False])
@pytest.mark.parametrize(("wish", "change", "told"), WISHES)
def test_what_is_not_wanted_is_left_out_and_counted(
    own_place: Path, wish: dict[str, Any], change: dict[str, Any], told: str, zips: bool
) -> None:
    good = Shot("good.png", "a red fox", size=(25 if "smallest_width" in wish else 24, 16))
    rows = [good, good.made(name="bad.png", **change)]
    write_table(own_place / "db", rows)
    if zips:
        write_zip(own_place / "db", rows)
    outcome = run("db", **wish)
    assert (outcome.rows, outcome.left_out.counts) == (1, {told: 1})
    assert sorted(path.name for path in HERE.rglob("*.png")) == ["good.png"] * zips


def test_without_a_table_the_picture_itself_tells_its_size(own_place: Path) -> None:
    write_zip(own_place / "db", [Shot("a.png", "a"), Shot("b.png", "b", size=(99, 16))])
    assert run("db", largest_width=24).left_out.counts == {"width": 1}
    assert sorted(path.name for path in HERE.rglob("*.png")) == ["a.png"]


def test_scores_cannot_be_asked_for_without_a_table(own_place: Path) -> None:
    write_zip(own_place / "db", shots(1, 1))
    with pytest.raises(OptionError, match="has no table, and so no NSFW scores"):
        run("db", image_nsfw=0.5)


def test_broken_and_missing_pictures_are_counted_and_named(own_place: Path) -> None:
    rows = shots(1, 4)
    broken = {rows[0].name: b"no picture", rows[1].name: rows[1].png[:40], rows[2].name: None}
    write_zip(own_place / "db", rows, pictures=broken)
    outcome = run("db")
    assert names(read(HERE)) == [rows[3].name]
    assert outcome.left_out.counts == {
        "picture that cannot be read": 2,
        "picture that is not in its zip": 1,
    }
    assert outcome.left_out.names["picture that is not in its zip"] == [
        f"{rows[2].name} in part-000001.zip"
    ]


def test_a_damaged_member_of_a_zip_is_counted(own_place: Path) -> None:
    rows = shots(1, 2)
    path = write_zip(own_place / "db", rows)
    data = bytearray(path.read_bytes())
    data[data.index(b"IDAT") + 6] ^= 255  # the checksum of the zip no longer holds
    path.write_bytes(data)
    assert run("db").left_out.counts == {"picture that cannot be read": 1}


def test_a_broken_zip_is_gone_on_without_and_tried_again(own_place: Path) -> None:
    write_zip(own_place / "db", shots(1, 2))
    path = write_zip(own_place / "db", shots(2, 2))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    (own_place / "db" / "part-000003.zip").touch()
    outcome = run("db")
    assert (outcome.rows, outcome.left_out.counts) == (2, {"zip that cannot be read": 2})
    assert "part-000002.zip" in outcome.left_out.names["zip that cannot be read"][0]
    path.write_bytes(whole)
    assert run("db").left_out.counts == {"zip that cannot be read": 1}
    assert names(read(HERE)) == [each.name for each in [*shots(1, 2), *shots(2, 2)]]


@pytest.mark.parametrize("told", [None, "{", "[1, 2]"])
def test_a_zip_without_a_readable_json_needs_a_table(own_place: Path, told: str | None) -> None:
    write_zip(own_place / "alone", shots(1, 2), told=told)
    with pytest.raises(DataError, match="nothing of alone was kept: 1 zip that cannot be read"):
        run("alone")
    write_zip(own_place / "both", shots(1, 2), told=told)
    write_table(own_place / "both", shots(1, 2))
    outcome = run("both", Path("joined"))
    assert (outcome.rows, outcome.left_out.counts) == (2, {"JSON of a zip that cannot be read": 1})


def test_rows_of_a_json_that_make_no_sense_are_counted_and_named(own_place: Path) -> None:
    good, bad, worse = shots(1, 3)
    told = {good.name: good.told, bad.name: {"p": "no seed"}, worse.name: 5}
    write_zip(own_place / "db", [good, bad, worse], told=json.dumps(told))
    left_out = run("db").left_out
    assert left_out.counts == {"row of a JSON that makes no sense": 2}
    assert left_out.names["row of a JSON that makes no sense"] == [bad.name, worse.name]


def test_no_name_leads_out_of_the_folder(own_place: Path) -> None:
    rows = [Shot("../../evil.png", "an evil one"), Shot("..", "up"), Shot("good.png", "a good one")]
    write_zip(own_place / "db", rows)
    outcome = run("db")
    assert sorted(names(read(HERE))) == ["evil.png", "good.png"]
    assert outcome.left_out.counts == {"picture that is not in its zip": 1}
    assert not list(own_place.glob("*.png"))


def test_a_table_that_lacks_columns_is_refused_and_they_are_named(own_place: Path) -> None:
    file = write_table(own_place / "db", shots(1, 3))
    pq.write_table(pq.read_table(file).drop_columns(["prompt", "cfg"]), file)
    with pytest.raises(
        DataError, match=r"metadata\.parquet lacks the columns prompt, cfg;"
    ) as fault:
        run("db")
    assert "\n" not in str(fault.value)
    assert not HERE.exists()


def test_a_table_of_other_types_is_refused(own_place: Path) -> None:
    file = write_table(own_place / "db", shots(1, 3))
    rows = pq.read_table(file)
    place = rows.column_names.index("seed")
    pq.write_table(rows.set_column(place, "seed", pa.array(["one", "two", "three"])), file)
    with pytest.raises(DataError, match="the column seed does not hold int64"):
        run("db")


def test_a_table_that_is_no_parquet_is_refused(own_place: Path) -> None:
    (own_place / "metadata.parquet").write_text("no table")
    with pytest.raises(DataError, match="is not a readable parquet file"):
        run(own_place)


def test_prompts_that_are_not_a_number_are_left_out(own_place: Path) -> None:
    file = write_table(own_place / "db", shots(1, 3))
    rows = pq.read_table(file)
    nothing = pa.array([float("nan")] * 3)
    pq.write_table(rows.set_column(1, "prompt", nothing), file)
    with pytest.raises(DataError, match="nothing of db was kept: 3 no prompt"):
        run("db")


@pytest.mark.parametrize("name", ["nowhere", "empty"])
def test_a_folder_without_a_data_set_is_refused(own_place: Path, name: str) -> None:
    (own_place / "empty").mkdir()
    with pytest.raises(DataError, match=r"no folder nowhere|neither metadata\.parquet nor"):
        source_of(Path(name))


def test_a_folder_of_something_else_or_of_other_wishes_is_left_alone(own_place: Path) -> None:
    write_zip(own_place / "db", shots(1, 1))
    (own_place / "full").mkdir()
    (own_place / "full" / "note.txt").write_text("mine")
    with pytest.raises(OutputError, match="something else is there"):
        run("db", Path("full"))
    run("db")
    with pytest.raises(OutputError, match="an import of other options"):
        run("db", largest_width=100)


def wide(own_place: Path) -> Path:
    """Three parts with a little of everything."""
    folder = own_place / "db"
    parts = [shots(part, 3) for part in (1, 2, 3)]
    parts[1][0] = parts[1][0].made(prompt=None)
    write_table(folder, [each for rows in parts for each in rows])
    for rows in parts:
        write_zip(folder, rows, pictures={"0300-a.png": b"broken"})
    return folder


@pytest.mark.parametrize("stop", [0, 1, 2, 3])
@pytest.mark.parametrize("zips", [True, False])
def test_a_stopped_import_loses_and_repeats_nothing(
    own_place: Path, monkeypatch: pytest.MonkeyPatch, stop: int, zips: bool
) -> None:
    monkeypatch.setattr(diffusiondb, "BATCH", 3)
    monkeypatch.setattr("lookalike.reverse.importing.BATCH", 3)
    folder = wide(own_place)
    if not zips:
        for path in folder.glob("*.zip"):
            path.unlink()
    whole = run(folder, Path("whole"))
    work = import_from(source_of(folder), Path("stopped"), Wanted())
    for _ in range(stop + 1):
        next(work)
    work.close()
    assert next(iter(import_from(source_of(folder), Path("stopped"), Wanted()))).done == stop
    resumed = run(folder, Path("stopped"))
    assert resumed.left_out == whole.left_out
    assert files(Path("stopped")) == files(Path("whole"))


def test_a_process_that_dies_between_pictures_and_rows_repeats_nothing(
    own_place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, finish = wide(own_place), Ledger.finish
    whole = run(folder, Path("whole"))

    def die(book: Ledger, part: str, kept: list[Entry], tally: Any) -> None:
        if part == "000002":
            raise KeyboardInterrupt
        finish(book, part, kept, tally)

    monkeypatch.setattr(Ledger, "finish", die)
    with pytest.raises(KeyboardInterrupt):
        run(folder)
    assert (HERE / "pictures" / "000002").is_dir()
    assert not (HERE / "manifest.parquet").exists()
    monkeypatch.setattr(Ledger, "finish", finish)
    assert run(folder).left_out == whole.left_out
    assert files(HERE) == files(Path("whole"))


def test_zips_that_come_later_join_what_is_there(own_place: Path) -> None:
    folder = wide(own_place)
    (folder / "part-000002.zip").rename(own_place / "later.zip")
    assert run(folder).rows == 5
    (own_place / "later.zip").rename(folder / "part-000002.zip")
    run(folder)
    run(folder, Path("whole"))
    assert files(HERE) == files(Path("whole"))


def test_a_finished_import_leaves_a_manifest_that_was_split_since(own_place: Path) -> None:
    folder = wide(own_place)
    run(folder)
    (HERE / "manifest.parquet").write_bytes(b"split since")
    run(folder)
    assert (HERE / "manifest.parquet").read_bytes() == b"split since"


def test_damaged_notes_are_told_in_one_line(own_place: Path) -> None:
    folder = wide(own_place)
    run(folder)
    (HERE / "importing.sqlite").write_bytes(b"no notes at all" * 100)
    with pytest.raises(DataError, match=r"cannot use import/importing\.sqlite"):
        run(folder)
    with pytest.raises(sqlite3.DatabaseError):
        sqlite3.connect(HERE / "importing.sqlite").execute("select * from done")


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("smallest_width", 0, r"--smallest-width = 0: it should be greater than"),
        ("language", "english", r"--language = 'english': it should match"),
    ],
)
def test_a_wish_out_of_bounds_is_refused_by_its_option(
    option: str, value: float | str, said: str
) -> None:
    with pytest.raises(OptionError, match=said):
        wanted_of(**{option: value})
