"""Stories on the command line: a picture for each prompt, alike, and made again."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from lookalike.core.pictures import open_picture, read_recipe
from tests.cli.conftest import Ask


@pytest.fixture
def hero(own_place: Path) -> str:
    Image.linear_gradient("L").resize((48, 20)).convert("RGB").save("hero.png")
    return "hero.png"


def test_each_prompt_of_a_story_gives_a_picture_and_all_are_made_again(
    ask: Ask, tiny: str, hero: str
) -> None:
    brief = ["--model", tiny, "--steps", "4", "--seed", "5"]
    answer = ask(["story", "a cat", "a cat in the rain::2 snow", "a dog", "--cref", hero, *brief])
    assert answer.code == 2  # parts of other numbers
    assert "same parts and weights" in answer.err
    answer = ask(["story", "a cat", "a cat in the rain", "a dog", "--cref", hero, *brief])
    assert answer.code == 0, answer.err
    *paths, grid = answer.out.split()
    assert len(paths) == 3
    assert Path(grid).name == "story-grid-001.png"
    assert len({open_picture(path).tobytes() for path in paths}) == 3
    recipe = read_recipe(paths[1])
    assert (recipe.made_by, recipe.index) == ("story", 1)
    assert recipe.options == {"frame.2": "a cat in the rain", "frame.3": "a dog"}
    again = ask(["again", paths[1]])
    assert (again.code, again.err) == (0, "")


def test_the_pictures_of_a_story_see_one_another(ask: Ask, tiny: str, own_place: Path) -> None:
    brief = ["--model", tiny, "--steps", "4", "--seed", "5"]
    one = ask(["story", "a cat", "a dog", *brief]).out.split()[0]
    other = ask(["story", "a cat", "a house", *brief]).out.split()[0]
    assert open_picture(one).tobytes() != open_picture(other).tobytes()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a cat"], "a story has 2 to 12 prompts, not 1"),
        (["a cat"] * 13, "not 13"),
        (["a cat", ""], "empty"),
        (["a cat", "a dog", "--srf", "x.png"], "--sref"),
        (["a cat", "a dog", "--cref", "gone.png"], "gone.png"),
    ],
)
def test_a_wrong_story_is_refused(
    ask: Ask, own_place: Path, tiny: str, arguments: list[str], message: str
) -> None:
    answer = ask(["story", *arguments, "--model", tiny])
    assert (answer.code, answer.out) == (2, "")
    assert message in answer.err
    assert list(own_place.iterdir()) == []
