"""Making the benchmark's pictures: the same seeds for all, no batch that mixes adjustments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest
import torch

from lookalike.core.adjustment import Adjustment
from lookalike.core.embedding import Embedding
from lookalike.core.records import Settings
from lookalike.engine.rows import sampled
from lookalike.evaluate import making
from lookalike.evaluate.editing import Edit
from lookalike.evaluate.entrants import FLOOR, Entrant
from lookalike.evaluate.making import SEED, Maker, learn, maker, pictured
from lookalike.evaluate.subjects import Subject, said
from lookalike.models.latent import LatentDiffusion
from tests.engine.tiny import noise_picture

STEPS = Settings(steps=2)
WEIGHT = "conv_in.bias"


def subjects(count: int, edits: int = 1) -> list[Subject]:
    texts = tuple(said(f"a red thing {n}") for n in range(edits))
    return [Subject(f"s{n}", (noise_picture(seed=n),), f"thing {n}", texts) for n in range(count)]


@dataclass
class Learner:
    """Learns an adjustment of each picture, and notes what it is asked for."""

    backbone: LatentDiffusion
    asked: list[str] = field(default_factory=list)
    known: dict[str, Adjustment] = field(default_factory=dict)

    def likeness(self, subject: Subject) -> Embedding:
        self.asked.append(f"{subject.name}: convert")
        bias = self.backbone.unet.state_dict()[WEIGHT]
        self.known[subject.name] = Adjustment({WEIGHT: bias + len(self.known) + 1})
        return self._read(subject, subject.caption)

    def edit(self, subject: Subject, edit: Edit) -> Embedding:
        self.asked.append(f"{subject.name}: {edit.words}")
        return self._read(subject, edit.words)

    def _read(self, subject: Subject, text: str) -> Embedding:
        return replace(self.backbone.embed([text]), adjustment=self.known[subject.name])


def seeds_of(
    made: Maker, backbone: LatentDiffusion, monkeypatch: pytest.MonkeyPatch
) -> list[list[int]]:
    """The seeds of each batch that a row is made in."""
    found: list[list[int]] = []

    def noted(
        of: LatentDiffusion, rows: Embedding, settings: Settings, seeds: Sequence[int]
    ) -> list[object]:
        found.append(list(seeds))
        return [noise_picture() for _ in seeds]

    monkeypatch.setattr(making, "sampled", noted)
    list(pictured(backbone, made, subjects(6, 2), 2, 2, STEPS))
    return found


def test_all_rows_have_the_same_seeds_however_they_are_batched(
    backbone: LatentDiffusion, monkeypatch: pytest.MonkeyPatch
) -> None:
    floor = seeds_of(maker(backbone, Entrant(FLOOR)), backbone, monkeypatch)
    ceiling = seeds_of(maker(backbone, Entrant("ceiling")), backbone, monkeypatch)
    learnt = seeds_of(Learner(backbone), backbone, monkeypatch)
    assert [len(batch) for batch in floor] == [20, 4]
    assert [len(batch) for batch in learnt] == [4] * 6
    for row in (floor, ceiling, learnt):
        assert [seed for batch in row for seed in batch] == list(range(SEED, SEED + 24))


def test_what_was_learnt_apart_is_made_apart_and_as_it_is_alone(backbone: LatentDiffusion) -> None:
    made, asked = Learner(backbone), subjects(2)
    shown = list(pictured(backbone, made, asked, 1, 1, STEPS))
    for place, subject in enumerate(asked):
        for row, picture, seed in (
            (made._read(subject, subject.caption), shown[place].likeness[0], SEED + 2 * place),
            (made._read(subject, "a red thing 0"), shown[place].edits[0], SEED + 2 * place + 1),
        ):
            with torch.no_grad():
                (alone,) = sampled(backbone, row, STEPS, [seed])
            difference = torch.tensor(list(alone.tobytes())) - torch.tensor(list(picture.tobytes()))
            assert difference.abs().max() <= 1  # a batch sums up in another order


def test_a_picture_is_converted_and_then_all_its_edits_are_before_the_next(
    backbone: LatentDiffusion, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Learner(backbone)
    seeds_of(made, backbone, monkeypatch)
    assert made.asked[:4] == [
        "s0: convert",
        "s0: a red thing 0",
        "s0: a red thing 1",
        "s1: convert",
    ]


def test_megabytes_are_those_of_the_vectors_and_of_the_additions(backbone: LatentDiffusion) -> None:
    one = learn(Learner(backbone), subjects(1)[0])
    tokens = one.likeness.tokens
    additions = backbone.unet.state_dict()[WEIGHT]
    assert one.megabytes == pytest.approx(4 * (tokens.numel() + additions.numel()) / 1e6)
    assert one.seconds >= 0
