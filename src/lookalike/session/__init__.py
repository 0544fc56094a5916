"""The Python interface: `Session` keeps models warm and answers in plain objects."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lookalike.session.demo import Closeness, Demo
    from lookalike.session.pictures import Picked
    from lookalike.session.session import Session
    from lookalike.session.work import Note, Run

__all__ = ["Closeness", "Demo", "Note", "Picked", "Run", "Session"]

_HOMES = {
    "Closeness": "demo",
    "Demo": "demo",
    "Note": "work",
    "Picked": "pictures",
    "Run": "work",
    "Session": "session",
}


def __getattr__(name: str) -> Any:
    """Each on first use, so that opening a source (`lookalike save`) loads no model library."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
