"""Whether what the studio stands on is installed, said in one line where it is not."""

from __future__ import annotations

from importlib.util import find_spec

from lookalike.core.errors import OptionError

_NEEDED = ("fastapi", "multipart", "sqlalchemy", "uvicorn")


def check_extra() -> None:
    """Raise `OptionError` where a package of the extra lacks."""
    if missing := [name for name in _NEEDED if find_spec(name) is None]:
        raise OptionError(
            f"the studio needs {', '.join(missing)}, which is not there: "
            'pip install "lookalike[studio]"'
        )
