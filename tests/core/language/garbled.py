"""Garbled prompts, and what must hold of whatever the language makes of them."""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from collections.abc import Callable

from lookalike.core.errors import PromptError
from lookalike.core.language import expand, read, write
from lookalike.core.language.parameters import names
from tests.core.language.prompts import PIECES

SEEDS = (
    "hero.png, a person in the rain::2 --sref ink.png --sw 300 --cref hero.png --cw 0 --seed 7",
    "a {red, {big, small} blue} bird --ar {1:1, 3:2}",
    'a.png "b c.png"::2 --chaos 50 --stylize 250 --niji 6',
    "hot::2 dog::-0.5 --no mustard, ketchup --v 5.2 --tile --style raw",
    'x --sref random 123::2 @ink::1::subject "my ink" --model "my model" --steps 9 --guidance 3.5',
    r"a \{plain\} \-- text \:: with \u0041 --oref @me --ow 400 --v 7 --quality 2",
    "a cat",
)
SPLINTERS = (*PIECES, *(f" --{name} " for name in names()), "\ud800", "\udfff", "9" * 50, "é" * 9)
UNITS = (
    *("a", " ", "\\", '"', "{", "}", "{a}", "{a,b}", "{,", ",", "::", "::1 ", "a::1 ", "a::1"),
    *("--", " --", " --ar", " --seed 1", "—", " —ar", '"a.png" ', "a.png ", "@a ", '::"', "9"),
    *("\0", "\ud800", "\n", ".png", "https://a", '\\"', "\\u0041", "{a", "日", "-0.5 ", "a.png,"),
)


def garbled(chance: random.Random) -> str:
    """A prompt with a few pieces cut out, put in or doubled; or nothing but pieces."""
    if chance.random() < 0.25:
        return "".join(chance.choices(SPLINTERS, k=chance.randrange(12)))
    text = chance.choice(SEEDS)
    for _ in range(chance.randrange(4)):
        start, end = sorted(chance.randrange(len(text) + 1) for _ in range(2))
        end = min(end, start + chance.choice((0, 1, 5)))
        put = chance.choice(("", chance.choice(SPLINTERS), text[start:end] * 2, chr(end * 37)))
        text = text[:start] + put + text[end:]
    return text


def outcome(text: str) -> str:
    """How far a text gets; a prompt that is read must also come back from its own text."""
    try:
        texts = expand(text)
        prompt = read(texts[-1], chance=random.Random(1))
    except PromptError as fault:
        check(str(fault))
        return "refused"
    assert read(write(prompt)) == prompt
    return "read"


def check(message: str) -> None:
    """A message is a sentence, or that and a line of the prompt with carets under it."""
    lines = message.split("\n")
    assert len(lines) in (1, 3)
    assert all(line.isprintable() or line.replace("\u3000", " ").isprintable() for line in lines)
    assert len(lines[0]) < 240
    if len(lines) == 3:
        assert lines[2].strip() == "^" * len(lines[2].strip()) != ""
        assert len(lines[2]) <= max(len(lines[1]), 2) + 1


def short(count: int, seed: int) -> Counter[str]:
    """How many of `count` garbled prompts are read, and how many refused."""
    chance = random.Random(seed)
    return Counter(outcome(garbled(chance)) for _ in range(count))


def long(length: int) -> Counter[str]:
    """The same for texts of `length` characters, each one piece over and over."""
    found: Counter[str] = Counter()
    for before in ("", "a ", "a --sref "):
        for unit in UNITS:
            text = before + unit * (length // len(unit))
            found[tried(read, text)] += 1
            found[tried(expand, text)] += 1
    return found


def tried(verb: Callable[[str], object], text: str) -> str:
    try:
        verb(text)
    except PromptError as fault:
        check(str(fault))
        return "refused"
    return "read"


if __name__ == "__main__":
    counts = short(int(sys.argv[2]), 1) if sys.argv[1] == "short" else long(int(sys.argv[2]))
    print({**counts, "seconds": time.process_time()})
