"""One text with choices in braces, as all the prompts that it stands for."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lookalike.core.errors import PromptError
from lookalike.core.language.escapes import PAIR
from lookalike.core.language.faults import fault

MOST = 40
"""How many prompts one text may stand for."""

_DEEPEST = 20  # braces within braces; also bounds the work that a text can ask for
_MARK = re.compile(rf"{PAIR}|[{{}},]", re.DOTALL)

_Texts = list[list[str]]  # prompts, each as the pieces that it is made of


def _one_blank() -> _Texts:
    return [[]]


@dataclass
class _Group:
    """A pair of braces, half read: its finished choices, and the one that is being read."""

    start: int
    done: _Texts = field(default_factory=list[list[str]])
    current: _Texts = field(default_factory=_one_blank)


def expand(text: str) -> list[str]:
    r"""Every prompt that `text` stands for: `a {red, blue} bird` is two, in the order written.

    Several braces make every combination, the last changing first. Braces may stand in braces, up
    to 20 deep, and anywhere in a prompt: `--ar {1:1, 3:2}`. White space around a choice goes. The
    escapes ``\,`` ``\{`` ``\}`` stay as they are, for `read` to undo; a text without braces comes
    back as it is.

    Raises:
        PromptError: A brace has no partner, a pair is empty, braces stand too deep, or the text
            stands for more than 40 prompts.
    """
    groups = [_Group(0)]
    at = 0
    for mark in _MARK.finditer(text):
        if mark[0] not in "{},":
            continue
        _add(groups[-1], text[at : mark.start()])
        at = mark.end()
        _follow(groups, mark[0], text, mark.start())
    if len(groups) > 1:
        raise fault("this brace is never closed", text, groups[-1].start)
    _add(groups[0], text[at:])
    return ["".join(pieces) for pieces in groups[0].current]


def _follow(groups: list[_Group], mark: str, text: str, at: int) -> None:
    """Open a group, close one, or begin its next choice; a comma outside braces is a comma."""
    if mark == "{":
        if len(groups) > _DEEPEST:
            raise fault(f"braces stand in braces {_DEEPEST} deep at most", text, at)
        groups.append(_Group(at))
    elif len(groups) == 1:
        if mark == "}":
            raise fault(r"nothing opened this brace; write \} for a plain one", text, at)
        _add(groups[0], mark)
    elif mark == ",":
        _finish(groups[-1], text)
    else:
        _close(groups, text, at)


def _add(group: _Group, piece: str) -> None:
    for pieces in group.current:
        pieces.append(piece)


def _finish(group: _Group, text: str) -> None:
    """End the choice that is being read."""
    group.done += [["".join(pieces).strip()] for pieces in group.current]
    group.current = [[]]
    if len(group.done) > MOST:
        raise _too_many(text, group.start)


def _close(groups: list[_Group], text: str, at: int) -> None:
    """Put every choice of the innermost group behind every text of the one around it."""
    inner = groups.pop()
    _finish(inner, text)
    if inner.done == [[""]]:
        raise fault("these braces offer nothing", text, inner.start, at - inner.start + 1)
    outer = groups[-1]
    if len(outer.current) * len(inner.done) > MOST:
        raise _too_many(text, inner.start)
    if len(inner.done) == 1:
        _add(outer, inner.done[0][0])
    else:
        outer.current = [[*before, *choice] for before in outer.current for choice in inner.done]


def _too_many(text: str, start: int) -> PromptError:
    return fault(f"this stands for more than {MOST} prompts; offer fewer choices", text, start)
