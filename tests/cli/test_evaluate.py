"""The benchmark on the command line."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import Ask


@pytest.mark.slow
def test_the_round_trip_has_a_floor_a_ceiling_and_what_lies_between(ask: Ask) -> None:
    answer = ask(["evaluate", "round-trip", "--json", "--count", "4", "--steps", "4"])
    assert answer.code == 0, answer.err
    found = json.loads(answer.out)
    names = [row["name"] for row in found["rows"]]
    assert {"ceiling", "closed-form", "description", "floor"} <= set(names)
    means = {row["name"]: row["mean"] for row in found["rows"]}
    assert found["halfway"] == pytest.approx((means["floor"] + means["ceiling"]) / 2)
    assert 0 <= found["description_f1"] <= 1


def test_the_two_ways_for_the_layer_before_the_last_are_compared(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lookalike.evaluate.penultimate.TEXTS", 20)
    answer = ask(["evaluate", "penultimate", "--count", "4", "--json"])
    assert answer.code == 0, answer.err
    found = json.loads(answer.out)
    assert set(found) == {"inverse", "regression", "ceiling"}
    assert all(-1 <= value <= 1 for value in found.values())
    assert "cosine" in ask(["evaluate", "penultimate", "--count", "4"]).out
