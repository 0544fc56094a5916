"""The benchmark runs every way back over the same pictures, and says what came out."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from lookalike.core.records import Prompt, Settings
from lookalike.engine.plan import noise, text_plan
from lookalike.engine.run import run
from lookalike.evaluate import mini_report, penultimate, round_trip, samples
from lookalike.evaluate.mini_report import Outcome, report
from lookalike.evaluate.round_trip import RoundTrip, Row, Stage, end_states, measure
from lookalike.evaluate.samples import held_out, in_batches, made, plain
from lookalike.models.latent import LatentDiffusion
from lookalike.models.probe import Probe, ProbeNet
from lookalike.world.look import looks, split
from lookalike.world.render import render
from lookalike.world.style import values

PLAIN = Settings(steps=1, count=1, guidance=1.0)
WAYS = ["ceiling", "end-state", "closed-form", "description", "floor"]


@pytest.fixture(scope="module")
def probe() -> Probe:
    """A probe that has learnt nothing."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Probe(ProbeNet(values(), (8, 8), 32))


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the describer says in place of a search: the caption of a known look."""
    text = "a person with tan skin, sunglasses, micah style"
    monkeypatch.setattr(round_trip, "_described", lambda _, pictures: [text] * len(pictures))
    return [text]


def test_the_benchmark_measures_every_way_over_the_same_pictures(
    backbone: LatentDiffusion, probe: Probe, told: list[str]
) -> None:
    *stages, outcome = measure(backbone, probe, 2, PLAIN)
    assert isinstance(outcome, RoundTrip)
    assert [row.name for row in outcome.rows] == WAYS
    assert outcome.pictures == 2
    shown = {name for one in held_out("test", 2, 8).looks for name in one.values}
    for row in outcome.rows:
        assert row.attributes.keys() == shown
        assert all(0 <= value <= 1 for value in row.attributes.values())
    assert 0 <= outcome.description_f1 < 1
    assert {stage.name for stage in stages if isinstance(stage, Stage)} == {"describing", *WAYS}
    assert all(isinstance(stage, Stage) and 1 <= stage.done <= stage.of == 2 for stage in stages)


def test_a_description_that_states_the_caption_scores_one(
    backbone: LatentDiffusion, probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = iter(looks("test"))
    monkeypatch.setattr(
        round_trip, "_described", lambda _, pictures: [round_trip.caption(next(known))]
    )
    *_, outcome = measure(backbone, probe, 1, PLAIN)
    assert isinstance(outcome, RoundTrip)
    assert outcome.description_f1 == 1.0


def test_half_way_lies_between_floor_and_ceiling() -> None:
    rows = tuple(Row(name=n, mean=m, attributes={}) for n, m in (("ceiling", 0.9), ("floor", 0.3)))
    made_of = {"model": "m", "model_sha256": "", "pictures": 1, "settings": Settings()}
    assert RoundTrip(rows=rows, description_f1=0.0, **made_of).halfway == pytest.approx(0.6)


def test_end_states_keep_the_start_and_fill_the_rest_with_the_end(
    backbone: LatentDiffusion,
) -> None:
    texts = ["a cat", "a very small dog in the rain"]
    whole, reduced = backbone.embed(texts), end_states(backbone, texts)
    for row, end in enumerate(backbone.ends(texts).tolist()):
        assert torch.equal(reduced.tokens[row, 0], whole.tokens[row, 0])
        assert bool((reduced.tokens[row, 1:] == whole.tokens[row, end]).all())


def test_held_out_pictures_are_the_first_of_their_split() -> None:
    shown = held_out("validation", 2, 16)
    assert {split(one) for one in shown.looks} == {"validation"}
    assert shown.looks[0] == next(looks("validation"))
    assert [p.tobytes() for p in shown.pictures] == [render(o, 16).tobytes() for o in shown.looks]


def test_row_i_is_made_from_seed_plus_i_across_batches(
    backbone: LatentDiffusion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(samples, "BATCH", 2)
    texts = ["a cat", "a dog", "a bird"]
    pictures = list(made(backbone, backbone.embed(texts), PLAIN, seed=10))
    assert len(pictures) == 3
    alone = text_plan(backbone, Prompt.of("a bird", settings=PLAIN), [12])
    assert torch.equal(alone.start, noise(backbone, [12], (32, 32)))
    assert pictures[2].tobytes() == run(backbone, alone)[0].tobytes()
    assert len({picture.tobytes() for picture in pictures}) == 3


def test_the_floor_is_the_empty_prompt(backbone: LatentDiffusion) -> None:
    floor = plain(backbone, 3)
    assert len(floor) == 3
    assert bool((floor.tokens == backbone.embed([""]).tokens).all())


def test_batches_hold_every_picture_once_in_order() -> None:
    shown = held_out("test", 5, 8).pictures
    assert [len(batch) for batch in in_batches(shown, 2)] == [2, 2, 1]
    assert [p for batch in in_batches(shown, 2) for p in batch] == shown


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports over a handful of pictures."""
    monkeypatch.setattr(mini_report, "RETRIEVAL", 3)
    monkeypatch.setattr(mini_report, "GRID", PLAIN)
    monkeypatch.setattr(mini_report, "_captions", lambda which, count: ["a cat", "a dog"])
    monkeypatch.setattr(penultimate, "TEXTS", 20)


def test_the_report_has_every_figure_of_minis_table(
    backbone: LatentDiffusion, probe: Probe, few: None
) -> None:
    *_, outcome = report(backbone, probe, 2, PLAIN)
    assert isinstance(outcome, Outcome)
    figures = outcome.report.figures
    wanted = {"vae.psnr", "clip.r1", "clip.r5", "attributes.mean", "probe.mean"}
    wanted |= {"seconds.grid", "combinations.mean", "end_state.mean"}
    assert wanted <= figures.keys()
    shares = figures.keys() - {"vae.psnr", "seconds.grid"}
    assert all(0 <= figures[key] <= 1 for key in shares), figures
    assert figures["clip.r5"] == 1.0  # of three
    assert figures["seconds.grid"] > 0


def test_the_two_ways_for_penultimate_states_are_compared(
    backbone: LatentDiffusion, few: None
) -> None:
    found: Any = penultimate.compare(backbone, 3)
    assert all(-1 <= value <= 1 for value in (found.inverse, found.regression, found.ceiling))
    assert found.ceiling > 0.9  # tiny towers give nearly the same state for every text
