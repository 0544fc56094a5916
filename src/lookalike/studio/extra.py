"""Whether what the studio stands on is installed, said in one line where it is not."""

from __future__ import annotations

from lookalike.core.extras import check_packages

_NEEDED = ("fastapi", "multipart", "sqlalchemy", "uvicorn")


def check_extra() -> None:
    """Raise `OptionError` where a package of the extra lacks."""
    check_packages("studio", "the studio", *_NEEDED)
