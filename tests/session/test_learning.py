"""What a session learnt is read where its name stands, made again, and never taken on trust."""

from __future__ import annotations

from pathlib import Path

import pytest

from lookalike.convert.learning import online
from lookalike.core.embedding import Embedding
from lookalike.core.errors import OptionError, OutputError, PictureError, RecipeError
from lookalike.core.files import sha256
from lookalike.core.library import PROMPT, Library
from lookalike.session import Note, Session
from tests.convert.learning import forget, short
from tests.engine.tiny import noise_picture
from tests.models.tiny_checkpoints import make_clip, make_tiny

FEW = "--steps 1 --count 1 --seed 4"
QUICK = {"steps": 2, "batch": 1, "prompts": 2, "rate": 1e-2}


def tiny_session(folder: Path, seed: int = 0) -> Session:
    """A session with a random SD 1 checkpoint of 32 pixels."""
    made = make_tiny("sd1", seed)
    made.unet.register_to_config(sample_size=16)
    made.save(folder)
    make_clip(made).save_pretrained(folder / "clip")
    return Session(str(folder))


@pytest.fixture(scope="module")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Session:
    return tiny_session(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An own folder with a picture."""
    monkeypatch.setenv("LOOKALIKE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("LOOKALIKE_LIBRARY", str(tmp_path / "library"))
    monkeypatch.chdir(tmp_path)
    noise_picture().save("hero.png")
    noise_picture(seed=1).save("ink.png")
    return tmp_path


def pixels(of: Session, line: str) -> bytes:
    return of.imagine(f"{line} {FEW}").pictures[0].tobytes()


def test_a_learnt_name_gives_other_pictures_than_its_picture_and_these_again(
    warm: Session, here: Path
) -> None:
    kept = warm.learn(["hero.png"], "hero", options=QUICK, role="image", licence="CC0 1.0")
    assert (kept.kind, kept.source, kept.licence) == ("prompt", "hero.png", "CC0 1.0")
    assert kept.learnt is not None
    assert (kept.learnt.by, kept.learnt.pictures) == ("online", 1)
    file = here / "library" / "hero" / PROMPT
    assert kept.learnt.sha256 == sha256(file)
    assert Embedding.load(file).adjustment is not None
    made = warm.imagine(f"@hero a cat {FEW}")
    assert made.pictures[0].tobytes() != pixels(warm, "hero.png a cat")
    assert made.recipe.adapters == {"@hero": sha256(file)}
    [saved] = made.save(here)
    forget()
    assert warm.again(saved).pictures[0].tobytes() == made.pictures[0].tobytes()


def test_what_was_learnt_stands_beside_pictures_that_are_only_seen(warm: Session) -> None:
    warm.learn(["hero.png"], "hero", options=QUICK)
    plain = pixels(warm, "hero.png a cat --sref ink.png")
    assert pixels(warm, "@hero a cat --sref ink.png") != plain
    assert pixels(warm, "a cat --cref @hero")


def test_pictures_of_several_are_learnt_as_one_prompt(warm: Session, here: Path) -> None:
    kept = warm.learn(["hero.png", "ink.png"], "hero", options=QUICK)
    assert kept.learnt is not None
    assert kept.learnt.pictures == 2
    assert len(Embedding.load(here / "library" / "hero" / PROMPT)) == 1


def test_a_changed_prompt_file_is_told_and_nothing_is_made_with_it(
    warm: Session, here: Path
) -> None:
    warm.learn(["hero.png"], "hero", options=QUICK)
    [saved] = warm.imagine(f"@hero a cat {FEW}").save(here)
    file = here / "library" / "hero" / PROMPT
    file.write_bytes(file.read_bytes()[:-1] + b"\1")
    with pytest.raises(PictureError, match=r"learnt of @hero was changed.*--as hero --replace"):
        warm.imagine(f"@hero a cat {FEW}")
    with pytest.raises((PictureError, RecipeError), match=r"@hero.*changed"):
        warm.again(saved)


def test_a_picture_is_made_again_by_what_it_was_made_by(warm: Session, here: Path) -> None:
    """Of one picture, there may be what was learnt in two ways, and the plain picture."""
    warm.learn(["hero.png"], "hero", options=QUICK)
    warm.learn(["hero.png"], "also", options={**QUICK, "seed": 1})
    warm.save_as("hero.png", "plain")
    made = {name: warm.imagine(f"@{name} a cat {FEW}") for name in ("hero", "also", "plain")}
    assert len({one.pictures[0].tobytes() for one in made.values()}) == 3
    for one in made.values():
        [saved] = one.save(here)
        assert warm.again(saved).pictures[0].tobytes() == one.pictures[0].tobytes()
    [saved] = made["plain"].save(here)
    warm.library.forget("plain")
    assert warm.again(saved).pictures[0].tobytes() == made["plain"].pictures[0].tobytes()
    [saved] = made["hero"].save(here)
    warm.library.forget("hero")
    with pytest.raises(RecipeError, match="@hero has changed since"):
        warm.again(saved)


def test_what_was_learnt_for_another_model_is_told_and_its_picture_read(
    warm: Session, tmp_path: Path
) -> None:
    warm.learn(["hero.png"], "hero", options=QUICK)
    other = tiny_session(tmp_path / "other", seed=7)
    with pytest.warns(Note, match="learnt of @hero is for another model"):
        made = pixels(other, "@hero a cat")
    assert made == pixels(other, "hero.png a cat")


@pytest.mark.parametrize(
    ("name", "said"), [("hero", "@hero is taken.*--replace"), ("My Hero", "small letters")]
)
def test_a_wrong_name_is_refused_before_anything_is_learnt(
    warm: Session, monkeypatch: pytest.MonkeyPatch, name: str, said: str
) -> None:
    warm.save_as("ink.png", "hero")

    def learn(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(online, "learn", learn)
    with pytest.raises(OptionError, match=said):
        warm.learn(["hero.png"], name, options=QUICK)
    with pytest.raises(OptionError, match="steps"):
        warm.learn(["hero.png"], "other", options={"steps": 0})
    assert Library().get("hero").kind == "picture"


def test_a_name_is_learnt_anew_only_where_that_is_said(warm: Session) -> None:
    warm.save_as("ink.png", "hero")
    kept = warm.learn(["hero.png"], "hero", options=QUICK, replace=True)
    assert (kept.kind, Library().get("hero").source) == ("prompt", "hero.png")
    warm.save_as("ink.png", "hero", replace=True)
    assert Library().get("hero").kind == "picture"
    assert Library().prompt("hero") is None


def test_a_tuning_into_a_file_that_is_there_is_refused_at_once(warm: Session, here: Path) -> None:
    (here / "taken.safetensors").write_text("mine")
    with pytest.raises(OutputError, match="exists already"):
        next(warm.tune(here, "taken.safetensors", short()))
    assert (here / "taken.safetensors").read_text() == "mine"
    assert not (here / "taken.safetensors.run").exists()


def test_an_edit_weighs_the_words_as_its_converter_does_unless_told(warm: Session) -> None:
    from lookalike.core.records import Settings

    settings = Settings(steps=1, count=1, seed=4)
    few: dict[str, object] = {"steps": 1, "batch": 1}

    def balance(by: str, options: dict[str, object], given: float | None = None) -> object:
        made = warm.edit(
            "hero.png", "a hat", balance=given, settings=settings, by=by, options=options
        )
        return made.recipe.options["balance"]

    assert balance("closed-form", {}) == 0.6
    assert balance("dreambooth", few) == 1.0
    assert balance("dreambooth", few, 0.3) == 0.3
