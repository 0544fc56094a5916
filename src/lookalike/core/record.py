"""What all records share: frozen, strict about names, and errors that are one line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict

from lookalike.core.errors import did_you_mean

if TYPE_CHECKING:
    from pydantic import ValidationError


def _whole(text: str) -> str:
    return text.encode(errors="replace").decode()


Text = Annotated[str, AfterValidator(_whole)]
"""Text that any file can hold: lone surrogates, which odd file names have, become "?"."""


class Record(BaseModel):
    """Frozen data that is also JSON; unknown names and numbers that are not finite are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def explain(fault: ValidationError, known: Iterable[str]) -> str:
    """The first complaint of a pydantic error as one line: which option, what is wrong with it."""
    return explain_first(fault.errors(include_url=False)[0], known)


def explain_first(first: Mapping[str, Any], known: Iterable[str]) -> str:
    """One of pydantic's complaints as one line; see `explain`."""
    name = ".".join(str(step) for step in first["loc"])
    if first["type"] == "extra_forbidden":
        return f"there is no option {name}{did_you_mean(name, known)}"
    message = first["msg"].removeprefix("Value error, ")
    message = message[max(0, message.find("should")) :]
    if first["type"] == "missing" or not name:
        return f"{name or 'the whole'}: {message[0].lower()}{message[1:]}"
    return f"{name} = {_short(first['input'])}: it {message}"


def _short(value: object, limit: int = 60) -> str:
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"
