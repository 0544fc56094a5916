"""Texts, what they say, and where a caret stands when they say it wrongly."""

from __future__ import annotations

import random
from typing import Any

import pytest

from lookalike.core.errors import PromptError
from lookalike.core.language import read
from lookalike.core.records import Part, Reference

GOOD: list[tuple[str, dict[str, Any]]] = [
    ("a cat", {"parts": [("a cat", 1)]}),
    ("  a cat  ", {"parts": [("a cat", 1)]}),
    ("a cat, in rain", {"parts": [("a cat, in rain", 1)]}),
    ("hot:: dog", {"parts": [("hot", 1), ("dog", 1)]}),
    ("hot::2 dog", {"parts": [("hot", 2), ("dog", 1)]}),
    ("hot::2 dog::", {"parts": [("hot", 2), ("dog", 1)]}),
    ("a house::2, a garden::-.5,", {"parts": [("a house", 2), ("a garden", -0.5)]}),
    ("a::1e0 b::+.25", {"parts": [("a", 1), ("b", 0.25)]}),
    ("a:: 2 dogs", {"parts": [("a", 1), ("2 dogs", 1)]}),
    ("a::3d render", {"parts": [("a", 1), ("3d render", 1)]}),
    ("a::12th night", {"parts": [("a", 1), ("12th night", 1)]}),
    ("at 12:30", {"parts": [("at 12:30", 1)]}),
    ("semi-dark well--lit a--", {"parts": [("semi-dark well--lit a--", 1)]}),
    ("a — b", {"parts": [("a — b", 1)]}),
    ("— a", {"parts": [("— a", 1)]}),
    (r"a \{b\} \-- c \:: d\, \"e\" \\ \—ar", {"parts": [(r'a {b} -- c :: d, "e" \ —ar', 1)]}),
    (r"a\u000ab\u0020", {"parts": [("a\nb ", 1)]}),
    (r"a \n \uD800 \u12 \\u0041", {"parts": [(r"a \n \uD800 \u12 \u0041", 1)]}),
    ("a\nb --seed 1", {"parts": [("a\nb", 1)], "seed": 1}),
    ("a \ud800 b", {"parts": [("a ? b", 1)]}),
    ("hero.png a cat", {"images": [("hero.png", 1)]}),
    ("hero.png, a cat", {"images": [("hero.png", 1)], "parts": [("a cat", 1)]}),
    ("hero.PNG::2 b.jpeg::.5 a cat", {"images": [("hero.PNG", 2), ("b.jpeg", 0.5)]}),
    ('"my hero.webp"::2, @me a cat', {"images": [("my hero.webp", 2), ("@me", 1)]}),
    (r"C:\new\u0041\hero.gif a cat", {"images": [(r"C:\new\u0041\hero.gif", 1)]}),
    (r'"C:\\new\\my hero.gif" a cat', {"images": [(r"C:\new\my hero.gif", 1)]}),
    ("https://x.y/z.jpg?w=1#a a cat", {"images": [("https://x.y/z.jpg?w=1#a", 1)]}),
    ("a.png b.png", {"parts": [], "images": [("a.png", 1), ("b.png", 1)]}),
    ('a.png --image "b"', {"images": [("a.png", 1), ("b", 1)]}),
    (".png a cat", {"parts": [(".png a cat", 1)], "images": []}),
    ("@ a cat", {"parts": [("@ a cat", 1)], "images": []}),
    (r"\@me a cat", {"parts": [("@me a cat", 1)], "images": []}),
    ('"Hi" a sign', {"parts": [('"Hi" a sign', 1)], "images": []}),
    ('"hero.png"s smile', {"parts": [('"hero.png"s smile', 1)], "images": []}),
    (r"https\://x.y a cat", {"parts": [("https://x.y a cat", 1)], "images": []}),
    ("a --no red, blue --seed 0", {"avoid": "red, blue", "seed": 0}),
    (r"a --no \-- x\::", {"avoid": "-- x::"}),
    ("a --ar 16:9", {"aspect": "16:9"}),
    ("a --ASPECT 3:2 --C 5", {"aspect": "3:2", "chaos": 5}),
    ("a --s 250 --w 3000 --q .5 --r 2", {"stylize": 250, "weird": 3000, "quality": 0.5}),
    ("a --stop 50 --tile --style RAW", {"stop": 50, "tile": True, "style": "raw"}),
    ("a --version 6", {"profile": "6"}),
    ("a --v 6.0", {"profile": "6"}),
    ("a --v 5.2", {"profile": "5.2"}),
    ("a --niji 6", {"profile": "niji 6"}),
    ("a --model sd1 --pixels 512 --steps 9 --guidance 7.5 --count 1", {"model": "sd1"}),
    (r"a --model C:\models\x.safetensors", {"model": r"C:\models\x.safetensors"}),
    ('a --model "my \\"model\\""', {"model": 'my "model"'}),
    ("a --sref ink.png --sw 300", {"styles": [("ink.png", 1)], "style_weight": 300}),
    ("a --sref a.png, @b::2, 0012::.5", {"styles": [("a.png", 1), ("@b", 2), ("code:12", 0.5)]}),
    ('a --sref "12" "random"', {"styles": [("12", 1), ("random", 1)]}),
    ("a --cref @me", {"characters": [("@me", 1)], "character_weight": 100}),
    ("a --cref @me --cw 0", {"characters": [("@me", 1)], "character_weight": 0}),
    ("a --oref @me --ow 400", {"characters": [("@me", 1)], "omni_weight": 400}),
    ("a --oref @me --v 7", {"characters": [("@me", 1)], "profile": "7"}),
    ("a --region mask.png", {"regions": [("mask.png", 1)]}),
]
ROLES = {"images": "image", "styles": "style", "characters": "character", "regions": "region"}


