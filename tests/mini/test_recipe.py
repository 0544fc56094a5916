"""Recipes: shipped or one's own, and refused in one line where they are wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from lookalike.core.errors import OptionError
from lookalike.mini.recipe import read_recipe
from lookalike.train.recipes import shipped

TINY = Path(__file__).with_name("tiny.toml")


def refusal(name: str) -> str:
    with pytest.raises(OptionError) as raised:
        read_recipe(name)
    assert "\n" not in str(raised.value)
    return str(raised.value)


@pytest.mark.parametrize("name", shipped("lookalike.mini"))
def test_a_shipped_recipe_is_whole(name: str) -> None:
    recipe = read_recipe(name)
    assert len(recipe.unet.widths) == len(recipe.unet.attention)
    assert recipe.pictures.pixels % 2 ** (len(recipe.vae.widths) - 1) == 0
    assert recipe.clip.width % recipe.clip.heads == 0
    assert recipe.pictures.pixels % recipe.clip.patch == 0


def test_the_draft_is_shipped() -> None:
    assert "draft" in shipped("lookalike.mini")


def test_an_unknown_recipe_is_refused_with_the_nearest() -> None:
    text = refusal("drafft")
    assert "did you mean draft?" in text
    assert ".toml" in text


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("pixels = 32", "pixels = 3", "pixels"),
        ("heads = 2", "heds = 2", "heds"),
        ("[probe]", "[prob]", "prob"),
        ("steps = 3", "steps = 0", "steps"),
        ("[pictures]", "[pictures", "not valid"),
    ],
)
def test_a_wrong_entry_is_named_in_one_line(tmp_path: Path, old: str, new: str, named: str) -> None:
    (tmp_path / "own.toml").write_text(TINY.read_text().replace(old, new, 1))
    assert named in refusal(str(tmp_path / "own.toml"))


def test_a_recipe_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_bytes(bytes(range(128, 256)))
    assert "not readable text" in refusal(str(tmp_path / "own.toml"))
