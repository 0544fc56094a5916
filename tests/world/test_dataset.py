"""Renderings on disk: drawn once, whole or not there, and read back as what they show."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lookalike.core.errors import OutputError
from lookalike.world import dataset as room
from lookalike.world.caption import caption
from lookalike.world.dataset import dataset, drawn, from_row, make, version
from lookalike.world.look import Look, looks
from lookalike.world.render import render

PIXELS = 16


class Renderer:
    """Counts what it renders, and stops a run where it is told to."""

    def __init__(self, stop_after: int | None = None) -> None:
        self.stop_after = stop_after
        self.seeds: list[int] = []

    def __call__(self, of: Look, pixels: int) -> Image.Image:
        if len(self.seeds) == self.stop_after:
            raise KeyboardInterrupt
        self.seeds.append(of.seed)
        return render(of, pixels)


@pytest.fixture
def small_shards(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Shards of four pictures."""
    monkeypatch.setattr(room, "SHARD", 4)
    return monkeypatch


def test_a_data_set_holds_the_pictures_of_its_looks_in_order(tmp_path: Path) -> None:
    data = dataset("train", 5, PIXELS, tmp_path, workers=1)
    assert data.looks == list(islice(looks("train"), 5))
    assert data.pictures.shape == (len(data), PIXELS, PIXELS, 3)
    for row, one in zip(data.pictures, data.looks, strict=True):
        assert np.array_equal(row, np.asarray(render(one, PIXELS)))


def test_shards_of_a_stopped_run_are_used_again(
    tmp_path: Path, small_shards: pytest.MonkeyPatch
) -> None:
    stopped = Renderer(stop_after=6)
    small_shards.setattr(room, "render", stopped)
    with pytest.raises(KeyboardInterrupt):
        dataset("train", 10, PIXELS, tmp_path, workers=1)
    second = Renderer()
    small_shards.setattr(room, "render", second)
    data = dataset("train", 10, PIXELS, tmp_path, workers=1)
    assert second.seeds == [one.seed for one in data.looks[4:]]
    assert np.array_equal(data.pictures[1], np.asarray(render(data.looks[1], PIXELS)))
    assert np.array_equal(data.pictures[9], np.asarray(render(data.looks[9], PIXELS)))


def test_a_lost_shard_alone_is_drawn_again(
    tmp_path: Path, small_shards: pytest.MonkeyPatch
) -> None:
    whole = dataset("train", 10, PIXELS, tmp_path, workers=1)
    next(tmp_path.glob("*/train-0000004-*.rgb")).unlink()
    again = Renderer()
    small_shards.setattr(room, "render", again)
    data = dataset("train", 10, PIXELS, tmp_path, workers=1)
    assert again.seeds == [one.seed for one in whole.looks[4:8]]
    assert np.array_equal(data.pictures, whole.pictures)


def test_a_data_set_is_drawn_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset("test", 3, PIXELS, tmp_path, workers=1)
    monkeypatch.setattr(room, "render", Renderer(stop_after=0))
    assert len(dataset("test", 3, PIXELS, tmp_path, workers=1)) == 3


def test_a_change_of_the_world_draws_its_pictures_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset("test", 3, PIXELS, tmp_path, workers=1)
    before = version()
    monkeypatch.setattr(room, "DRAWING", room.DRAWING + 1)
    version.cache_clear()
    again = Renderer()
    monkeypatch.setattr(room, "render", again)
    try:
        assert version() != before
        dataset("test", 3, PIXELS, tmp_path, workers=1)
    finally:
        monkeypatch.undo()
        version.cache_clear()
    assert len(again.seeds) == 3


@pytest.mark.slow
def test_worker_processes_draw_the_same_pictures_in_the_same_order() -> None:
    chosen = list(islice(looks("train"), 70))
    assert list(drawn(chosen, PIXELS, workers=2)) == list(drawn(chosen, PIXELS, workers=1))


def test_made_pictures_come_with_a_manifest_that_says_what_they_show(tmp_path: Path) -> None:
    out = tmp_path / "made"
    assert list(make("test", 4, PIXELS, out)) == [1, 2, 3, 4]
    manifest = json.loads((out / "manifest.json").read_text())
    assert (manifest["split"], manifest["world"]) == ("test", version())
    shown = [from_row(row) for row in manifest["rows"]]
    assert shown == list(islice(looks("test"), 4))
    for row, one in zip(manifest["rows"], shown, strict=True):
        assert row["caption"] == caption(one)
        with Image.open(out / row["picture"]) as picture:
            assert picture.tobytes() == render(one, PIXELS).tobytes()
    assert {p.name for p in out.iterdir()} == {
        "manifest.json",
        *(row["picture"] for row in manifest["rows"]),
    }


@pytest.mark.parametrize("fault", [KeyboardInterrupt, RuntimeError])
def test_a_failed_making_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: type[BaseException]
) -> None:
    def failing(of: Look, pixels: int) -> Image.Image:
        if of == list(islice(looks("test"), 3))[2]:
            raise fault
        return render(of, pixels)

    monkeypatch.setattr(room, "render", failing)
    with pytest.raises(fault):
        list(make("test", 4, PIXELS, tmp_path / "made"))
    assert list(tmp_path.iterdir()) == []


def test_a_making_that_is_not_run_to_its_end_leaves_nothing(tmp_path: Path) -> None:
    running = make("test", 4, PIXELS, tmp_path / "made")
    assert next(running) == 1
    running.close()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_holds_something_is_not_made_again(tmp_path: Path) -> None:
    (tmp_path / "kept.txt").write_text("mine")
    with pytest.raises(OutputError):
        list(make("test", 1, PIXELS, tmp_path))
    assert [p.name for p in tmp_path.iterdir()] == ["kept.txt"]