@pytest.mark.parametrize(("text", "said"), GOOD)
def test_a_text_says_what_it_says(text: str, said: dict[str, Any]) -> None:
    prompt = read(text)
    for name, value in said.items():
        if name == "parts":
            assert [(part.text, part.weight) for part in prompt.parts] == value
        elif name == "avoid":
            assert prompt.avoid == value
        elif name in ROLES:
            listed = [r for r in prompt.references if r.role == ROLES[name]]
            assert [(r.source, r.weight) for r in listed] == value
        else:
            assert getattr(prompt.settings, name) == value


# Under each text, carets where the message points.
BAD = [
    ("--ar 3:2", "^", "the prompt is empty"),
    (
        "hero.png",
        "^^^^^^^^",
        "one picture alone is no prompt: add words or a second one, or use `v",
    ),
    ("hero.png --ar 3:2", "^^^^^^^^", "one picture alone"),
    ("a cat --srf ink.png", "      ^^^^^", "there is no --srf; did you mean --sref?"),
    ("a cat --stylise 5", "      ^^^^^^^^^", "there is no --stylise; did you mean --stylize?"),
    ("a cat --zzzzz", "      ^^^^^^^", "there is no --zzzzz"),
    ("a --v6", "  ^^^^", "there is no --v6; did you mean --v 6?"),
    ("a --ar=3:2", "  ^^^^^^^^", "there is no --ar=3:2; did you mean --ar 3:2?"),
    ("a -- b", "  ^^", r"two hyphens begin a parameter's name; write \-- for hyphens"),
    ("a —ar 3:2", "  ^^^", "a parameter begins with two hyphens: --ar"),
    ("a --seed 1 –AR 3:2", "           ^^^", "a parameter begins with two hyphens: --ar"),
    ("a --ar", "  ^^^^", "`--ar` needs a value: width:height in whole numbers, as in 3:2"),
    ("a --seed --tile", "  ^^^^^^", "`--seed` needs a value: a whole number from 0 to 4294967295"),
    ("a --sref", "  ^^^^^^", "`--sref` needs a value: pictures"),
    ("a --no --tile", "  ^^^^", "`--no` needs a value: words"),
    ("a --model", "  ^^^^^^^", "`--model` needs a value: a name"),
    ("a --ar 1.5:1", "       ^^^^^", "`--ar` should be width:height in whole numbers, as in 3:2"),
    ("a --ar 0:1", "       ^^^", "`--ar` should be width:height"),
    ("a --seed 1.5", "         ^^^", "`--seed` takes a whole number, not 1.5"),
    ("a --seed x", "         ^", "`--seed` takes a whole number, not x (from 0 to 4294967295)"),
    ("a --chaos 101", "          ^^^", "`--chaos` goes from 0 to 100; 101 lies outside"),
    ("a --iw 2.5 --v 5", "       ^^^", "`--iw` goes from 0 to 2 with `--version 5`; 2.5 lies"),
    ("a --q 3 --v 7", "      ^", "`--quality` is 1, 2 or 4 with `--version 7`; 3 lies outside"),
    ("a --style rw", "          ^^", "not rw; did you mean raw?"),
    ("a --v 8", "      ^", "`--v` should be 4, 5, 5.1, 5.2, 6, 6.1 or 7, not 8"),
    ("a --niji 4", "         ^", "`--niji` should be 5 or 6, not 4"),
    ("a --v 6 --niji 6", "        ^^^^^^", "`--niji` and `--v` exclude each other; keep one"),
    ("a --ar 1:1 --aspect 1:1", "           ^^^^^^^^", "`--ar` is here a second time"),
    ("a --cref @m --oref @m", "            ^^^^^^", "`--cref` and `--oref` exclude each other"),
    (
        "a --cref @m --v 7",
        "  ^^^^^^",
        "Invalid parameter: `--cref` is not compatible with `--version 7`",
    ),
    (
        "a --sref @m --niji 5",
        "  ^^^^^^",
        "Invalid parameter: `--sref` is not compatible with `--niji 5`",
    ),
    ("a --tile in rain", "         ^^", "`--tile` takes no value; words stand before"),
    ("a --ar 3:2 in rain", "           ^^", "`--ar` takes one value; words stand before"),
    ("a --cref @m in rain", "            ^^", "`in` is no picture: pictures end in .png, .jpg,"),
    ("a --cref 123", "         ^^^", "`123` is no picture"),
    ("a --cref random", "         ^^^^^^", "`random` is no picture"),
    ("a --sref inkpng", "         ^^^^^^", "or are @name, a code or random"),
    ('a --sref ""', "         ^^", '`""` is no picture'),
    ("a --sref ::2", "         ^", "this is no picture"),
    ("a --sref 4294967296", "         ^^^^^^^^^^", "codes of styles go from 0 to 4294967295"),
    ("a --sref @m::x", "             ^", "a weight is a number, such as ::2 or ::0.5, not x"),
    ("a --sref @m::1,5", "           ^^^^^", "::1,5 should be a weight"),
    ("hero.png::x a", "          ^", "a weight is a number"),
    ("hero.png::1001 a", "          ^^^^", "weights go from -1000 to 1000; 1001 lies outside"),
    ('a --sref "ink.png', "         ^", "these quotes are never closed"),
    ('a --model "x"y', "          ^^^^", "`--model` takes a name, and nothing behind its quotes"),
    ('a --model ""', "          ^^", "`--model` takes a name"),
    ("https://x.y/z a", "^^^^^^^^^^^^^", "https://x.y/z is no picture's address"),
    ("a::1,5 b", "   ^^^", "a weight is a number, such as ::2 or ::0.5, not 1,5"),
    ("a::16:9 b", "   ^^^^", "a weight is a number"),
    ("a::1e9 b", "   ^^^", "weights go from -1000 to 1000; 1e9 lies outside"),
    ("::2 b", "^^", "no words stand before these colons"),
    ("a:: ::2 b", "    ^^", "no words stand before these colons"),
    (r"a:: \u0020", "   ^", "this part holds no words"),
    ("a::1 b::-1", "^^^^^^^^^^", "the weights sum to 0; their sum should be more than 0"),
    ("a.png b.png::-2", "^^^^^^^^^^^^^^^", "the weights sum to -1"),
    ("a --no b::2", "        ^^", r"words to avoid have no weights; write \:: for two colons"),
    ("a.png b.png --sref c.png", "            ^^^^^^", "`--sref` needs words that say"),
    ("a {b, c}", "  ^", r"braces offer choices: expand the prompt, or write \{ for a brace"),
    ("a }", "  ^", r"write \} for a brace"),
    ("a --sw 5", "  ^^^^", "`--sw` without `--sref` weighs nothing; add `--sref` or leave it out"),
    ("a --cw 5", "  ^^^^", "`--cw` without `--cref` weighs nothing"),
    ("a --ow 5", "  ^^^^", "`--ow` without `--oref` weighs nothing"),
    ("a\n--zzzzz", "  ^^^^^^^", "there is no --zzzzz"),
]


