"""The pages that are written from code and figures are what these give today."""

from __future__ import annotations

import re

import pytest

from benchmarks.pages import DOCS, PAGES, commands, interface
from lookalike.convert import converters
from lookalike.describe import describers
from lookalike.refer import mechanisms
from lookalike.session import Session


@pytest.mark.parametrize("name", PAGES)
def test_a_written_page_is_what_the_code_gives(name: str) -> None:
    assert (DOCS / name).read_text("utf-8") == PAGES[name](), "python -m benchmarks.pages writes it"


def test_every_method_has_its_heading() -> None:
    headings = re.findall(r"^### (.+)$", PAGES["methods.md"](), re.MULTILINE)
    for registry in (describers, converters, mechanisms):
        assert set(registry.names()) <= set(headings)


def test_every_verb_of_a_session_has_its_signature_and_a_sentence() -> None:
    text = interface.page()
    for name in (name for name in dir(Session) if not name.startswith("_")):
        [said] = re.findall(rf"^#### Session\.{name}\n\n(.*?)(?=^#|\Z)", text, re.DOTALL | re.M)
        assert len(said.split("```")[-1].strip()) > 20, name


def test_every_group_of_commands_is_on_the_page() -> None:
    heads = re.findall(r"^## lookalike (\S+)", commands.page(), re.MULTILINE)
    assert {"imagine", "reverse", "characters", "evaluate", "world", "mini"} <= set(heads)
