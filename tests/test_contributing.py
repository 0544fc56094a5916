"""CONTRIBUTING.md keeps its word: one new file in the folder is a method that works."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from lookalike import describe
from lookalike.core.errors import OptionError
from lookalike.core.registry import Registry
from lookalike.describe import Describer
from tests.contract.methods import (
    assert_it_says_what_it_does,
    assert_options_are_described,
    assert_wrong_options_are_refused,
)
from tests.engine.tiny import backbone

__all__ = ["backbone"]

TEXT = (Path(__file__).parents[1] / "CONTRIBUTING.md").read_text("utf-8")
MODULE = "lookalike.describe.colours"


def example() -> str:
    """The one fenced Python example."""
    (code,) = re.findall(r"^```python\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)
    return code


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry[Describer]]:
    """The describers, with the example in a file of its own beside them."""
    (tmp_path / "colours.py").write_text(example())
    monkeypatch.setattr(describe, "__path__", [*describe.__path__, str(tmp_path)])
    yield Registry("lookalike.describe", Describer, "lookalike.describers")
    sys.modules.pop(MODULE, None)
    if hasattr(describe, "colours"):
        delattr(describe, "colours")


def squares() -> list[Image.Image]:
    """A red picture with a little white, and a blue one twice as wide as high."""
    red = Image.new("RGB", (32, 32), "#ee1010")
    red.paste("#ffffff", (0, 0, 32, 8))
    return [red, Image.new("RGB", (64, 32), "#1010ee")]


def test_the_examples_file_is_found_beside_the_others(registry: Registry[Describer]) -> None:
    assert registry.names() == sorted({"colours", *describe.describers.names()})


def test_the_example_keeps_the_contract_of_its_options(registry: Registry[Describer]) -> None:
    assert_it_says_what_it_does("colours", registry.get("colours"))
    assert_options_are_described(registry.get("colours"))
    assert_wrong_options_are_refused(registry, "colours")
    with pytest.raises(OptionError, match="did you mean side"):
        registry.make("colours", {"sides": 4})


def test_the_example_describes_pictures(registry: Registry[Describer], backbone: object) -> None:
    describer = registry.make("colours", {"side": 8})
    found = describer.describe(backbone, squares(), 2)  # type: ignore[arg-type]
    assert [[one.text for one in ranked] for ranked in found] == [
        ["a red picture", "a white picture"],
        ["a blue picture", "a black picture"],
    ]
    first, second = found[0]
    assert (first.score, second.score) == (pytest.approx(0.75), pytest.approx(0.25))
    assert (first.by, first.aspect, found[1][0].aspect) == ("colours", "1:1", "2:1")


def test_the_entry_point_group_that_is_named_is_the_one_looked_in() -> None:
    assert f"`{describe.describers.group}`" in TEXT


def test_the_page_is_short() -> None:
    assert len(TEXT.split()) < 600
