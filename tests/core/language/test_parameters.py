"""Every version's parameters: their ranges at and beyond both ends, and what it lacks."""

from __future__ import annotations

import math

import pytest

from lookalike.core.errors import PromptError
from lookalike.core.language import PROFILES, Parameter, parameters, read
from lookalike.core.records import Settings

VERSIONS = [None, *PROFILES]
ALL = {parameter.name: parameter for parameter in parameters()}
CASES = [(version, parameter) for version in VERSIONS for parameter in parameters(version)]


def ids(case: object) -> str:
    return case.name if isinstance(case, Parameter) else str(case)


def said(version: str | None, *words: str) -> str:
    """A prompt with all that a parameter may need beside it."""
    named = version and (f"--{version}" if version.startswith("niji") else f"--v {version}")
    has = " ".join(words)
    needs = {"--sw": "--sref a.png", "--cw": "--cref a.png", "--ow": "--oref a.png"}
    return " ".join(filter(None, ["a cat", has, needs.get(words[0]), named]))


def beyond(parameter: Parameter) -> list[float]:
    assert parameter.low is not None
    assert parameter.high is not None
    if parameter.kind == "whole":
        return [parameter.low - 1, parameter.high + 1]
    return [math.nextafter(parameter.low, -math.inf), math.nextafter(parameter.high, math.inf)]


def spelled(value: float) -> str:
    return repr(int(value) if value == int(value) else value)


ranged = [
    (version, parameter) for version, parameter in CASES if parameter.kind in ("number", "whole")
]


@pytest.mark.parametrize(("version", "parameter"), ranged, ids=ids)
def test_both_ends_of_a_range_belong_to_it_and_nothing_beyond(
    version: str | None, parameter: Parameter
) -> None:
    for end in (parameter.low, parameter.high):
        assert end is not None
        prompt = read(said(version, f"--{parameter.name}", spelled(end)))
        assert getattr(prompt.settings, parameter.field) == end
    for outside in beyond(parameter):
        with pytest.raises(PromptError, match="lies outside") as caught:
            read(said(version, f"--{parameter.name}", spelled(outside)))
        assert spelled(outside)[:38] in str(caught.value)
        assert f"{parameter.high:.10g}" in str(caught.value)


chosen = [(version, parameter) for version, parameter in CASES if parameter.choices]


@pytest.mark.parametrize(("version", "parameter"), chosen, ids=ids)
def test_each_choice_is_taken_and_nothing_else(version: str | None, parameter: Parameter) -> None:
    alone = version if parameter.kind != "version" else None
    for choice in parameter.choices:
        prompt = read(said(alone, f"--{parameter.name}", choice))
        value = getattr(prompt.settings, parameter.field)
        assert choice in (f"{value:g}" if parameter.kind == "number" else value)
    other = "0.3" if parameter.kind == "number" else "nothing"
    with pytest.raises(PromptError, match=r" or |should be"):
        read(said(alone, f"--{parameter.name}", other))


@pytest.mark.parametrize("version", list(PROFILES))
def test_what_a_version_lacks_is_refused_by_name(version: str) -> None:
    known = {parameter.name for parameter in parameters(version)}
    value = {"pictures": " a.png", "flag": ""}
    for name in ALL.keys() - known:
        word = f" {ALL[name].choices[0]}" if ALL[name].choices else " 50"
        with pytest.raises(PromptError) as caught:
            read(said(version, f"--{name}{value.get(ALL[name].kind, word)}"))
        dashes = "--niji" if version.startswith("niji") else "--version"
        named = f"`{dashes} {version.removeprefix('niji ')}`"
        wanted = f"Invalid parameter: `--{name}` is not compatible with {named}\n"
        assert str(caught.value).startswith(wanted)


# What the versions are known for, apart from the table.
LACKING = {
    "4": {"iw", "tile", "weird", "sref", "sw", "cref", "cw", "oref", "ow"},
    "5": {"style", "sref", "sw", "cref", "cw", "oref", "ow"},
    "5.1": {"sref", "sw", "cref", "cw", "oref", "ow"},
    "5.2": {"sref", "sw", "cref", "cw", "oref", "ow"},
    "6": {"oref", "ow"},
    "6.1": {"oref", "ow"},
    "7": {"cref", "cw", "stop"},
    "niji 5": {"sref", "sw", "cref", "cw", "oref", "ow"},
    "niji 6": {"oref", "ow"},
}
IMAGE_WEIGHTS = {"5": 2, "5.1": 2, "5.2": 2, "6": 3, "6.1": 3, "7": 3, "niji 5": 2, "niji 6": 3}
RANGES = {
    "iw": (0, 3, 1),
    "sw": (0, 1000, 100),
    "cw": (0, 100, 100),
    "ow": (1, 1000, 100),
    "seed": (0, 4294967295, None),
    "chaos": (0, 100, 0),
    "stylize": (0, 1000, 100),
    "weird": (0, 3000, 0),
    "stop": (10, 100, 100),
    "repeat": (1, 40, 1),
}


def test_each_version_lacks_what_it_is_known_to_lack() -> None:
    lacking = {
        version: ALL.keys() - {parameter.name for parameter in parameters(version)}
        for version in PROFILES
    }
    assert lacking == LACKING


def test_image_weights_reach_as_far_as_each_version_lets_them() -> None:
    tops = {
        version: parameter.high
        for version in PROFILES
        for parameter in parameters(version)
        if parameter.name == "iw"
    }
    assert tops == IMAGE_WEIGHTS


@pytest.mark.parametrize("name", RANGES)
def test_ranges_and_defaults_are_the_known_ones(name: str) -> None:
    assert (ALL[name].low, ALL[name].high, ALL[name].default) == RANGES[name]


def test_every_setting_has_a_parameter_and_every_parameter_a_meaning() -> None:
    assert {parameter.field for parameter in ALL.values()} - {""} == set(Settings.model_fields)
    assert all(parameter.meaning.endswith(".") for parameter in ALL.values())


def test_our_own_parameters_are_marked() -> None:
    ours = {name for name, parameter in ALL.items() if parameter.ours}
    assert ours == {
        *("image", "region", "model", "adapter", "adapter-encoder"),
        *("pixels", "steps", "guidance", "count"),
    }


def test_a_version_that_is_none_is_named_with_those_there_are() -> None:
    with pytest.raises(PromptError, match="there is no version niji6; did you mean niji 6"):
        parameters("niji6")
