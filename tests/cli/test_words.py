"""Words weighed and presets listed on the command line."""

from __future__ import annotations

import json
import sys

import pytest

from lookalike.core.presets import presets
from tests.cli.conftest import Ask

PROMPT = "one two three, four five --ar 3:2"


def test_each_word_has_its_share_and_shorter_prompts_follow(ask: Ask, tiny: str) -> None:
    line = ["shorten", PROMPT, "--model", tiny, "--levels", "1"]
    found = json.loads(ask([*line, "--json"]).out)
    assert [each["text"] for each in found["pieces"]] == ["one", "two", "three", "four", "five"]
    answer = ask(line)
    assert (answer.code, answer.err) == (0, "")
    head, *rest = answer.out.splitlines()
    weak = found["prompts"][-1]["dropped"] if found["prompts"] else []
    for number, each in enumerate(found["pieces"]):
        assert (f"~~{each['text']}~~" in head) == (number in weak)
        assert f"{each['share']:.0%}" in next(row for row in rest if row.startswith(each["text"]))
    for each in found["prompts"]:
        assert any(row.endswith(f"{each['keeps']:.0%}  {each['text']}") for row in rest)
    assert found["prompts"]


def test_on_a_terminal_weak_words_are_struck_through(
    ask: Ask, tiny: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    answer = ask(["shorten", PROMPT, "--model", tiny, "--levels", "1"])
    assert "\x1b[" in answer.out.splitlines()[0]
    assert "~~" not in answer.out


def test_phrases_are_weighed_where_that_is_asked_for(ask: Ask, tiny: str) -> None:
    line = ["shorten", PROMPT, "--model", tiny, "--levels", "1", "--by", "phrases", "--json"]
    assert [p["text"] for p in json.loads(ask(line).out)["pieces"]] == [
        "one two three",
        "four five",
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["  "], "empty"),
        (["a cat --srf ink.png"], "did you mean --sref?"),
        (["a.png b.png"], "no words"),
        (["a cat", "--levels", "0"], "noise levels"),
        (["a cat", "--by", "letters"], "phrases"),
    ],
)
def test_what_cannot_be_shortened_is_refused(
    ask: Ask, tiny: str, words: list[str], said: str
) -> None:
    answer = ask(["shorten", *words, "--model", tiny])
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err


def test_all_presets_are_listed(ask: Ask) -> None:
    rows = ask(["presets"]).out.splitlines()
    assert len(rows) == len(presets())
    for row, each in zip(rows, presets(), strict=True):
        assert row.startswith(each.name)
        assert row.endswith(each.summary)
    found = json.loads(ask(["presets", "--json"]).out)
    assert found == [each.model_dump() for each in presets()]
