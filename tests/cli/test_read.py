"""Reading pictures on the command line: prompts for people and for programs, and embeddings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lookalike.core.embedding import Embedding, about
from lookalike.session import Session
from tests.cli.conftest import Ask


@pytest.fixture
def brief(tiny: str) -> list[str]:
    """Options that make describing quick."""
    return ["--model", tiny, "--phrases", "1", "--beam", "1"]


def test_json_has_the_documented_fields(ask: Ask, picture: str, brief: list[str]) -> None:
    answer = ask(["describe", picture, "--count", "3", "--json", *brief])
    assert answer.code == 0
    [found] = json.loads(answer.out)
    assert list(found) == ["picture", "aspect", "model", "descriptions"]
    assert (found["picture"], found["aspect"], found["model"]) == (picture, "1:1", brief[1])
    assert [set(each) for each in found["descriptions"]] == [{"text", "score", "by"}] * 3


def test_prompts_differ_and_the_best_comes_first(ask: Ask, picture: str, brief: list[str]) -> None:
    found = json.loads(ask(["describe", picture, "--json", *brief]).out)[0]["descriptions"]
    assert len({each["text"] for each in found}) == 4
    scores = [each["score"] for each in found]
    assert scores == sorted(scores, reverse=True)


def test_people_see_what_programs_see(ask: Ask, picture: str, brief: list[str]) -> None:
    shown = ask(["describe", picture, *brief]).out
    found = json.loads(ask(["describe", picture, "--json", *brief]).out)[0]["descriptions"]
    assert shown.splitlines()[0] == f"{picture}  1:1"
    assert [line.split(maxsplit=1)[1] for line in shown.splitlines()[1:]] == [
        each["text"] for each in found
    ]


def test_the_command_says_what_the_session_says(ask: Ask, picture: str, brief: list[str]) -> None:
    found = json.loads(ask(["describe", picture, "--json", *brief]).out)[0]["descriptions"]
    [said] = Session(brief[1]).describe(picture, options={"phrases": 1, "beam": 1})
    assert [each["text"] for each in found] == [each.text for each in said]
    assert [each["score"] for each in found] == pytest.approx([each.score for each in said])


def test_an_embedding_is_written_with_its_space(ask: Ask, picture: str, tiny: str) -> None:
    answer = ask(["convert", picture, "--out", "new/e.safetensors", "--model", tiny])
    assert (answer.code, answer.out) == (0, "new/e.safetensors\n")
    stored = Embedding.load(Path("new/e.safetensors"))
    with Session(tiny).models.use(tiny) as backbone:
        assert stored.space == backbone.space
        assert stored.tokens.shape == (1, backbone.length, backbone.width)
    assert about(Path("new/e.safetensors"))["by"] == "closed-form"
