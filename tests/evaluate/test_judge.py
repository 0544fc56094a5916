"""The shipped judge: it knows every style's words, and reads drawings that it never saw."""

from __future__ import annotations

import pytest

from lookalike.evaluate.judge import accuracy
from lookalike.models.probe import Probe
from lookalike.models.spec import packaged
from lookalike.world.style import FOREIGN, foreign, foreign_values


@pytest.fixture(scope="module")
def judge() -> Probe:
    return Probe.load(packaged() / "judge")


def test_the_shipped_judge_reads_the_words_of_every_style(judge: Probe) -> None:
    assert {name: tuple(words) for name, words in judge.heads.items()} == foreign_values()


def test_the_judge_reads_held_out_drawings_of_every_foreign_style(judge: Probe) -> None:
    found = dict(accuracy(judge, 25))
    assert list(found) == ["world", *FOREIGN]
    for style in FOREIGN:
        names = {attribute.name for attribute in foreign()[style].attributes}
        assert found[style].keys() == {"mean", "style", *names}
        assert found[style]["style"] == 1.0
        assert found[style]["mean"] > 0.94
    assert found["world"]["style"] > 0.95
