"""A mini is grown from nothing, unattended, and what is done is not done again."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import pytest

from lookalike.core.errors import ModelError
from lookalike.mini import growing as growings
from lookalike.mini.fitting import FITTED, fitted_steps, shortened
from lookalike.mini.growing import OUT, STAGES, Growing, grow
from lookalike.mini.recipe import PARTS, MiniRecipe, read_recipe
from lookalike.mini.training import train_part
from lookalike.train.loop import Step
from tests.mini.conftest import Place

ROOT = Path(__file__).parents[2]


class Rehearsed(Growing):
    """Processes that note what they are asked, and do nothing."""

    ends = 0

    def command(self, *words: str) -> list[str]:
        note = f"open({str(self.run / 'said.txt')!r}, 'a').write({' '.join(words)!r} + chr(10))"
        lasts = "import time; time.sleep(0.6)" if words[:2] == ("train", "unet") else "pass"
        return [sys.executable, "-c", f"{note}; {lasts}; print('{{}}'); exit({self.ends})"]


def said(run: Path) -> list[str]:
    return [" ".join(line.split()[:2]) for line in (run / "said.txt").read_text().splitlines()]


@pytest.fixture
def rehearsed(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Rehearsed:
    """A run in which checkpoints seem to be there, and parts are never done."""
    monkeypatch.setattr(growings, "_done", lambda *_: False)
    (tmp_path / "unet").mkdir()
    (tmp_path / "unet" / growings.NAME).touch()
    return Rehearsed("tiny.toml", tmp_path, place.data, exporting=0.2)


def test_parts_come_in_the_order_in_which_they_stand_on_one_another(
    rehearsed: Rehearsed, place: Place
) -> None:
    lines = list(grow(rehearsed, place.recipe, 1))
    told = said(rehearsed.run)
    assert sorted(told[:3]) == ["train clip", "train probe", "train vae"]
    assert told[3] == "train unet"
    assert told[-1].startswith("report")
    assert lines[0] == "drawing pictures"
    assert lines[-1].startswith(f"wrote {rehearsed.run / OUT}")
    assert json.loads((rehearsed.run / OUT / "report.json").read_text()) == {}


def test_what_the_unet_has_learnt_is_exported_on_the_way(
    rehearsed: Rehearsed, place: Place
) -> None:
    list(grow(rehearsed, place.recipe, 1))
    assert len([each for each in said(rehearsed.run) if each.startswith("export")]) >= 2


def test_a_part_that_fails_ends_it_all_in_one_line(
    rehearsed: Rehearsed, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Rehearsed, "ends", 1)
    with pytest.raises(ModelError, match="failed; the same command goes on") as raised:
        list(grow(rehearsed, place.recipe, 1))
    assert "\n" not in str(raised.value)


def test_what_is_trained_is_not_trained_again(
    rehearsed: Rehearsed, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(growings, "_done", lambda folder, part, recipe: part != "unet")
    list(grow(rehearsed, place.recipe, 1))
    assert said(rehearsed.run)[0] == "train unet"


def test_every_part_has_its_stage_and_all_time_is_given_away() -> None:
    assert sorted(part for stage in STAGES for part in stage) == sorted(PARTS)
    first = growings._share(0, 100.0)
    second = growings._share(1, 100.0 - first)
    assert first + second + growings.END * 100 == pytest.approx(100.0)
    assert growings._share(0, -1.0) == 0


def test_a_shorter_training_keeps_its_stages() -> None:
    whole = read_recipe("draft").clip
    half = shortened(whole, whole.schedule.steps // 2)
    assert half.schedule.steps == whole.schedule.steps // 2
    assert half.schedule.rate == whole.schedule.rate
    assert (half.alone, half.aligned) == (whole.alone // 2, whole.aligned // 2)


@pytest.mark.slow
def test_a_part_is_fitted_to_its_time_once_and_goes_on_like_that(
    place: Place, tmp_path: Path
) -> None:
    told = place.recipe.vae.schedule.model_copy(update={"steps": 10**6})
    long = place.recipe.model_copy(
        update={"vae": place.recipe.vae.model_copy(update={"schedule": told})}
    )

    def steps() -> list[Step]:
        run = train_part("vae", long, tmp_path, place.data, seconds=0.5)
        return list(run)

    began = time.monotonic()
    done = steps()
    assert fitted_steps(tmp_path / "vae") == len(done) < 10**5
    assert time.monotonic() - began < 60
    assert steps() == []
    (tmp_path / "vae" / FITTED).unlink()
    assert fitted_steps(tmp_path / "vae") is None


@pytest.mark.slow
def test_a_whole_mini_grows_from_nothing(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rehearsal: every command for real, with captions drawn ahead as for a GPU."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "src"))
    text = Path(__file__).with_name("tiny.toml").read_text()
    text = text.replace("told = 3", "told = 2\ncaptions = 2")
    (tmp_path / "own.toml").write_text(text.replace("layers = 1\nhead", "captions = 2\nhead"))
    recipe: MiniRecipe = read_recipe(str(tmp_path / "own.toml"))
    assert (recipe.clip.captions, recipe.unet.captions) == (2, 2)
    run = tmp_path / "run"
    growing = Growing(str(tmp_path / "own.toml"), run, place.data, log=0.5, judged=8)
    list(grow(growing, recipe, 2))
    found = json.loads((run / OUT / "report.json").read_text())
    assert {"vae.psnr", "clip.r1", "clip.r5", "attributes.mean", "probe.mean"} <= found.keys()
    assert (run / OUT / "mini" / "model_index.json").exists()
    before = {path: path.stat().st_mtime_ns for path in run.rglob("checkpoint.safetensors")}
    assert len(before) == 4
    list(grow(growing, recipe, 2))
    assert before == {path: path.stat().st_mtime_ns for path in before}
