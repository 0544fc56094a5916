"""Pages taken apart: their fenced blocks and hidden set-up, in order, with what each is marked as.

Marks are comments on the line before a fence, unseen on the site:

    <!-- quick -->             the default tests run it too; the rest runs with the slow ones
    <!-- wrong -->             what it asks for is refused; `quick, wrong` is both
    <!-- output -->            what the block before printed; `…` stands for anything
    <!-- output: about -->     the same, but for the numbers in it
    <!-- signature -->         a call as it is written in a file, to be read and not run
    <!-- file: NAME -->        the block is a file that the blocks below use

and anywhere on a page, on lines of their own:

    <!-- test                  hidden set-up in Python, until the comment's end
    <!-- brief: vary: --steps 2 -->    what commands that begin so are given besides
    <!-- stand-in: THIS -> THAT -->    what blocks below say is read as something else
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]
Kind = Literal[
    "setup", "brief", "stand-in", "shell", "python", "output", "file", "signature", "unknown"
]

RUNS: Mapping[str, Literal["shell", "python"]] = {
    "sh": "shell",
    "console": "shell",
    "python": "python",
}
"""Languages that are run; blocks of any other are output or files."""

NAMED: Mapping[str, Kind] = {"output": "output", "file": "file", "signature": "signature"}
"""What a mark makes of a block, whatever its language."""

_PIECE = re.compile(
    r"^<!-- test\n(?P<setup>.*?)^-->$"
    r"|^<!-- brief: (?P<verbs>[^:\n]+): (?P<more>[^\n]+) -->$"
    r"|^<!-- stand-in: (?P<this>[^\n]+) -> (?P<that>[^\n]+) -->$"
    r"|(?:^<!-- (?P<mark>[a-z, ]+)(?:: (?P<detail>[^\n]+))? -->\n)?"
    r"^(?P<indent> *)```(?P<language>[\w-]*)[^\n`]*\n(?P<code>.*?)^(?P=indent)```$",
    re.DOTALL | re.MULTILINE,
)


@dataclass(frozen=True)
class Block:
    """One piece of a page that says or does something, and where it stands."""

    kind: Kind
    text: str
    place: str
    detail: str = ""
    language: str = ""
    quick: bool = False
    wrong: bool = False


def title(page: Path) -> str:
    """How a page is called in messages: its path from the repository's root."""
    return page.relative_to(ROOT).as_posix() if page.is_relative_to(ROOT) else page.name


def blocks(page: Path) -> Iterator[Block]:
    """The page's pieces in order."""
    text = page.read_text("utf-8")
    for found in _PIECE.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        yield _block(found, f"{title(page)}:{line}")


def _block(found: re.Match[str], place: str) -> Block:
    if found["setup"] is not None:
        return Block("setup", found["setup"], place, quick=True)
    if found["verbs"]:
        return Block("brief", found["more"], place, found["verbs"].strip(), quick=True)
    if found["this"]:
        return Block("stand-in", found["that"], place, found["this"], quick=True)
    return _fence(found, place)


def _fence(found: re.Match[str], place: str) -> Block:
    language, marks = found["language"], (found["mark"] or "").split(", ")
    code = re.sub(rf"^{found['indent']}", "", found["code"], flags=re.MULTILINE)
    kind: Kind = RUNS.get(language, "unknown")
    kind = NAMED.get(marks[0], kind)
    quick, wrong = "quick" in marks, "wrong" in marks
    return Block(kind, code, place, found["detail"] or "", language, quick, wrong)
