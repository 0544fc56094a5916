"""One file in a folder adds a method; options are checked and explained in one line."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import ClassVar

import pytest
from pydantic import Field

from lookalike.core import registry as module
from lookalike.core.errors import OptionError
from lookalike.core.registry import Method, Registry


class Painter(Method):
    """Base of the methods that these tests look for."""


class Foreign(Painter):
    """What a plugin would bring."""

    name: ClassVar[str] = "foreign"
    summary: ClassVar[str] = "Comes from elsewhere."


BASE = "from tests_painters_base import Field, Painter\n"
OIL = (
    BASE
    + """
class Oil(Painter):
    name = "oil"
    summary = "Paints with oil."
    layers: int = Field(default=3, ge=1, le=9, description="How many layers of paint.")
    ground: str = Field(default="linen", description="What it is painted on.")
"""
)
INK = BASE + 'class Ink(Painter):\n    name = "ink"\n    summary = "Draws with ink."\n'


@pytest.fixture
def painters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> str:
    """A package with two methods, a helper and a base, importable under its own name."""
    name = f"painters_{abs(hash(request.node.name))}"
    folder = tmp_path / name
    folder.mkdir()
    files = {"__init__": "", "oil": OIL, "ink": INK, "brushes": "HAIRS = 7\n", "base": BASE}
    for file, text in files.items():
        (folder / f"{file}.py").write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setitem(sys.modules, "tests_painters_base", sys.modules[__name__])
    return name


def find(package: str) -> Registry[Painter]:
    return Registry(package, Painter, "lookalike.painters")


def add(painters: str, file: str, text: str) -> None:
    folder = Path(sys.path[0]) / painters
    (folder / f"{file}.py").write_text(text)


def test_every_file_with_a_method_is_found(painters: str) -> None:
    assert find(painters).names() == ["ink", "oil"]
    assert find(painters).get("oil").summary == "Paints with oil."


def test_a_new_file_is_a_new_method(painters: str) -> None:
    add(painters, "chalk", INK.replace("ink", "chalk").replace("Ink", "Chalk"))
    assert find(painters).names() == ["chalk", "ink", "oil"]


def test_nothing_is_imported_before_it_is_asked_for(painters: str) -> None:
    registry = find(painters)
    assert f"{painters}.oil" not in sys.modules
    registry.names()
    assert f"{painters}.oil" in sys.modules


def test_options_are_taken_also_as_text(painters: str) -> None:
    oil = find(painters).make("oil", {"layers": "5"})
    assert oil.model_dump() == {"layers": 5, "ground": "linen"}


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"layers": 10}, "oil: layers = 10: it should be less than or equal to 9"),
        ({"layers": "many"}, "oil: layers = 'many': it should be a valid integer"),
        ({"layer": 2}, "oil: there is no option layer; did you mean layers?"),
        ({"zzz": 2}, "oil: there is no option zzz"),
    ],
)
def test_a_wrong_option_is_one_line(painters: str, options: dict[str, object], line: str) -> None:
    with pytest.raises(OptionError) as caught:
        find(painters).make("oil", options)
    assert str(caught.value).startswith(line)
    assert "\n" not in str(caught.value)


def test_an_unknown_method_names_the_nearest_and_all(painters: str) -> None:
    with pytest.raises(OptionError) as caught:
        find(painters).get("oyl")
    wanted = "there is no painter oyl; did you mean oil? (there are: ink, oil)"
    assert str(caught.value) == wanted


def test_two_files_of_one_name_are_an_error(painters: str) -> None:
    add(painters, "second", INK)
    with pytest.raises(TypeError, match="are called ink"):
        find(painters).names()


def test_two_methods_in_one_file_are_an_error(painters: str) -> None:
    add(painters, "second", INK + INK.replace("Ink", "Two").replace('"ink"', '"two"'))
    with pytest.raises(TypeError, match="more than one painter"):
        find(painters).names()


def plug(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    point = EntryPoint(name, value, "lookalike.painters")
    monkeypatch.setattr(module, "entry_points", lambda *, group: [point])


def test_a_plugin_is_found(painters: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plug(monkeypatch, "foreign", "tests_painters_base:Foreign")
    assert find(painters).names() == ["foreign", "ink", "oil"]
    assert find(painters).make("foreign", {}) == Foreign()


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("no_such_module:X", "the plugin bad cannot be loaded"),
        ("builtins:dict", r"the plugin bad \(builtins:dict\) is no painter"),
    ],
)
def test_a_broken_plugin_harms_itself_alone(
    painters: str, monkeypatch: pytest.MonkeyPatch, value: str, line: str
) -> None:
    plug(monkeypatch, "bad", value)
    registry = find(painters)
    assert registry.make("ink", {}).summary == "Draws with ink."
    with pytest.raises(OptionError, match=line):
        registry.get("bad")


def test_a_plugin_cannot_take_the_name_of_a_method(
    painters: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plug(monkeypatch, "ink", "tests_painters_base:Foreign")
    with pytest.raises(OptionError, match="defined twice"):
        find(painters).get("ink")


def test_an_option_needs_a_description() -> None:
    with pytest.raises(TypeError, match="layers of Bare has no description"):

        class Bare(Method):
            layers: str = Field(default="")


@pytest.mark.parametrize("bound", [{}, {"ge": 1}, {"lt": 9}])
@pytest.mark.parametrize("kind", [int, float, int | None])
def test_a_number_needs_a_bound_on_either_side(kind: type, bound: dict[str, int]) -> None:
    field = Field(default=3, description="Some number.", **bound)
    with pytest.raises(TypeError, match="size of Odd lacks a bound"):
        type("Odd", (Method,), {"__annotations__": {"size": kind}, "size": field})


def test_a_method_needs_a_summary() -> None:
    with pytest.raises(TypeError, match="has no summary"):

        class Silent(Method):
            name = "silent"
