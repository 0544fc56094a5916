"""Every valid prompt, for hypothesis, with texts made of what the language cares about."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import strategies as st

from lookalike.core.language import PROFILES, Parameter, parameters
from lookalike.core.records import Part, Prompt, Reference, Role, Settings

PIECES = (
    *("--", "-", "::", ":", "{", "}", "\\", '"', "'", "@", ",", ".", " ", "  ", "\n", "\t", "\0"),
    *(".png", "a.png", "https://x.y/z", "https://x.y/z.jpg?a=1", "C:\\a b.gif", "code:7", "12"),
    *("—ar", "–", "--ar", "--no", "2", "-0.5", "::2", "\\u0041", "\\", "\x85", "\xa0", "\u2028"),
    *("日本", "é", "cat", "random", "::0.5 dog", '"a.png"', "🙂", "\u3000", "\x1b[1m"),
)

TABLES = {profile: parameters(profile) for profile in (None, *PROFILES)}

texts = st.lists(st.sampled_from(PIECES) | st.text(max_size=6), max_size=6).map("".join)
words = texts.filter(lambda text: bool(text.strip()))
weights = st.sampled_from([1.0, 2.0, -0.5, 0.0]) | st.floats(-1000, 1000)
pictures = st.sampled_from(
    ["a.png", "b c.JPG", "@hero", "@a b", "https://x.y/z.jpg?a=1", "C:\\a\\b.gif", "\\\\n\\a.webp"]
)
sources = pictures | texts.filter(bool)
codes = st.sampled_from(["code:0", "code:7", "code:4294967295", "code:007", "code:4294967296"])


def references(role: Role, most: int = 3) -> st.SearchStrategy[list[Reference]]:
    source = codes | sources if role == "style" else sources
    one = st.builds(
        Reference, source=source, role=st.just(role), weight=weights, by=st.none() | texts
    )
    return st.lists(one, max_size=most)


def value(parameter: Parameter) -> st.SearchStrategy[Any]:
    """What a parameter may be set to, in the version that it was asked for."""
    if parameter.choices:
        number = parameter.kind == "number"
        return st.sampled_from([float(c) if number else c for c in parameter.choices])
    if parameter.kind == "number":
        assert parameter.low is not None
        assert parameter.high is not None
        return st.floats(parameter.low, parameter.high)
    if parameter.kind == "whole":
        assert parameter.low is not None
        assert parameter.high is not None
        return st.integers(int(parameter.low), int(parameter.high))
    if parameter.kind == "ratio":
        return st.builds("{}:{}".format, st.integers(1, 999999), st.integers(1, 999999))
    return st.just(True) if parameter.kind == "flag" else texts.filter(bool)


def positive(weighed: list[Part] | list[Reference]) -> bool:
    return math.fsum(one.weight for one in weighed) > 0


@st.composite
def settings(draw: st.DrawFn, profile: str | None, without: set[str]) -> Settings:
    given: dict[str, Any] = {"profile": profile}
    for parameter in TABLES[profile]:
        plain = parameter.field and parameter.kind != "version"
        if plain and parameter.name not in without and draw(st.booleans()):
            given[parameter.field] = draw(value(parameter))
    return Settings(**given)


@st.composite
def prompts(draw: st.DrawFn) -> Prompt:
    profile = draw(st.sampled_from(list(TABLES)))
    known = {parameter.name for parameter in TABLES[profile]}
    parts = draw(
        st.lists(st.builds(Part, text=words, weight=weights), max_size=4).filter(
            lambda parts: not parts or positive(parts)
        )
    )
    images = references("image")
    if not parts:
        images = images.filter(lambda images: len(images) > 1 and positive(images))
    style = draw(references("style")) if parts and "sref" in known else []
    character = draw(references("character")) if parts and known & {"cref", "oref"} else []
    region = draw(references("region", 1)) if parts else []
    without = {"sw"} if not style else set[str]()
    without |= {"cw", "ow"} if not character else set[str]()
    listed = [*draw(images), *style, *character, *region]
    return Prompt(
        parts=tuple(parts),
        avoid=draw(texts),
        references=tuple(draw(st.permutations(listed))),
        settings=draw(settings(profile, without)),
    )
