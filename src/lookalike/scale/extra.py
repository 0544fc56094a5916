"""The packages of the extra `scale`: asked for by name before they are needed."""

from __future__ import annotations

from importlib.util import find_spec

from lookalike.core.errors import OptionError


def check_extra(package: str, need: str) -> None:
    """Raise OptionError, of one line, where `package` is not there for what `need` says."""
    if find_spec(package) is None:
        raise OptionError(
            f'{need} needs {package}, which is not there: pip install "lookalike[scale]"'
        )
