"""Options that are read off the fields of the method that is asked for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lookalike.convert import converters
from lookalike.describe import describers
from tests.cli.conftest import Ask


@pytest.mark.parametrize(
    ("command", "registry"), [("describe", describers), ("convert", converters)]
)
def test_every_field_of_a_method_is_an_option_with_its_sentence(
    ask: Ask, command: str, registry: object
) -> None:
    for name in registry.names():  # type: ignore[attr-defined]
        shown = " ".join(ask([command, "--by", name, "--help"]).out.split())
        for field, about in registry.get(name).model_fields.items():  # type: ignore[attr-defined]
            assert f"--{field.replace('_', '-')}" in shown
            assert " ".join(about.description.split()) in shown


@pytest.mark.parametrize("given", [["--by", "fraises"], ["--by=fraises"]])
def test_an_unknown_method_is_refused_and_the_nearest_named(ask: Ask, given: list[str]) -> None:
    answer = ask(["describe", "a.png", *given])
    assert answer.code == 2
    assert answer.err.startswith("lookalike: there is no describer fraises")
    assert "phrases" in answer.err


def test_a_methods_option_reaches_the_method(ask: Ask, tiny: str, picture: str) -> None:
    Path("bank.txt").write_text("# frame\na sketch\n# things\nof a square\nof a moose\n")
    line = ["describe", picture, "--model", tiny, "--json", "--count", "2", "--bank", "bank.txt"]
    found = json.loads(ask(line).out)[0]["descriptions"]
    assert [each["text"].split(",")[0] for each in found] == ["a sketch", "a sketch"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--phrases", "99"], "phrases"),
        (["--phrases", "few"], "phrases"),
        (["--brank", "x"], "bank"),
    ],
)
def test_a_wrong_option_of_a_method_is_refused(
    ask: Ask, tiny: str, picture: str, given: list[str], said: str
) -> None:
    answer = ask(["describe", picture, "--model", tiny, *given])
    assert answer.code == 2
    assert answer.err.count("\n") == 1
    assert said in answer.err


def test_a_choice_of_a_method_is_kept_in_the_recipe(ask: Ask, tiny: str, picture: str) -> None:
    small = ["--model", tiny, "--steps", "1", "--count", "1"]
    made = ask(["vary", picture, "--fit", "pad", *small]).out.strip()
    assert json.loads(ask(["recipe", made, "--json"]).out)["options"]["by.fit"] == "pad"
    assert ask(["vary", picture, "--fit", "stretch", *small]).code == 2
