"""Forms with files, read strictly: a field that is not known is refused, as in JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from lookalike.core.errors import OptionError
from lookalike.core.record import Record

R = TypeVar("R", bound=Record)
Files = Mapping[str, Sequence[bytes]]
MOST_FILES = 16


async def form(request: Request, kind: type[R], names: Sequence[str]) -> tuple[R, Files]:
    """A form as a record, and the files of some names; `image[]` is `image` too."""
    texts: dict[str, str] = {}
    files: dict[str, list[bytes]] = {}
    async with request.form(max_files=MOST_FILES, max_fields=64) as given:
        for said, value in given.multi_items():
            name = said.removesuffix("[]")
            if name not in names:
                texts[name] = value if isinstance(value, str) else "a file"
            elif isinstance(value, str):
                raise OptionError(f"{name} should be a file")
            else:
                files.setdefault(name, []).append(await value.read())
    try:
        return kind.model_validate(texts), files
    except ValidationError as fault:
        raise RequestValidationError(fault.errors(include_url=False)) from fault


def form_body(
    kind: type[Record], *, required: Sequence[str], optional: Sequence[str] = ()
) -> dict[str, Any]:
    """What the OpenAPI document says of such a form."""
    schema = kind.model_json_schema()
    file = {"type": "string", "format": "binary"}
    schema["properties"] |= dict.fromkeys((*required, *optional), file)
    schema["required"] = [*schema.get("required", []), *required]
    return {
        "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}
    }
