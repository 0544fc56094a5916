"""How strictly a model follows prompts where nothing is asked: as its owner says, and recipes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lookalike.core.records import Prompt, Settings
from lookalike.session import Session
from tests.engine.tiny import noise_picture
from tests.session.test_learning import tiny_session

FEW = "a cat --steps 2 --count 1 --seed 4"


def owned(folder: Path, guidance: float | None) -> Session:
    """A session with a model whose owner says this of it."""
    session = tiny_session(folder)
    (folder / "model.json").write_text(json.dumps({"guidance": guidance}))
    return session


@pytest.mark.parametrize(("said", "usual"), [(2.0, 2.0), (None, 5.0)])
def test_a_model_follows_prompts_as_its_owner_says(
    tmp_path: Path, said: float | None, usual: float
) -> None:
    session = owned(tmp_path / "tiny", said)
    plain, named = session.imagine(FEW), session.imagine(f"{FEW} --guidance {usual}")
    assert (plain.recipe.prompt.settings.guidance, plain.recipe.guidance) == (None, usual)
    assert (named.recipe.prompt.settings.guidance, named.recipe.guidance) == (usual, None)
    assert plain.pictures[0].tobytes() == named.pictures[0].tobytes()
    stricter = session.imagine(f"{FEW} --guidance {usual + 4}")
    assert stricter.pictures[0].tobytes() != plain.pictures[0].tobytes()


def test_every_way_of_making_pictures_follows_the_owner(tmp_path: Path) -> None:
    session, picture = owned(tmp_path / "tiny", 2.0), noise_picture()
    how = Settings(steps=2, count=1, seed=4)
    strict = how.model_copy(update={"guidance": 2.0})
    for verb in (
        lambda s: session.vary(picture, settings=s).pictures,
        lambda s: session.edit(picture, "a hat", settings=s).pictures,
        lambda s: session.remix(picture, "a hat", settings=s).pictures,
        lambda s: session.story(["a cat", "a dog"], settings=s).pictures,
    ):
        for one, other in zip(verb(how), verb(strict), strict=True):
            assert one.tobytes() == other.tobytes()


def test_a_recipe_keeps_what_the_owner_said_then(tmp_path: Path) -> None:
    made = owned(tmp_path / "tiny", 2.0).imagine(FEW)
    [saved] = made.save(tmp_path)
    now = owned(tmp_path / "tiny", 9.0)
    assert now.imagine(FEW).pictures[0].tobytes() != made.pictures[0].tobytes()
    assert now.again(saved).pictures[0].tobytes() == made.pictures[0].tobytes()


def test_words_are_weighed_as_their_pictures_are_made(tmp_path: Path) -> None:
    session = owned(tmp_path / "tiny", 2.0)
    text = "a red cat beside a blue dog"
    how = Settings(steps=2, seed=4)
    own, named, other = (
        session.shorten(Prompt.of(text, settings=how.model_copy(update={"guidance": g}))).pieces
        for g in (None, 2.0, 9.0)
    )
    assert own == named != other
