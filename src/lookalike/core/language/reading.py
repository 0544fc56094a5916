"""A prompt's text, read into the record that everything else works from."""

from __future__ import annotations

import random
from collections.abc import Sequence

from lookalike.core.language.checks import (
    Warn,
    check_contents,
    check_known,
    check_once,
    check_weights,
)
from lookalike.core.language.escapes import refuse_braces
from lookalike.core.language.faults import complaint, fault
from lookalike.core.language.head import head, pictures_among_words
from lookalike.core.language.items import item_of, reference
from lookalike.core.language.parameters import fitted
from lookalike.core.language.profiles import FREE, PROFILES, Profile
from lookalike.core.language.texts import parts, plain_words
from lookalike.core.language.tokens import Said, cut, first_parameter
from lookalike.core.language.values import Value, value_of
from lookalike.core.records import Prompt, Reference, Settings


def read(
    text: str,
    *,
    strict: bool = True,
    chance: random.Random | None = None,
    warn: Warn | None = None,
) -> Prompt:
    """The prompt that `text` says: pictures, then words, then parameters.

    Args:
        text: A prompt without choices in braces; `expand` makes several texts of one with choices.
        strict: Whether `--sw`, `--cw` or `--ow` without its pictures is an error. Otherwise it is
            a warning, and the prompt keeps the weight.
        chance: Draws the code for `--sref random`; drawn anew by the system if None. The prompt
            holds the code, so that it makes the same picture again.
        warn: Called with each warning, as up to three lines like an error's; if None, warnings
            are dropped.

    Raises:
        PromptError: The text says nothing, or something that is wrong; the message names it, with
            the range and the nearest right name, and points at it.
    """
    text = text.encode(errors="replace").decode()  # a lone surrogate is no character: "?"
    refuse_braces(text)
    images, start = head(text)
    end = first_parameter(text, start)
    words = parts(text, start, end)
    said = cut(text, end)
    profile = _profile(said, text)
    listed = [reference(item, "image", text) for item in images]
    references = (*listed, *_references(said, text, chance))
    settings = _settings(said, profile, text)
    check_contents(words, references, said, text, (0, len(text[:end].rstrip())))
    tell = warn or _drop
    check_weights(said, references, text, None if strict else tell)
    _hint(said, references, (start, end), text, tell)
    return Prompt(parts=words, avoid=_avoid(said, text), references=references, settings=settings)


def _profile(said: Sequence[Said], text: str) -> Profile:
    """The version that the parameters name, once all of them are found to belong to it."""
    check_once(said, text)
    named = [each for each in said if each.parameter.kind == "version"]
    profile = PROFILES[_version(named[0], text)] if named else FREE
    check_known(said, profile, text)
    return profile


def _version(said: Said, text: str) -> str:
    number = value_of(said, FREE, text)
    return f"niji {number}" if said.parameter.name == "niji" else str(number)


def _settings(said: Sequence[Said], profile: Profile, text: str) -> Settings:
    given: dict[str, Value] = {}
    for each in said:
        parameter = fitted(each.parameter, profile)
        if parameter.kind == "version":
            given["profile"] = profile.name
        elif parameter.field:
            each = Said(parameter, each.name, each.values)
            given[parameter.field] = value_of(each, profile, text)
    return Settings.model_validate(given)


def _references(said: Sequence[Said], text: str, chance: random.Random | None) -> list[Reference]:
    found: list[Reference] = []
    for each in said:
        role = each.parameter.role
        if role is None:
            continue
        _need(each, "pictures", text)
        codes = role == "style"
        found += [
            reference(item_of(value), role, text, codes=codes, chance=chance)
            for value in each.values
        ]
    return found


def _avoid(said: Sequence[Said], text: str) -> str:
    for each in said:
        if each.parameter.kind == "words":
            _need(each, "words", text)
            return plain_words(each.values[0], text)
    return ""


def _need(said: Said, what: str, text: str) -> None:
    if not said.values:
        message = f"{said.parameter.said} needs a value: {what}"
        raise fault(message, text, said.name.start, len(said.name.text))


def _hint(
    said: Sequence[Said],
    references: Sequence[Reference],
    place: tuple[int, int],
    text: str,
    warn: Warn,
) -> None:
    """Warn of what can be read but is hardly meant."""
    for word in pictures_among_words(text, *place):
        message = "this is read as words; pictures stand before them"
        warn(complaint(message, text, word.start, len(word.text)))
    images = any(reference.role == "image" for reference in references)
    for each in said:
        if each.parameter.name == "iw" and not images:
            message = "`--iw` without pictures at the head weighs nothing"
            warn(complaint(message, text, each.name.start, len(each.name.text)))


def _drop(warning: str) -> None:
    """Nobody asked for warnings."""