@pytest.mark.parametrize(("text", "carets", "message"), BAD)
def test_a_wrong_text_is_refused_with_a_caret_at_the_place(
    text: str, carets: str, message: str
) -> None:
    with pytest.raises(PromptError) as caught:
        read(text)
    sentence, line, pointer = str(caught.value).split("\n")
    assert message in sentence
    assert line == "  " + text.replace("\n", " ")
    assert pointer == "  " + carets


@pytest.mark.parametrize("text", ["a --sw 5", "a --cw 5", "a --ow 5"])
def test_a_weight_without_its_pictures_is_a_warning_for_a_lenient_reader(text: str) -> None:
    warnings: list[str] = []
    prompt = read(text, strict=False, warn=warnings.append)
    assert 5 in (
        prompt.settings.style_weight,
        prompt.settings.character_weight,
        prompt.settings.omni_weight,
    )
    assert len(warnings) == 1
    assert warnings[0].endswith(f"weighs nothing\n  {text}\n    ^^^^")
    assert read(text, strict=False) == prompt  # and nobody has to listen


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        (
            "a cat.png",
            "this is read as words; pictures stand before them\n  a cat.png\n    ^^^^^^^",
        ),
        ("a --iw 2", "`--iw` without pictures at the head weighs nothing\n  a --iw 2\n    ^^^^"),
    ],
)
def test_what_is_hardly_meant_is_a_warning(text: str, warning: str) -> None:
    warnings: list[str] = []
    read(text, warn=warnings.append)
    assert warnings == [warning]


