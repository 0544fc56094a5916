"""Data sets that are made or drawn: the same pictures however often the making was stopped."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from PIL.Image import Image

from lookalike.core.embedding import Embedding
from lookalike.core.errors import LookalikeError, OptionError, OutputError
from lookalike.core.files import sha256
from lookalike.core.records import Settings
from lookalike.models.backbone import Backbone
from lookalike.models.latent import LatentDiffusion
from lookalike.reverse import drawing, making
from lookalike.reverse.drawing import draw
from lookalike.reverse.making import Made, Making, make, name_of, recipe_of
from lookalike.reverse.manifest import NAME, Manifest, read
from lookalike.reverse.prompts import Asked
from lookalike.world.dataset import from_row

ASKED = [Asked("a red cat"), Asked("a blue dog", '{"style": "x"}'), Asked("a fish, 8k")]
SETTINGS = Settings(steps=1, guidance=1.0)
TOTAL = 6


def recipe(backbone: LatentDiffusion, seed: int = 4) -> Making:
    return recipe_of(backbone, ASKED, seeds=2, seed=seed, settings=SETTINGS)


def run(backbone: LatentDiffusion, folder: Path) -> Iterator[Made]:
    return make(backbone, ASKED, recipe(backbone), folder)


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "BATCH", 4)


@pytest.fixture(scope="module")
def whole(backbone: LatentDiffusion, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set that nobody stopped; not to be changed by a test."""
    folder = tmp_path_factory.mktemp("data") / "whole"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(making, "BATCH", 4)
        assert [made.done for made in run(backbone, folder)] == [0, 4, 6]
    return folder


def test_a_data_set_has_a_picture_of_each_prompt_for_each_seed(
    whole: Path, backbone: LatentDiffusion
) -> None:
    found = read(whole)
    assert found.prompts == [one.prompt for one in ASKED for _ in range(2)]
    assert found.column("seed") == list(range(4, 10))
    assert found.column("truth") == [one.truth for one in ASKED for _ in range(2)]
    assert {found.picture(row).size for row in range(TOTAL)} == {(32, 32)}
    assert set(found.column("width")) == {backbone.pixels}
    assert len({sha256(path) for path in found.paths}) == TOTAL


@pytest.mark.parametrize("stop", range(TOTAL))
def test_a_data_set_stopped_after_any_picture_goes_on_as_if_unbroken(
    backbone: LatentDiffusion,
    tmp_path: Path,
    whole: Path,
    monkeypatch: pytest.MonkeyPatch,
    stop: int,
) -> None:
    saved: list[str] = []

    def saves(limit: int) -> None:
        def save(picture: Image, path: Path) -> None:
            if len(saved) == limit:
                raise KeyboardInterrupt
            save_picture(picture, path)
            saved.append(path.relative_to(folder).as_posix())

        monkeypatch.setattr(making, "save_picture", save)

    save_picture, folder = making.save_picture, tmp_path / "data"
    saves(stop)
    with pytest.raises(KeyboardInterrupt):
        list(run(backbone, folder))
    assert not (folder / NAME).exists()
    saves(TOTAL)
    first, *rest = [made.done for made in run(backbone, folder)]
    assert (first, rest[-1]) == (stop, TOTAL)
    assert saved == [name_of(row) for row in range(TOTAL)]
    assert sha256(folder) == sha256(whole)


def test_pictures_are_made_in_the_same_company_however_often_the_making_was_stopped(
    backbone: LatentDiffusion, tmp_path: Path, whole: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A batch of another size may differ in the last bits of its sums, and so in a picture.
    folder = tmp_path / "data"
    list(run(backbone, folder))
    for row in (0, 2, 5):
        (folder / name_of(row)).unlink()
    together: list[list[int]] = []
    sampled = making.sampled

    def told(
        model: Backbone, told: Embedding, settings: Settings, seeds: Sequence[int]
    ) -> list[Image]:
        together.append(list(seeds))
        return sampled(model, told, settings, seeds)

    monkeypatch.setattr(making, "sampled", told)
    assert [made.done for made in run(backbone, folder)] == [3, 5, 6]
    assert together == [[4, 5, 6, 7], [8, 9]]
    assert sha256(folder) == sha256(whole)


def test_a_finished_data_set_is_left_as_it_is(backbone: LatentDiffusion, whole: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in whole.rglob("*")}
    assert [made.done for made in run(backbone, whole)] == [TOTAL]
    assert {path: path.stat().st_mtime_ns for path in whole.rglob("*")} == before


def test_a_folder_of_another_recipe_or_of_something_else_is_refused(
    backbone: LatentDiffusion, tmp_path: Path, whole: Path
) -> None:
    before = sha256(whole)
    with pytest.raises(OutputError, match="another recipe; name another --out"):
        next(make(backbone, ASKED, recipe(backbone, seed=5), whole))
    assert sha256(whole) == before
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(OutputError, match="something else is there"):
        next(run(backbone, tmp_path))
    with pytest.raises(OutputError, match="something else is there"):
        next(run(backbone, tmp_path / "notes.txt"))
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_damaged_recipe_is_named(backbone: LatentDiffusion, tmp_path: Path) -> None:
    (tmp_path / making.RECIPE).write_text("{")
    with pytest.raises(LookalikeError, match=r"making\.json is not readable JSON"):
        next(run(backbone, tmp_path))


def test_the_last_seed_is_followed_by_the_first(backbone: LatentDiffusion, tmp_path: Path) -> None:
    last = recipe(backbone, seed=2**32 - 1)
    list(make(backbone, ASKED, last, tmp_path / "data"))
    assert read(tmp_path / "data").column("seed") == [2**32 - 1, 0, 1, 2, 3, 4]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    folder = tmp_path_factory.mktemp("drawn") / "data"
    assert list(draw("test", 3, 24, folder, "micah")) == [1, 2, 3]
    return read(folder)


def test_a_drawing_shows_what_its_row_says(drawn: Manifest) -> None:
    looks = [from_row(json.loads(each)) for each in drawn.column("truth")]
    assert {one.style for one in looks} == {"micah"}
    assert [one.seed for one in looks] == drawn.column("seed")
    assert {drawn.picture(row).size for row in range(3)} == {(24, 24)}
    assert set(drawn.column("sampler")) == {drawing.SAMPLER}


def test_drawings_that_are_stopped_leave_nothing(tmp_path: Path) -> None:
    work = draw("test", 3, 24, tmp_path / "data", None)
    next(work)
    work.close()
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_drawn_is_said_before_anything_is_written(
    tmp_path: Path, drawn: Manifest
) -> None:
    with pytest.raises(OptionError, match="there is no style micha; did you mean micah"):
        next(draw("test", 1, 24, tmp_path / "data", "micha"))
    with pytest.raises(OutputError, match="cannot write"):
        next(draw("test", 1, 24, drawn.folder, None))
    assert list(tmp_path.iterdir()) == []
