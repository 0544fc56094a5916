"""The Python interface: `Session` keeps models warm and answers in plain objects."""

from lookalike.session.demo import Closeness, Demo
from lookalike.session.pictures import Picked
from lookalike.session.session import Session
from lookalike.session.work import Note, Run

__all__ = ["Closeness", "Demo", "Note", "Picked", "Run", "Session"]
