"""The Python interface: what a Session promises beyond what the commands show."""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from lookalike.core.compute import Compute
from lookalike.core.errors import OptionError, PictureError, PromptError, RecipeError
from lookalike.core.files import sha256
from lookalike.core.language import read
from lookalike.core.pictures import png_bytes
from lookalike.core.plan import Result
from lookalike.core.records import Prompt, Settings
from lookalike.models.familiar import Familiarity
from lookalike.session import Note, Session
from lookalike.session.session import STRENGTHS
from tests.models.tiny_checkpoints import make_clip, make_tiny

FEW = Settings(steps=3, count=2, seed=4)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random SD 1 checkpoint of 32 pixels, with its CLIP, as a folder."""
    made = make_tiny("sd1")
    made.unet.register_to_config(sample_size=16)
    folder = made.save(tmp_path_factory.mktemp("models") / "tiny")
    make_clip(made).save_pretrained(folder / "clip")
    return folder


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOOKALIKE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("LOOKALIKE_LIBRARY", str(tmp_path / "library"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


@pytest.fixture(scope="module")
def warm(tiny: Path) -> Session:
    """A session that keeps its model from test to test."""
    return Session(str(tiny))


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    made = Image.new("RGB", (40, 40), "#205080")
    made.paste("#ee8800", (10, 10, 30, 30))
    made.save(tmp_path / "square.png")
    return tmp_path / "square.png"


def pixels(result: Result) -> list[bytes]:
    return [each.tobytes() for each in result.pictures]


def test_a_model_is_loaded_once(warm: Session, tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    warm.imagine("a cat", settings=FEW)
    monkeypatch.setattr(warm.models, "_load", None)
    warm.imagine("a dog", settings=FEW)


def test_the_sessions_model_is_used_unless_the_settings_name_one(warm: Session, tiny: Path) -> None:
    assert warm.imagine("a cat", settings=FEW).recipe.prompt.settings.model == str(tiny)
    elsewhere = Session("nowhere/at-all")
    named = FEW.model_copy(update={"model": str(tiny)})
    named = Settings.model_validate(named.model_dump())
    assert elsewhere.imagine("a cat", settings=named).recipe.model == "tiny"


def test_the_same_seed_gives_the_same_pictures_and_another_does_not(warm: Session) -> None:
    first = warm.imagine("a cat", settings=FEW)
    assert pixels(first) == pixels(warm.imagine(Prompt.of("a cat"), settings=FEW))
    other = FEW.model_copy(update={"seed": 9})
    assert pixels(first) != pixels(warm.imagine("a cat", settings=other))


def test_a_drawn_seed_is_in_the_recipe(warm: Session) -> None:
    drawn = warm.imagine("a cat", settings=Settings(steps=1, count=2)).recipe.seeds
    assert drawn != warm.imagine("a cat", settings=Settings(steps=1, count=2)).recipe.seeds
    assert drawn[1] == (drawn[0] + 1) % 2**32


def test_a_run_tells_every_step_and_gives_the_same_as_the_plain_call(
    warm: Session, picture: Path
) -> None:
    run = warm.start_vary(picture, strength="strong", settings=FEW)
    told = [(progress.step, progress.of) for progress in run]
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert list(run) == []
    assert pixels(run.result()) == pixels(warm.vary(picture, strength="strong", settings=FEW))


def test_a_run_that_was_left_early_can_be_finished(warm: Session) -> None:
    run = warm.start_imagine("a cat", settings=FEW)
    for progress in run:
        if progress.step == 1:
            break
    assert pixels(run.result()) == pixels(warm.imagine("a cat", settings=FEW))


def test_a_run_that_is_closed_frees_its_model(warm: Session, tiny: Path) -> None:
    import threading

    run = warm.start_imagine("a cat", settings=FEW)
    next(iter(run))
    run.close()
    done = threading.Thread(target=warm.imagine, args=("a dog",), kwargs={"settings": FEW})
    done.start()
    done.join(60)
    assert not done.is_alive()


def test_a_subtle_variation_runs_its_share_of_the_steps(warm: Session, picture: Path) -> None:
    ten = FEW.model_copy(update={"steps": 10})
    subtle = list(warm.start_vary(picture, strength="subtle", settings=ten))
    strong = list(warm.start_vary(picture, strength="strong", settings=ten))
    assert (len(subtle), len(strong)) == (round(10 * STRENGTHS["subtle"]), 10)


@pytest.mark.parametrize("kind", ["path", "bytes", "picture"])
def test_a_variation_is_made_again_from_any_kind_of_picture(
    warm: Session, picture: Path, tmp_path: Path, kind: str
) -> None:
    with Image.open(picture) as opened:
        given: Any = {
            "path": picture,
            "bytes": picture.read_bytes(),
            "picture": opened.convert("RGB"),
        }[kind]
    result = warm.vary(given, settings=FEW)
    paths = result.save(tmp_path)
    if kind == "picture":
        (tmp_path / "reference.png").write_bytes(png_bytes(given))
    anew = warm.again(paths[1])
    assert anew.recipe.index == 1
    assert pixels(anew) == pixels(result)
    assert anew.recipe.model_copy(update={"seconds": 0}) == result.recipe.model_copy(
        update={"index": 1, "seconds": 0}
    )


def test_a_picture_of_another_way_of_running_is_made_again_so(
    warm: Session, tiny: Path, tmp_path: Path
) -> None:
    other = Session(str(tiny), device="cpu", compute=Compute.read("bfloat16,lcm"))
    result = other.imagine("a cat", settings=FEW)
    assert result.recipe.compute == Compute(dtype="bfloat16", sampler="lcm")
    anew = warm.again(result.save(tmp_path)[1])
    assert pixels(anew) == pixels(result)
    assert anew.recipe.compute == result.recipe.compute
    assert pixels(warm.imagine("a cat", settings=result.recipe.prompt.settings)) != pixels(result)


def test_a_picture_without_a_name_that_is_gone_is_told(
    warm: Session, picture: Path, tmp_path: Path
) -> None:
    with Image.open(picture) as opened:
        [first, _] = warm.vary(opened.convert("L"), settings=FEW).save(tmp_path / "out")
    with pytest.raises(RecipeError, match="which is neither beside it nor in"):
        warm.again(first)


def test_an_edit_hears_picture_words_and_balance(warm: Session, picture: Path) -> None:
    red = Image.new("RGB", (40, 40), "red")
    ways = [
        warm.edit(picture, "a cat", settings=FEW),
        warm.edit(picture, "a dog", settings=FEW),
        warm.edit(picture, "a cat", balance=0.1, settings=FEW),
        warm.edit(red, "a cat", settings=FEW),
    ]
    assert len({pixels(way)[0] for way in ways}) == len(ways)


def test_converting_is_the_same_one_by_one(warm: Session, picture: Path) -> None:
    red = Image.new("RGB", (40, 40), "red")
    both, alone = warm.convert([picture, red]), warm.convert(red)
    assert len(both) == 2
    assert both.take(1).tokens.allclose(alone.tokens, atol=1e-5)
    assert not both.take(0).tokens.allclose(alone.tokens, atol=1e-2)


def test_one_bad_picture_stops_all_before_a_model_is_loaded(picture: Path) -> None:
    with pytest.raises(PictureError, match=r"none\.png"):
        Session("nowhere/at-all").describe([picture, "none.png"])


def test_wrong_options_are_refused_in_words(warm: Session, picture: Path) -> None:
    with pytest.raises(OptionError, match="closed-form"):
        warm.convert(picture, by="closed-from")
    with pytest.raises(OptionError, match="fit"):
        warm.vary(picture, options={"fitt": "pad"})
    with pytest.raises(PromptError):
        warm.edit(picture, " ")
    with pytest.raises(OptionError, match="balance"):
        warm.edit(picture, "rain", balance=float("nan"))


def test_a_prompt_that_is_too_long_comes_with_a_note(warm: Session) -> None:
    words = " ".join(f"word{number}" for number in range(500))
    with pytest.warns(Note, match=r"too long.*word499”.*words"):
        recipe = warm.imagine(words, settings=FEW).recipe
    # Without spaces: a word may be cut in two.
    assert (recipe.resolved + recipe.cut).replace(" ", "") == words.replace(" ", "")


def test_a_strange_picture_comes_with_a_note_that_names_the_way_out(
    warm: Session, picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lookalike.models import familiar

    def far(_backbone: object, pictures: list[Image.Image]) -> list[Familiarity]:
        return [Familiarity(look=2.5, texture=0.5) for _ in pictures]

    monkeypatch.setattr(familiar, "familiarity", far)
    with pytest.warns(Note, match=r"square\.png is unlike.*2\.5 times.*--model"):
        warm.vary(picture, settings=FEW)
    with pytest.warns(Note, match="unlike"):
        warm.convert(picture)


def test_a_familiar_picture_comes_without_a_note(
    warm: Session, picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lookalike.models import familiar

    monkeypatch.setattr(familiar, "familiarity", lambda *_: [Familiarity(0.9, 1.0)])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warm.vary(picture, settings=FEW)


def test_another_model_under_the_same_name_is_told(
    warm: Session, tiny: Path, tmp_path: Path
) -> None:
    [first, _] = warm.imagine("a cat", settings=FEW).save(tmp_path / "out")
    other = make_tiny("sd1", seed=7)
    other.unet.register_to_config(sample_size=16)
    folder = other.save(tmp_path / "tiny")
    shutil.copytree(tiny / "clip", folder / "clip")
    with pytest.warns(Note) as told:
        warm.again(first, model=str(folder))
    assert "its SHA-256 is another" in str(told[0].message)
    assert "some pixels differ" in str(told[1].message)


def test_other_versions_are_told(
    warm: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lookalike.session import work

    [first, _] = warm.imagine("a cat", settings=FEW).save(tmp_path)
    monkeypatch.setattr(work, "_version", lambda name: f"9.9-{name}")
    with pytest.warns(Note, match=r"versions differ.*torch .* then, 9\.9-torch now"):
        warm.again(first)


def test_a_saved_picture_is_meant_by_its_name(warm: Session, picture: Path) -> None:
    kept = warm.save_as(picture, "square", role="character", licence="CC0 1.0", note="orange")
    assert (kept.source, kept.source_sha256) == (str(picture), sha256(picture))
    assert warm.library.get("square") == kept
    with pytest.raises(OptionError, match="taken"):
        warm.save_as(picture, "@square")
    named = warm.vary("@square", strength="strong", settings=FEW)
    assert pixels(named) == pixels(warm.vary(picture, strength="strong", settings=FEW))
    assert named.recipe.references == {"@square": kept.sha256}


def test_words_are_weighed_and_the_model_is_the_sessions(warm: Session) -> None:
    found = warm.shorten("a red cat --ar 2:1", levels=1)
    assert [each.text for each in found.pieces] == ["a", "red", "cat"]
    assert found == warm.shorten(read("a red cat --ar 2:1"), levels=1)
    run = warm.start_shorten("a red cat", by="phrases", levels=1)
    assert [(one.step, one.of) for one in run] == [(1, 2)]
    assert len(run.result().pieces) == 1
    with pytest.raises(PromptError):
        warm.start_shorten("a cat --srf x.png")
