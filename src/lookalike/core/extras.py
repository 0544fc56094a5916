"""Packages of an extra: asked for by name before they are needed."""

from __future__ import annotations

from importlib.util import find_spec

from lookalike.core.errors import OptionError


def check_packages(extra: str, need: str, *packages: str) -> None:
    """Raise OptionError, of one line, where one of `packages` is not there for what `need` says."""
    if missing := [name for name in packages if find_spec(name) is None]:
        raise OptionError(
            f"{need} needs {', '.join(missing)}, which is not there: "
            f'pip install "lookalike[{extra}]"'
        )
