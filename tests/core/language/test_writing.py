"""What is written is read back as the same prompt, whatever its texts and names hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import settings as effort

from lookalike.core.errors import PromptError
from lookalike.core.language import expand, read, write
from lookalike.core.records import Part, Prompt, Reference, Settings
from tests.core.language.prompts import prompts


@effort(max_examples=60, deadline=None)
@given(prompts())
def test_every_valid_prompt_is_read_back_as_it_was(prompt: Prompt) -> None:
    text = write(prompt)
    assert read(text) == prompt
    assert len(text.splitlines()) == 1
    assert expand(text) == [text]


def of(*parts: Part, **others: object) -> Prompt:
    return Prompt.model_validate({"parts": parts, **others})


CAT = Part(text="a cat")


@pytest.mark.parametrize(
    ("prompt", "text"),
    [
        (of(CAT), "a cat"),
        (of(Part(text="a cat", weight=2)), "a cat::2"),
        (of(CAT, Part(text="2 dogs")), "a cat:: 2 dogs"),
        (of(Part(text="a", weight=1.5), Part(text="b", weight=-0.5)), "a::1.5 b::-0.5"),
        (of(Part(text="a {b} \\ --c :: d\ne ")), r"a \{b\} \\ \--c \:\: d\u000ae\u0020"),
        (of(Part(text="hero.png on a wall")), r"hero\u002epng on a wall"),
        (of(Part(text="https://x.y of old")), r"https\://x\u002ey of old"),
        (of(Part(text="@hero")), r"\@hero"),
        (of(Part(text='"Hello" says a sign')), '"Hello" says a sign'),
        (of(Part(text='"a.png" says a sign')), r'\"a.png" says a sign'),
        (of(CAT, avoid="red, blue"), "a cat --no red, blue"),
        (of(CAT, settings=Settings(seed=7, profile="niji 6")), "a cat --seed 7 --niji 6"),
        (
            of(CAT, settings=Settings(tile=True, aspect="3:2", quality=0.5)),
            "a cat --ar 3:2 --quality 0.5 --tile",
        ),
        (
            of(CAT, settings=Settings(model="my models/a.safetensors", count=1)),
            'a cat --model "my models/a.safetensors" --count 1',
        ),
        (
            of(CAT, references=(Reference(source="code:7", role="style", weight=2),)),
            "a cat --sref 7::2",
        ),
        (of(CAT, references=(Reference(source="7", role="style"),)), 'a cat --sref "7"'),
        (
            of(CAT, references=(Reference(source="@me", role="character", by="subject"),)),
            "a cat --cref @me::1::subject",
        ),
        (
            of(
                CAT,
                references=(Reference(source="@me", role="character"),),
                settings=Settings(profile="7", omni_weight=300),
            ),
            "a cat --oref @me --ow 300 --v 7",
        ),
        (
            of(
                references=(
                    Reference(source="a b.png", role="image"),
                    Reference(source="photo", role="image", weight=3),
                )
            ),
            '"a b.png" --image "photo"::3',
        ),
    ],
)
def test_a_prompt_is_written_in_the_plainest_way(prompt: Prompt, text: str) -> None:
    assert write(prompt) == text
    assert read(text) == prompt


@pytest.mark.parametrize(
    ("prompt", "wrong"),
    [
        (of(), "the prompt is empty"),
        (of(Part(text=" ")), "this part holds no words"),
        (of(Part(text="")), "the prompt is empty"),
        (of(CAT, Part(text="", weight=2)), "no words stand before these colons"),
        (of(Part(text="a", weight=0)), "the weights sum to 0"),
        (of(CAT, settings=Settings(profile="9")), "`--v` should be 4, 5,"),
        (of(CAT, settings=Settings(profile="niji 4")), "`--niji` should be 5 or 6"),
        (of(CAT, settings=Settings(profile="5", image_weight=2.5)), "`--iw` goes from 0 to 2"),
        (of(CAT, settings=Settings(style_weight=5)), "`--sw` without `--sref`"),
        (
            of(
                CAT,
                references=(Reference(source="a.png", role="style"),),
                settings=Settings(profile="5"),
            ),
            "`--sref` is not compatible with `--version 5`",
        ),
    ],
)
def test_a_prompt_that_could_not_be_read_is_not_written(prompt: Prompt, wrong: str) -> None:
    with pytest.raises(PromptError, match=wrong):
        write(prompt)


def test_a_weight_without_its_pictures_is_written_for_a_lenient_reader() -> None:
    prompt = of(CAT, settings=Settings(style_weight=5))
    assert write(prompt, strict=False) == "a cat --sw 5"
    assert read("a cat --sw 5", strict=False) == prompt


def test_a_part_without_words_between_others_is_refused() -> None:
    with pytest.raises(PromptError, match="no words"):
        write(of(CAT, Part(text=""), CAT))


def test_references_out_of_order_are_refused_and_not_shuffled_silently() -> None:
    style = Reference(source="a.png", role="style")
    image = Reference(source="b.png", role="image")
    shuffled = of(CAT).model_copy(update={"references": (style, image)})
    with pytest.raises(PromptError, match="cannot be said"):
        write(shuffled)
