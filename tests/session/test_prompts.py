"""From a line to prompts: settings that take another's place, choices, repetitions, pictures."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from lookalike.core.errors import OptionError, PictureError, PromptError
from lookalike.core.language import read
from lookalike.core.records import Prompt, Settings
from lookalike.session.prompts import asked, every, opened
from lookalike.session.work import Note

NOTHING = {"image": None, "style": None, "character": None}


def test_named_settings_take_the_place_of_a_texts_and_the_others_stay() -> None:
    found = asked("a cat --ar 3:2 --seed 4", Settings(seed=9, count=2), "here").settings
    assert (found.aspect, found.seed, found.count, found.model) == ("3:2", 9, 2, "here")


def test_a_model_that_a_text_names_is_kept() -> None:
    assert asked("a cat --model there", None, "here").settings.model == "there"


def test_a_prompts_settings_are_replaced_as_a_whole() -> None:
    prompt = read("a cat --ar 3:2")
    assert asked(prompt, Settings(seed=1), "here").settings.aspect == "1:1"
    assert asked(prompt, None, "here").settings.aspect == "3:2"


def test_choices_and_repetitions_are_prompts_of_their_own_with_seeds_that_go_on() -> None:
    found = every("a {red, blue} cat --repeat 2 --seed 4294967294", None, "here")
    assert [one.text for one in found] == ["a red cat"] * 2 + ["a blue cat"] * 2
    assert [one.settings.seed for one in found] == [4294967294, 2] * 2
    assert {one.settings.repeat for one in found} == {1}


def test_a_lone_weight_is_an_error_or_a_note() -> None:
    with pytest.raises(PromptError, match="--sw"):
        asked("a cat --sw 5", None, "here")
    with pytest.warns(Note, match="--sw"):
        asked("a cat --sw 5", None, "here", strict=False)


def test_pictures_given_besides_join_the_prompts_own(tmp_path: Path) -> None:
    drawn = Image.new("RGB", (8, 8), "red")
    drawn.save(tmp_path / "a.png")
    prompt = read(f'a cat --sref "{tmp_path / "a.png"}" 77')
    whole, sources = opened(prompt, NOTHING | {"image": drawn, "style": [drawn, drawn]})
    assert [one.role for one in whole.references] == ["image", "style", "style", "style", "style"]
    assert len(sources) == 2
    assert isinstance(whole, Prompt)


def test_a_picture_that_is_not_there_and_a_wrong_mechanism_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="gone"):
        opened(read("a cat --cref gone.png"), NOTHING)
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    with pytest.raises(OptionError, match="image-prompt"):
        opened(read(f'a cat --sref "{tmp_path / "a.png"}"::1::image-prompt'), NOTHING)