def test_a_plain_prompt_warns_of_nothing() -> None:
    warnings: list[str] = []
    read("a.png, a cat::2 --iw 2 --sref b.png --sw 5 --v 6", warn=warnings.append)
    assert warnings == []


def test_a_random_style_is_drawn_once_and_kept_as_its_code() -> None:
    def drawn(seed: int) -> tuple[Reference, ...]:
        return read("a --sref random::2 random", chance=random.Random(seed)).references

    first, second = drawn(1)
    assert first.source.removeprefix("code:").isdecimal()
    assert first.weight == 2
    assert first.source != second.source
    assert drawn(1) == (first, second)
    assert drawn(2) != (first, second)


def test_without_chance_given_a_random_style_differs_each_time() -> None:
    assert read("a --sref random") != read("a --sref random")


def test_only_what_was_said_counts_as_set() -> None:
    assert read("a --seed 7").settings.model_fields_set == {"seed"}


def test_weights_are_kept_as_they_were_said() -> None:
    assert read("a::4 b::-1").parts == (Part(text="a", weight=4), Part(text="b", weight=-1))


def test_the_place_in_a_long_prompt_is_shown_with_what_is_around_it() -> None:
    with pytest.raises(PromptError) as caught:
        read("word " * 500 + "--zap " + "--tile " * 500)
    _, line, carets = str(caught.value).split("\n")
    assert len(line) == 78
    assert line[carets.index("^") :].startswith("--zap")
    assert line.startswith("  …")
    assert line.endswith("…")


@pytest.mark.parametrize("text", ["", "  ", "\n"])
def test_an_empty_prompt_is_refused_without_a_caret(text: str) -> None:
    with pytest.raises(PromptError) as raised:
        read(text)
    assert str(raised.value) == "the prompt is empty; say what the picture should show"
