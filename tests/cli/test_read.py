"""Reading pictures on the command line: prompts for people and for programs, and embeddings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lookalike.core.embedding import Embedding, about
from lookalike.core.records import Settings
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
    assert [set(each) for each in found["descriptions"]] == [{"text", "score", "by", "parts"}] * 3


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


def test_verified_prompts_are_ranked_by_the_likeness_of_their_pictures(
    ask: Ask, picture: str, brief: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lookalike.session.verifying.Settings", lambda: Settings(steps=1))
    checked = ["describe", picture, "--count", "2", "--verify", "--verify-seeds", "1", *brief]
    [found] = json.loads(ask([*checked, "--json"]).out)
    likeness = [each["likeness"] for each in found["descriptions"]]
    assert len(likeness) == 2
    assert likeness == sorted(likeness, reverse=True)
    every = json.loads(ask(["describe", picture, "--count", "4", "--json", *brief]).out)
    texts = {each["text"] for each in every[0]["descriptions"]}
    assert {each["text"] for each in found["descriptions"]} < texts
    shown = ask(checked).out.splitlines()[1:]
    assert [line.split(maxsplit=2)[1:] for line in shown] == [
        [f"{each['likeness']:.3f}", each["text"]] for each in found["descriptions"]
    ]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--verify-seeds", "2"], "add --verify"),
        (["--verify", "--verify-seeds", "0"], "at least 1 picture"),
        (["--verify", "--verify-seeds", "99"], "0 to 16 pictures"),
    ],
)
def test_a_wrong_number_of_pictures_is_refused_in_one_line(
    ask: Ask, picture: str, brief: list[str], given: list[str], said: str
) -> None:
    answer = ask(["describe", picture, *given, *brief])
    assert answer.code == 2
    assert said in answer.err
    assert len(answer.err.splitlines()) == 1
