"""Every test runs with shapes and types checked at run time, and with few threads for torch."""

from __future__ import annotations

import os
import sys
import types
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from beartype import BeartypeConf, beartype
from jaxtyping import install_import_hook

_THREADS = int(os.environ.setdefault("OMP_NUM_THREADS", "2"))
"""Before torch is there: fixtures of whole modules run before those of tests, and sums of another
number of threads differ in the last bits."""

_HOME = find_spec("lookalike")
assert _HOME is not None
assert _HOME.submodule_search_locations is not None
_ROOMS = sorted(
    f"lookalike.{each.stem}"
    for place in _HOME.submodule_search_locations
    for each in Path(place).iterdir()
    if each.stem not in ("world", "__init__")
)
"""All but words and drawings, which have no shapes, and are asked for by the ten thousand."""

_CHECKER = "lookalike_shapes"  # the hook wants the name of a module and a function in it


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--shapes",
        action="store_true",
        default=True,
        dest="shapes",
        help="check the shapes and types in signatures at run time (default)",
    )
    parser.addoption(
        "--no-shapes", action="store_false", dest="shapes", help="do not check them: faster"
    )


def _check(function: Any) -> Any:
    """Check a function's calls against its signature; an int passes for a float (PEP 484)."""
    if "Self" in getattr(function, "__annotations__", {}).values():
        return function  # beartype resolves Self in whole classes alone, and the hook gives parts
    if function.__module__ == "lookalike.core.records":
        # Pydantic checks these itself; beartype draws from `random` to pick an item of a tuple,
        # and hypothesis, which makes such records, takes that amiss.
        return function
    return beartype(conf=BeartypeConf(is_pep484_tower=True))(function)


if "--no-shapes" not in sys.argv:
    # Now and not in `pytest_configure`: the conftests of folders that are named on the command
    # line are imported before it, and what they import would go unchecked.
    sys.modules[_CHECKER] = types.ModuleType(_CHECKER)
    vars(sys.modules[_CHECKER])["check"] = _check
    install_import_hook(_ROOMS, f"{_CHECKER}.check")


@pytest.fixture(autouse=True)
def _few_threads() -> None:
    """Set torch's threads once it is there; a test that needs no torch does not load it."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.get_num_threads() != _THREADS:
        torch.set_num_threads(_THREADS)
