"""The converters' benchmark: whole tables, rows that are kept, and rows that are made again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lookalike.convert import converters
from lookalike.core.errors import LookalikeError
from lookalike.core.records import Settings
from lookalike.evaluate import entrants as who
from lookalike.evaluate import making
from lookalike.evaluate.converters import Asked, Finished, measure
from lookalike.evaluate.entrants import chosen_entrants, entrants
from lookalike.evaluate.table import Converters, Row
from lookalike.models.latent import LatentDiffusion
from tests.engine.tiny import tiny_backbone
from tests.evaluate.folders import coco, dreambench

ROWS = ["ceiling", "closed-form", "floor"]
FEW = Asked(
    count=2,
    domains=("character",),
    methods=tuple(ROWS),
    pictures=2,
    edits=1,
    others=4,
    settings=Settings(steps=2),
)


@pytest.fixture(scope="module")
def backbone() -> LatentDiffusion:
    """One of this file's own, whatever others did to theirs."""
    return tiny_backbone()


def run(backbone: LatentDiffusion, asked: Asked, out: Path) -> Converters:
    *_, found = measure(backbone, asked, out)
    assert isinstance(found, Converters)
    return found


@pytest.fixture
def found(backbone: LatentDiffusion, tmp_path_factory: pytest.TempPathFactory) -> Converters:
    return run(backbone, FEW, tmp_path_factory.mktemp("kept"))


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of the batches that were sampled."""
    sizes: list[int] = []
    sampled = making.sampled

    def counted(*given: object) -> list[object]:
        made = sampled(*given)
        sizes.append(len(made))
        return made

    monkeypatch.setattr(making, "sampled", counted)
    return sizes


def bare(found: Converters) -> object:
    """The outcome without its timings."""
    text = found.model_dump(mode="json")
    for table in text["tables"]:
        for line in table["lines"]:
            line["figures"].pop("seconds", None)
            line["against"].pop("seconds", None)
    return text


def test_a_table_runs_from_the_ceiling_to_the_floor(found: Converters) -> None:
    (table,) = found.tables
    assert [line.method for line in table.lines] == ROWS
    assert (table.references, table.others, table.directions) == (2, 4, 1)
    base = table.line("closed-form")
    assert base is not None
    assert base.against == {}
    assert {"agreement", "clip_i", "edit_accuracy", "frechet", "seconds"} <= base.figures.keys()
    for line in table.lines:
        for figure in line.figures.values():
            assert figure.low <= figure.mean <= figure.high
    floor = table.line("floor")
    assert floor is not None
    assert "seconds" not in floor.figures
    assert floor.against["clip_i"].mean == pytest.approx(
        floor.figures["clip_i"].mean - base.figures["clip_i"].mean
    )


def test_a_stopped_run_goes_on_and_ends_as_an_unbroken_one(
    backbone: LatentDiffusion, found: Converters, batches: list[int], tmp_path: Path
) -> None:
    work = measure(backbone, FEW, tmp_path)
    for stage in work:
        assert not isinstance(stage, Converters)
        if "closed-form" in stage.name:
            break
    work.close()
    assert len(list(tmp_path.rglob("*.json"))) == 1
    assert batches == [6, 6]
    assert bare(run(backbone, FEW, tmp_path)) == bare(found)
    assert batches == [6, 6, 6, 6]
    assert bare(run(backbone, FEW, tmp_path)) == bare(found)
    assert len(batches) == 4


@pytest.mark.parametrize(
    "change",
    [
        {"settings": Settings(steps=3)},
        pytest.param({"split": "validation"}, marks=pytest.mark.slow),
        pytest.param({"edits": 2}, marks=pytest.mark.slow),
    ],
)
def test_other_settings_are_other_results(
    change: dict[str, object], backbone: LatentDiffusion, batches: list[int], tmp_path: Path
) -> None:
    few = Asked(**{**vars(FEW), "methods": ("floor",)})
    run(backbone, few, tmp_path)
    run(backbone, Asked(**{**vars(few), **change}), tmp_path)
    assert len(batches) == 2
    assert len(list(tmp_path.rglob("*.json"))) == 2


def test_a_kept_row_that_is_none_of_ours_is_named(
    backbone: LatentDiffusion, tmp_path: Path
) -> None:
    few = Asked(**{**vars(FEW), "methods": ("floor",)})
    run(backbone, few, tmp_path)
    (file,) = tmp_path.rglob("*.json")
    for text in ("[]", "{}", '{"row": {"domain": 1}}', "{"):
        file.write_text(text, "utf-8")
        with pytest.raises(LookalikeError) as fault:
            run(backbone, few, tmp_path)
        assert file.name in str(fault.value)


def test_a_kept_row_says_how_it_was_made(backbone: LatentDiffusion, tmp_path: Path) -> None:
    run(backbone, Asked(**{**vars(FEW), "methods": ("closed-form",)}), tmp_path)
    (file,) = tmp_path.rglob("*.json")
    kept = json.loads(file.read_text("utf-8"))
    assert kept["settings"]["model"] == backbone.sha256
    assert kept["settings"]["settings"]["steps"] == 2
    assert kept["settings"]["converter"] == "closed-form"
    row = Row.model_validate(kept["row"])
    assert row.scores["seconds"][0] is None  # what a method prepares once is no reference's
    assert len(row.references) == 2


def test_folders_of_photographs_are_judged_without_attributes(
    backbone: LatentDiffusion, tmp_path: Path
) -> None:
    for lay, edited in ((dreambench, True), (coco, False)):
        folder, done = lay(tmp_path / lay.__name__), list[Finished]()
        asked = Asked(**{**vars(FEW), "domains": (), "folder": folder})
        *_, found = measure(backbone, asked, tmp_path / "kept", done)
        assert isinstance(found, Converters)
        (table,) = found.tables
        assert len(table.skipped) == 1
        assert "agreement" not in table.columns
        assert {"clip_i", "clip_t", "diversity"} <= set(table.columns)
        assert ("edit_clip_i" in table.columns) == edited
        assert [one.method for one in done[0].kept] == ROWS


def test_every_row_has_a_converter_that_is_there() -> None:
    assert {row.converter for row in entrants()} - {""} <= set(converters.names())


def test_what_was_tuned_on_a_domain_is_judged_there_alone(tmp_path: Path) -> None:
    (tmp_path / "own.safetensors").write_bytes(b"")
    tuned = [row for row in entrants(tmp_path) if row.converter == "tuned"]
    assert [row.options["weights"] for row in tuned] == [str(tmp_path / "own.safetensors")]
    assert tuned[0].enters("own")
    assert not tuned[0].enters("character")
    assert not [row for row in entrants() if row.converter == "tuned"]


def test_rows_are_chosen_by_their_own_name_or_their_converters() -> None:
    rows = [who.Entrant("ceiling"), *(who.Entrant(f"closed {n}", "closed-form") for n in (1, 2))]
    assert chosen_entrants(["closed-form"], rows) == rows[1:]
    assert chosen_entrants(["closed 2"], rows) == rows[2:]
    assert chosen_entrants([], rows) == rows
    assert [one.name for one in chosen_entrants(["closed-form"], rows[:1])] == ["closed-form"]
    with pytest.raises(LookalikeError, match="did you mean closed-form"):
        chosen_entrants(["closed-from"], rows)
