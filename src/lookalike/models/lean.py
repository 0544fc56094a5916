"""Imports without scipy and torchao: they take a second and 60 MB, and are asked for nothing here.

diffusers imports it for beta schedules, transformers for losses of object detection, both at once
and whether they are used or not. While they are imported, stand-ins take its place; whoever does
use it later through them gets the real one. torchao is not there for them at all: its weights are
none that we load, and who asks for int8 imports it then.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

SPARED = "scipy"
PARTS = ("integrate", "optimize", "stats")
"""What diffusers and transformers import of it."""
HIDDEN = "torchao"


def import_leanly(*names: str) -> None:
    """Import modules of diffusers and transformers, and leave scipy out where that can be.

    Raises:
        ImportError: one of them cannot be imported with scipy either.
    """
    with _hidden(HIDDEN):
        if SPARED not in sys.modules and find_spec(SPARED) is not None:
            try:
                with _stand_ins():
                    _import(names)
                return
            except (ImportError, AttributeError):
                pass  # one of them imports more of it than what stands in
        _import(names)


def _import(names: tuple[str, ...]) -> None:
    for name in names:
        import_module(name)


@contextmanager
def _hidden(name: str) -> Iterator[None]:
    """Let a package that was not imported yet not be there."""
    if name in sys.modules:
        yield
        return
    modules: dict[str, Any] = sys.modules
    modules[name] = None
    try:
        yield
    finally:
        del modules[name]


@contextmanager
def _stand_ins() -> Iterator[None]:
    """Put stand-ins where imports are looked up, and take them away again."""
    own: dict[str, ModuleType] = {SPARED: _StandIn(SPARED)}
    own |= {f"{SPARED}.{part}": _StandIn(f"{SPARED}.{part}") for part in PARTS}
    for name, module in own.items():
        module.__spec__ = find_spec(SPARED)  # who asks whether it is installed is told
        assert name not in sys.modules
    sys.modules |= own
    try:
        yield
    finally:
        for name, module in own.items():
            if sys.modules.get(name) is module:
                del sys.modules[name]


class _StandIn(ModuleType):
    """A module that is imported when something of it is used."""

    def __getattr__(self, name: str) -> _Deferred:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Deferred(self.__name__, name)


class _Deferred:
    """A function, a class or a module of a module, looked up when it is used."""

    def __init__(self, module: str, name: str) -> None:
        self._module, self._name = module, name

    def _real(self) -> Any:
        module = import_module(self._module)
        if not hasattr(module, self._name):
            return import_module(f"{self._module}.{self._name}")
        return getattr(module, self._name)

    def __call__(self, *args: Any, **options: Any) -> Any:
        return self._real()(*args, **options)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real(), name)
