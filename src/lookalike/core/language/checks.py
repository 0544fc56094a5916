"""What must hold between the pieces of a prompt: what excludes what, and what needs what."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from lookalike.core.errors import PromptError
from lookalike.core.language.faults import complaint, fault
from lookalike.core.language.profiles import Profile
from lookalike.core.language.tokens import Said
from lookalike.core.records import Part, Reference, Role

Warn = Callable[[str], None]
"""Takes each warning as up to three lines, like the message of an error."""

# Names of one slot: two of a group exclude each other.
_SLOTS = ({"v", "niji"}, {"cref", "oref"})
_WEIGHTS: dict[str, tuple[Role, str]] = {
    "sw": ("style", "sref"),
    "cw": ("character", "cref"),
    "ow": ("character", "oref"),
}


def check_once(said: Sequence[Said], text: str) -> None:
    """Raise `PromptError` at a parameter that is there already, or whose slot is taken."""
    seen: set[str] = set()
    for each in said:
        name = each.parameter.name
        if name in seen:
            raise _at(each, f"{each.parameter.said} is here a second time; say it once", text)
        seen.add(name)
        taken = next((slot & seen for slot in _SLOTS if slot <= seen), None)
        if taken:
            first, second = sorted(taken)
            raise _at(each, f"`--{first}` and `--{second}` exclude each other; keep one", text)


def check_known(said: Sequence[Said], profile: Profile, text: str) -> None:
    """Raise `PromptError` at a parameter that the version does not know."""
    for each in said:
        if each.parameter.name in profile.lacks:
            message = f"{each.parameter.said} is not compatible with `{profile.said}`"
            raise _at(each, f"Invalid parameter: {message}", text)


def check_weights(
    said: Sequence[Said], references: Sequence[Reference], text: str, warn: Warn | None
) -> None:
    """A weight of pictures needs pictures; without `warn` it is an error, else a warning."""
    roles = {reference.role for reference in references}
    for each in said:
        role, needed = _WEIGHTS.get(each.parameter.name, (None, ""))
        if role is not None and role not in roles:
            message = f"{each.parameter.said} without `--{needed}` weighs nothing"
            if warn is None:
                raise _at(each, f"{message}; add `--{needed}` or leave it out", text)
            warn(complaint(message, text, each.name.start, len(each.name.text)))


def check_contents(
    parts: Sequence[Part],
    references: Sequence[Reference],
    said: Sequence[Said],
    text: str,
    place: tuple[int, int],
) -> None:
    """A prompt shows something: words, words and pictures, or two pictures or more.

    Args:
        parts: The words.
        references: The pictures, of every role.
        said: The parameters.
        text: The prompt as it was written.
        place: Where in it the pictures and words begin and end.

    Raises:
        PromptError: It shows nothing, one picture alone, references that need words without words,
            or its weights do not sum to more than nothing.
    """
    images = [reference for reference in references if reference.role == "image"]
    if not parts:
        _check_pictures(len(images), said, text, place)
    weighed: Sequence[Part | Reference] = parts or images
    total = math.fsum(each.weight for each in weighed)
    if total <= 0:
        message = f"the weights sum to {total:g}; their sum should be more than 0"
        raise fault(message, text, place[0], place[1] - place[0])


def _check_pictures(images: int, said: Sequence[Said], text: str, place: tuple[int, int]) -> None:
    for each in said:
        if each.parameter.kind == "pictures" and each.parameter.role != "image":
            message = f"{each.parameter.said} needs words that say what the picture should show"
            raise _at(each, message, text)
    if images == 0:
        raise fault("the prompt is empty; say what the picture should show", text, place[0])
    if images == 1:
        message = "one picture alone is no prompt: add words or a second one, or use `vary`"
        raise fault(message, text, place[0], place[1] - place[0])


def _at(said: Said, message: str, text: str) -> PromptError:
    return fault(message, text, said.name.start, len(said.name.text))
