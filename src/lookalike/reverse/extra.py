"""The packages of the extra `reverse`: asked for by name before they are needed."""

from __future__ import annotations

from lookalike.core.extras import check_packages


def check_extra(package: str, need: str) -> None:
    """Raise OptionError, of one line, where `package` is not there for what `need` says."""
    check_packages("reverse", need, package)
