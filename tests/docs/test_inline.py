"""What pages name in the midst of a sentence is there: commands, options, targets, benchmarks."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pytest
import typer
from typer.core import TyperCommand as Command

from benchmarks.pages.commands import every
from lookalike.cli.app import app
from lookalike.cli.methods import MethodCommand, RestyleCommand
from lookalike.core.language import parameters
from lookalike.restyle.options import Restyle
from tests.docs.blocks import PAGES, ROOT, blocks, title

PAIRED = ("imagine", "story")
"""Commands that take the prompt language's parameters as well."""


@cache
def commands() -> dict[str, frozenset[str]]:
    """Every command's options, by its words."""
    found = every(typer.main.get_command(app))
    return {path.partition(" ")[2]: options(path, command) for path, command in found}


def options(path: str, command: Command) -> frozenset[str]:
    own = {name for each in command.params for name in [*each.opts, *each.secondary_opts]}
    if path.split()[-1] in PAIRED:
        own |= {f"--{name}" for each in parameters() for name in (each.name, *each.aliases)}
    return frozenset({*own, *grown(command), "--help"})


def grown(command: Command) -> set[str]:
    """Options of all methods that a command knows."""
    if isinstance(command, RestyleCommand):
        return flags(Restyle.model_fields)
    if not isinstance(command, MethodCommand):
        return set()
    registry = command.registry()
    return {flag for name in registry.names() for flag in flags(registry.get(name).model_fields)}


def flags(fields: Iterable[str]) -> set[str]:
    names = [name.replace("_", "-") for name in fields]
    return {flag for name in names for flag in (f"--{name}", f"--no-{name}")}


def named(page: Path, begins: str) -> list[str]:
    """Pieces of code in the midst of sentences and tables that begin so."""
    prose = re.sub(r"^ *```.*?^ *```", "", page.read_text("utf-8"), flags=re.DOTALL | re.M)
    return re.findall(rf"(?<!`)`({begins}[^`\n]*)`(?!`)", prose)


@pytest.mark.parametrize("page", PAGES, ids=title)
def test_a_command_that_a_page_names_exists_with_its_options(page: Path) -> None:
    for said in named(page, "lookalike "):
        words = re.sub(r'"[^"]*"', "TEXT", said).split()[1:]
        if words[0].startswith("--") or words[0].isupper():
            continue
        name = next((n for n in (" ".join(words[:2]), words[0]) if n in commands()), None)
        group = any(each.startswith(f"{words[0].rstrip(',')} ") for each in commands())
        assert name or group, said
        asked = set(re.findall(r"(?<![\w-])--[a-z][\w-]*", " ".join(words)))
        assert name is None or asked <= commands()[name], said


@pytest.mark.parametrize("page", PAGES, ids=title)
def test_a_target_or_a_benchmark_that_a_page_names_exists(page: Path) -> None:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert {said.split()[1] for said in named(page, "make ")} <= set(targets)
    for said in named(page, "python -m benchmarks"):
        place = ROOT / said.split()[2].replace(".", "/")
        assert place.with_suffix(".py").exists() or (place / "__main__.py").exists(), said


@pytest.mark.parametrize("page", PAGES, ids=title)
def test_a_file_of_the_repository_that_a_page_names_exists(page: Path) -> None:
    written = {block.detail for block in blocks(page) if block.kind == "file"}
    for said in named(page, "(?:src|docs|examples|tests|benchmarks)/"):
        assert re.search(r"[*…]|\.\.\.", said) or (ROOT / said).exists() or said in written, said
