"""Importing does nothing: the package alone loads no model library and touches no disk."""

from __future__ import annotations

import subprocess
import sys

import pytest

LIGHT = [
    "lookalike",
    "lookalike.core.errors",
    "lookalike.core.files",
    "lookalike.core.language",
    "lookalike.core.library",
    "lookalike.core.pictures",
    "lookalike.core.pieces",
    "lookalike.core.presets",
    "lookalike.core.records",
    "lookalike.core.registry",
    "lookalike.session.source",
]


def python(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": "src"},
    ).stdout


def test_the_light_parts_of_core_load_no_model_library() -> None:
    code = f"import sys, {', '.join(LIGHT)}\n"
    code += "print([m for m in ('torch', 'diffusers', 'transformers') if m in sys.modules])"
    assert python(code).strip() == "[]"


def test_the_version_is_there_and_a_wrong_name_is_an_attribute_error() -> None:
    import lookalike

    assert lookalike.__version__.count(".") == 2
    assert "Session" in lookalike.__all__
    with pytest.raises(AttributeError, match="has no attribute 'Sesion'"):
        lookalike.Sesion  # noqa: B018
