"""A prompt record, written as text that is read back as the same record."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile

from lookalike.core.errors import PromptError
from lookalike.core.language.escapes import escape, quote
from lookalike.core.language.head import head
from lookalike.core.language.items import plain_number, write_item
from lookalike.core.language.parameters import Parameter, table
from lookalike.core.language.reading import read
from lookalike.core.language.texts import guard, write_parts
from lookalike.core.records import Prompt, Reference, Settings

_PLAIN_NAME = re.compile(r"[\w.@+/:][\w.@+/:-]*")


def write(prompt: Prompt, *, strict: bool = True) -> str:
    """The text that says `prompt`, on one line: `read(write(prompt)) == prompt`.

    Pictures come first, then the words, then each parameter that differs from its default, in the
    order of the table of parameters. Whatever the language would understand otherwise is escaped.

    Args:
        prompt: The prompt.
        strict: As for `read`, which must be as strict to read the text.

    Raises:
        PromptError: The prompt is not valid, and `read` would refuse its text: it shows nothing,
            a part of it has no words, a setting lies outside its version's range, …
    """
    images, listed = _images(prompt.references)
    parameters = _parameters(prompt, listed)
    text = _joined([*images, write_parts(prompt.parts), *parameters])
    if prompt.parts and _misread(text, len(images)):
        text = _joined([*images, write_parts(prompt.parts, guard), *parameters])
    if read(text, strict=strict) != prompt:
        raise PromptError("this prompt holds something that cannot be said in words")
    return text


def _joined(pieces: Sequence[str]) -> str:
    return " ".join(piece for piece in pieces if piece)


def _misread(text: str, images: int) -> bool:
    """Whether the first of the words would be read as one more picture."""
    try:
        return len(head(text)[0]) != images
    except PromptError:
        return True


def _images(references: Sequence[Reference]) -> tuple[list[str], list[Reference]]:
    """The pictures that can stand at the head, and the references left for parameters.

    From the first picture on that does not look like one, they are listed, to keep their order.
    """
    images = (write_item(each) for each in references if each.role == "image")
    said = list(takewhile(lambda item: not _misread(item, 1), images))
    return said, list(references[len(said) :])


def _parameters(prompt: Prompt, references: Sequence[Reference]) -> list[str]:
    written = (_parameter(entry, prompt, references) for entry in table().values())
    return [f"--{line}" for line in written if line]


def _parameter(parameter: Parameter, prompt: Prompt, references: Sequence[Reference]) -> str:
    """A parameter and its value without hyphens; empty where there is nothing to say."""
    name = parameter.name
    if parameter.kind == "words":
        return f"{name} {escape(prompt.avoid)}" if prompt.avoid else ""
    if parameter.role is not None:
        if name in ("cref", "oref") and (name == "oref") != (prompt.settings.profile == "7"):
            return ""
        items = [write_item(each) for each in references if each.role == parameter.role]
        return " ".join([name, *items]) if items else ""
    return _setting(parameter, prompt.settings)


def _setting(parameter: Parameter, settings: Settings) -> str:
    value = getattr(settings, parameter.field)
    if value == parameter.default:
        return ""
    if parameter.kind == "flag":
        return parameter.name
    if parameter.kind == "version":
        return _version(parameter.name, str(value))
    if parameter.kind == "name":
        return f"{parameter.name} {_word(value)}"
    return f"{parameter.name} {plain_number(value) if isinstance(value, float) else value}"


def _version(name: str, profile: str) -> str:
    niji = profile.startswith("niji ")
    if niji != (name == "niji"):
        return ""
    return f"{name} {_word(profile.removeprefix('niji '))}"


def _word(value: str) -> str:
    """A single value, in quotes where it needs them."""
    return value if _PLAIN_NAME.fullmatch(value) else quote(value)
