"""Presets add their words to a prompt and leave everything else as it was."""

from __future__ import annotations

import pytest

from lookalike.core.errors import OptionError
from lookalike.core.language import read, write
from lookalike.core.presets import Preset, applied, preset, presets
from lookalike.core.records import Part

NAMES = (
    "Different actions",
    "Continuous action",
    "Multi-view action",
    "Different expressions",
    "What is being done",
    "Continuous shooting",
    "Sequence shooting",
)
CHOSEN = preset("Different expressions")


def test_all_presets_are_there_each_with_words_of_its_own() -> None:
    assert tuple(each.name for each in presets()) == NAMES
    assert len({each.words for each in presets()}) == len({each.summary for each in presets()}) == 7


@pytest.mark.parametrize("each", presets(), ids=lambda each: each.name)
def test_a_presets_words_speak_of_the_same_character_in_few_words(each: Preset) -> None:
    assert "same character" in each.words
    assert len(each.words.split()) <= 25  # a text tower reads 75 tokens, the prompt's own included


@pytest.mark.parametrize(
    "name", [*NAMES, "MULTI-VIEW ACTION", "multi_view-action", " what is  being done"]
)
def test_a_preset_is_found_however_it_is_written(name: str) -> None:
    assert preset(name).name.lower().replace("-", " ") == " ".join(
        name.lower().replace("-", " ").replace("_", " ").split()
    )


def test_an_unknown_preset_is_told_with_the_nearest_and_all() -> None:
    with pytest.raises(OptionError) as told:
        preset("Diferent expresions")
    assert "did you mean Different expressions?" in str(told.value)
    assert all(name in str(told.value) for name in NAMES)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a cat", [(f"a cat, {CHOSEN.words}", 1)]),
        ("a cat,", [(f"a cat, {CHOSEN.words}", 1)]),
        ("a cat::3 rain::-1", [(f"a cat, {CHOSEN.words}", 3), ("rain", -1)]),
        ("rain::-1 a cat::3", [("rain", -1), (f"a cat, {CHOSEN.words}", 3)]),
        ("a.png b.png", [(CHOSEN.words, 1)]),
    ],
)
def test_the_words_stand_behind_the_first_part_that_counts(
    text: str, parts: list[tuple[str, float]]
) -> None:
    said = read(f"{text} --ar 3:2 --no hats --seed 7")
    made = applied(said, CHOSEN)
    assert made.parts == tuple(Part(text=words, weight=weight) for words, weight in parts)
    assert made.model_copy(update={"parts": said.parts}) == said
    assert read(write(made)) == made
