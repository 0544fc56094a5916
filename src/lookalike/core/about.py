"""What a trained folder says of itself: one JSON record that names its own format."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from lookalike.core.errors import LookalikeError, ModelError
from lookalike.core.files import read_json
from lookalike.core.record import Record

R = TypeVar("R", bound=Record)


def about_of(folder: Path, file: str, kind: type[R], *, what: str) -> R:
    """The record in the `file` of a folder that should hold `what`, such as "reverse model".

    Raises:
        ModelError: there is none, or it cannot be read as such a record.
    """
    try:
        return kind.model_validate(read_json(folder / file))
    except ValidationError as fault:
        raise ModelError(f"{folder} has a {file} that this version cannot read") from fault
    except LookalikeError as fault:
        raise ModelError(f"{folder} holds no {what}: {fault}") from fault
