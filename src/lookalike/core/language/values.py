"""The values of parameters, read and held to their ranges."""

from __future__ import annotations

import re

from lookalike.core.errors import PromptError, did_you_mean
from lookalike.core.language.escapes import QUOTED, unquote
from lookalike.core.language.faults import fault, shown
from lookalike.core.language.parameters import Parameter, weights
from lookalike.core.language.profiles import Profile
from lookalike.core.language.tokens import Said, Token

NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
_WHOLE = re.compile(r"[+-]?\d+", re.ASCII)
_RATIO = re.compile(r"[1-9]\d{0,5}:[1-9]\d{0,5}", re.ASCII)
_QUOTED = re.compile(QUOTED, re.DOTALL)
_LONGEST = 40  # characters of a number: more than any that is meant, few enough to be read at once

Value = str | int | float | bool


def value_of(said: Said, profile: Profile, text: str) -> Value:
    """What a parameter with at most one value was set to.

    Raises:
        PromptError: A value is missing, is one too many, is no value of this kind, or lies outside
            the range that the version allows.
    """
    parameter = said.parameter
    if parameter.kind == "flag":
        _no_more(said, 0, text)
        return True
    if not said.values:
        message = f"{parameter.said} needs a value: {expected(parameter)}"
        raise fault(message, text, said.name.start, len(said.name.text))
    _no_more(said, 1, text)
    value = said.values[0]
    if parameter.kind in ("number", "whole"):
        return _numeric(value, parameter, profile, text)
    if parameter.kind == "name":
        return _name(value, parameter, text)
    return _chosen(value, parameter, text)


def expected(parameter: Parameter) -> str:
    """What a parameter takes, in a few words: `a number from 0 to 3`."""
    if parameter.kind == "ratio":
        return "width:height in whole numbers, as in 3:2"
    if parameter.choices:
        return _listed(parameter.choices)
    if parameter.kind in ("number", "whole"):
        whole = "a whole number" if parameter.kind == "whole" else "a number"
        return f"{whole} from {_plainly(parameter.low)} to {_plainly(parameter.high)}"
    return {"flag": "nothing", "words": "words", "pictures": "pictures"}.get(
        parameter.kind, "a name"
    )


def number(value: str) -> float | None:
    """The number that `value` spells, None where it spells none."""
    if len(value) > _LONGEST or not NUMBER.fullmatch(value):
        return None
    return float(value)


def weight(value: Token, text: str) -> float:
    """A weight behind `::`; `PromptError` where it is none or out of range."""
    found = number(value.text)
    if found is None:
        message = f"a weight is a number, such as ::2 or ::0.5, not {shown(value.text)}"
        raise fault(message, text, value.start, len(value.text))
    low, high = weights()
    if not low <= found <= high:
        message = f"weights go from {low:g} to {high:g}; {shown(value.text)} lies outside"
        raise fault(message, text, value.start, len(value.text))
    return found


def _no_more(said: Said, most: int, text: str) -> None:
    if len(said.values) <= most:
        return
    extra = said.values[most]
    takes = "no value" if most == 0 else "one value"
    message = (
        f"{said.parameter.said} takes {takes}; words stand before the parameters, not after them"
    )
    raise fault(message, text, extra.start, len(extra.text))


def _numeric(value: Token, parameter: Parameter, profile: Profile, text: str) -> int | float:
    whole = parameter.kind == "whole"
    found = number(value.text)
    if found is None or (whole and not _WHOLE.fullmatch(value.text)):
        kind = "whole number" if whole else "number"
        message = f"{parameter.said} takes a {kind}, not {shown(value.text)}"
        raise fault(f"{message} ({_range(parameter)})", text, value.start, len(value.text))
    allowed = [float(choice) for choice in parameter.choices]
    low, high = parameter.low or 0.0, parameter.high or 0.0
    if not low <= found <= high or (allowed and found not in allowed):
        where = f" with `{profile.said}`" if profile.name else ""
        limits = f"is {_listed(parameter.choices)}" if allowed else f"goes {_range(parameter)}"
        message = f"{parameter.said} {limits}{where}; {shown(value.text)} lies outside"
        raise fault(message, text, value.start, len(value.text))
    return int(value.text) if whole else found


def _range(parameter: Parameter) -> str:
    return f"from {_plainly(parameter.low)} to {_plainly(parameter.high)}"


def _plainly(bound: float | None) -> str:
    """A bound without exponent, for seeds are large."""
    return f"{bound or 0:.10g}"


def _name(value: Token, parameter: Parameter, text: str) -> str:
    if not value.text.startswith('"'):
        return value.text
    name = unquote(value.text) if _QUOTED.fullmatch(value.text) else ""
    if not name:
        message = f"{parameter.said} takes a name, and nothing behind its quotes"
        raise fault(message, text, value.start, len(value.text))
    return name


def _chosen(value: Token, parameter: Parameter, text: str) -> str:
    """A ratio, or one of few words."""
    if parameter.kind == "ratio":
        if _RATIO.fullmatch(value.text):
            return value.text
        message = f"{parameter.said} should be {expected(parameter)}, not {shown(value.text)}"
        raise fault(message, text, value.start, len(value.text))
    word = value.text.lower()
    if parameter.kind == "version":
        word = word.removesuffix(".0")
    if word not in parameter.choices:
        raise _not_among(value, parameter, text)
    return word


def _not_among(value: Token, parameter: Parameter, text: str) -> PromptError:
    near = did_you_mean(value.text[:_LONGEST], parameter.choices)
    message = (
        f"{parameter.said} should be {_listed(parameter.choices)}, not {shown(value.text)}{near}"
    )
    return fault(message, text, value.start, len(value.text))


def _listed(words: tuple[str, ...]) -> str:
    """`a`, `a or b`, `a, b or c`."""
    if len(words) < 2:
        return "".join(words) or "nothing"
    return f"{', '.join(words[:-1])} or {words[-1]}"
