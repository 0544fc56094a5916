"""Describers judged by the words that they find and the pictures that come of them."""

from __future__ import annotations

import json
from dataclasses import asdict
from itertools import islice
from pathlib import Path

import pytest
import torch
from PIL.Image import Image

from lookalike.core.errors import OptionError
from lookalike.core.records import Settings
from lookalike.engine.rows import sampled
from lookalike.evaluate import describing
from lookalike.evaluate.describing import (
    Describers,
    Method,
    judge_describers,
    methods_of,
)
from lookalike.evaluate.modifiers import Found, found, micro
from lookalike.evaluate.round_trip import Stage
from lookalike.models.latent import LatentDiffusion
from lookalike.world.look import Look, looks
from lookalike.world.render import render
from tests.engine.tiny import noise_picture

PLAIN = Settings(steps=1, guidance=1.0)
WORDS = ("red", "cat", "dog", "sky-blue")


@pytest.fixture
def quick(tmp_path: Path) -> dict[str, Method]:
    """Two ways to describe with a small bank: with one phrase, and with none."""
    bank = tmp_path / "bank.txt"
    bank.write_text("# frame\na photo\n# pets\na cat\na dog\n# colours\nred\nsky-blue\n")
    return {f"{n}": ("phrases", {"phrases": n, "bank": str(bank)}) for n in (1, 0)}


def silent(quick: dict[str, Method]) -> dict[str, Method]:
    return {"0": quick["0"]}


def truth(one: Look) -> str:
    return json.dumps({**asdict(one), "attributes": dict(one.attributes)})


def judged(
    backbone: LatentDiffusion,
    pictures: list[Image],
    prompts: list[str],
    truths: list[str | None],
    methods: dict[str, Method],
) -> tuple[list[Stage], Describers]:
    work = judge_describers(backbone, pictures, prompts, truths, WORDS, methods, 2, PLAIN)
    *stages, outcome = work
    assert isinstance(outcome, Describers)
    return [stage for stage in stages if isinstance(stage, Stage)], outcome


def test_words_are_counted_once_and_only_those_of_the_vocabulary() -> None:
    one = found("a Red, red cat, sky-blue", "a red dog on a blue sky", frozenset(WORDS))
    assert one == Found(said=3, true=2, both=1)
    assert (one.precision, one.recall, one.f1) == pytest.approx((1 / 3, 1 / 2, 2 / 5))


def test_nothing_said_has_no_precision_and_nothing_at_all_no_score() -> None:
    silent = found("a picture", "a red cat", frozenset(WORDS))
    assert (silent.precision, silent.recall, silent.f1) == (None, 0.0, 0.0)
    empty = found("a picture", "a house", frozenset(WORDS))
    assert (empty.precision, empty.recall, empty.f1) == (None, None, None)


def test_micro_figures_are_over_the_words_of_all_pictures() -> None:
    figures = micro([Found(4, 2, 2), Found(1, 3, 1), Found(0, 1, 0)])
    assert figures["micro_precision"].mean == pytest.approx(3 / 5)
    assert figures["micro_recall"].mean == pytest.approx(3 / 6)
    assert figures["micro_f1"].mean == pytest.approx(6 / 11)
    assert all(f.low < f.mean < f.high for f in figures.values())
    assert set(micro([Found(0, 2, 0)])) == {"micro_recall", "micro_f1"}


def test_every_method_is_judged_on_the_same_pictures(
    backbone: LatentDiffusion, quick: dict[str, Method]
) -> None:
    pictures = [noise_picture(seed=seed) for seed in range(3)]
    prompts = ["a red cat", "a dog", "a sky-blue dog"]
    stages, outcome = judged(backbone, pictures, prompts, [None] * 3, quick)
    assert (outcome.pictures, outcome.words, outcome.seeds) == (3, 4, 2)
    assert [row.method for row in outcome.rows] == ["1", "0"]
    first, second = outcome.rows
    assert {"recall", "micro_f1", "clip_i", "seconds"} <= first.figures.keys()
    assert "agreement" not in first.figures
    assert first.against == {}
    change = second.figures["clip_i"].mean - first.figures["clip_i"].mean
    assert second.against["clip_i"].mean == pytest.approx(change)
    assert first.figures["seconds"].low > 0
    assert {stage.name for stage in stages} == {
        f"{name}: {what}" for name in quick for what in ("describing", "pictures")
    }
    assert all(1 <= stage.done <= stage.of for stage in stages)


def test_likeness_is_the_mean_over_pictures_of_the_description(
    backbone: LatentDiffusion, quick: dict[str, Method], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(describing, "BATCH", 1)
    pictures = [noise_picture(seed=seed) for seed in range(2)]
    _, outcome = judged(backbone, pictures, ["red", "dog"], [None] * 2, silent(quick))
    by = describing.describers.make(*quick["0"])
    total = 0.0
    for row, picture in enumerate(pictures):
        embedding = backbone.embed([by.describe(backbone, [picture], 1)[0][0].text])
        seeds = [describing.SEED + run * 2 + row for run in range(2)]
        made = [sampled(backbone, embedding, PLAIN, [seed])[0] for seed in seeds]
        seen = backbone.clip.see([picture, *made]).projected
        total += float(torch.nn.functional.cosine_similarity(seen[:1], seen[1:]).sum())
    assert outcome.rows[0].figures["clip_i"].mean == pytest.approx(total / 4, abs=1e-3)


def test_attributes_that_the_picture_surely_shows_are_looked_for(
    backbone: LatentDiffusion, quick: dict[str, Method], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = list(islice(looks("test"), 2))
    pictures = [render(one, 64) for one in shown]
    monkeypatch.setattr(describing, "sampled", lambda *_: pictures)
    _, outcome = judged(
        backbone, pictures, ["red", "dog"], [truth(one) for one in shown], silent(quick)
    )
    assert outcome.rows[0].figures["agreement"].mean == 1.0
    monkeypatch.setattr(describing, "sampled", lambda *_: pictures[::-1])
    _, turned = judged(
        backbone, pictures, ["red", "dog"], [truth(one) for one in shown], silent(quick)
    )
    assert turned.rows[0].figures["agreement"].mean < 0.5


def test_a_truth_that_is_none_is_refused(
    backbone: LatentDiffusion, quick: dict[str, Method]
) -> None:
    with pytest.raises(OptionError, match="no look of the world"):
        judged(backbone, [noise_picture()], ["red"], ['{"style": 3}'], quick)


def test_methods_are_known_by_name_and_get_the_trained_weights() -> None:
    found = methods_of(["phrases", "interrogator-fast", "retrieval"], "w.safetensors")
    assert found["interrogator-fast"] == ("interrogator", {"mode": "fast"})
    assert found["phrases"] == ("phrases", {})
    assert found["retrieval"][1]["weights"] == "w.safetensors"
    with pytest.raises(OptionError, match="did you mean retrieval"):
        methods_of(["retrievel"])
