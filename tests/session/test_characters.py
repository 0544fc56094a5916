"""A character is drawn, saved, called by its name, blended, and never taken for another's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from lookalike.characters import drawing
from lookalike.characters.drawing import (
    between,
    last_sheet,
    numbered_card,
    save_sheet,
)
from lookalike.core.errors import ModelError, OptionError, PictureError
from lookalike.core.library import Library
from lookalike.core.records import Settings
from lookalike.models.card import Card, read_card
from lookalike.models.maker import save_maker
from lookalike.session import Note, Session
from lookalike.session.portraits import portrait_again
from tests.characters.small import small_maker, small_recipe
from tests.engine.tiny import noise_picture
from tests.models.tiny_checkpoints import make_clip, make_tiny

FEW = "--steps 1 --count 1 --seed 4"


def tiny_session(folder: Path, seed: int = 0) -> Session:
    """A session with a random SD 1 checkpoint of 32 pixels and a generator beside it."""
    made = make_tiny("sd1", seed)
    made.unet.register_to_config(sample_size=16)
    made.save(folder)
    make_clip(made).save_pretrained(folder / "clip")
    session = Session(str(folder))
    with session.models.use(session.model) as backbone:
        save_maker(
            small_maker(backbone, folder.parent / f"{folder.name}-run"), folder / "characters"
        )
    return session


@pytest.fixture(scope="module", autouse=True)
def quick() -> Iterator[None]:
    """Portraits of one step."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drawing, "PORTRAIT", Settings(count=1, steps=1))
        yield


@pytest.fixture(scope="module")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Session:
    return tiny_session(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def cards(warm: Session) -> list[Card]:
    return warm.new_characters(2, seed=3)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An own folder and an own library."""
    monkeypatch.setenv("LOOKALIKE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("LOOKALIKE_LIBRARY", str(tmp_path / "library"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def pixels(of: Session, line: str) -> bytes:
    return of.imagine(f"{line} {FEW}").pictures[0].tobytes()


def test_a_seed_draws_the_same_characters_however_many(warm: Session, cards: list[Card]) -> None:
    [first] = warm.new_characters(1, seed=3)
    assert torch.equal(first.words[0], cards[0].words[0])
    assert first.portrait.tobytes() == cards[0].portrait.tobytes()
    assert not torch.equal(cards[0].words[0], cards[1].words[0])
    assert (first.about.seed, first.about.number, first.about.licence) == (3, 1, "CC0 1.0")


def test_a_saved_character_speaks_where_its_name_stands(
    warm: Session, cards: list[Card], here: Path
) -> None:
    warm.save_character(cards[0], "nadia")
    warm.save_character(cards[1], "otto")
    one, other = pixels(warm, "@nadia, a cat"), pixels(warm, "@otto, a cat")
    assert one != other
    assert pixels(warm, "a cat --cref @nadia --cw 0") == one
    assert pixels(warm, "a cat --cref @nadia") != one
    assert pixels(warm, "a photo of @nadia on a hill") != pixels(warm, "a photo of @otto on a hill")
    assert warm.library.get("nadia").kind == "character"


def test_a_picture_of_a_character_is_made_again_to_the_pixel(
    warm: Session, cards: list[Card], here: Path
) -> None:
    warm.save_character(cards[0], "nadia")
    warm.save_character(cards[1], "otto")
    made = warm.imagine(f"@nadia, a cat with @otto {FEW}")
    assert made.recipe.resolved == "@nadia, a cat with @otto"
    assert set(made.recipe.adapters) == {"@nadia", "@otto"}
    [saved] = made.save(here)
    assert warm.again(saved).pictures[0].tobytes() == made.pictures[0].tobytes()
    warm.save_character(cards[1], "nadia", replace=True)
    with pytest.raises(Exception, match="@nadia has changed"):
        warm.again(saved)


def test_a_story_has_its_character_in_each_picture(warm: Session, cards: list[Card]) -> None:
    warm.save_character(cards[0], "nadia")
    warm.save_character(cards[1], "otto")

    def told(name: str) -> list[bytes]:
        run = warm.story([f"a cat --cref {name} --cw 0 --steps 1 --seed 1", "a dog"])
        return [each.tobytes() for each in run.pictures]

    one, other = told("@nadia"), told("@otto")
    assert one[0] != other[0]
    assert one[1] != other[1]


def test_an_unknown_name_among_the_words_is_refused(warm: Session, cards: list[Card]) -> None:
    warm.save_character(cards[0], "nadia")
    with pytest.raises(PictureError, match="nothing is saved as @nadja; did you mean @nadia"):
        warm.imagine(f"a photo of @nadja {FEW}")


def test_a_picture_among_the_words_is_told_to_be_a_word(warm: Session) -> None:
    warm.save_as(noise_picture(), "hero")
    with pytest.warns(Note, match="@hero is a picture, and is read as a word here"):
        warm.imagine(f"a photo of @hero {FEW}")


def test_a_card_for_another_base_is_refused(
    warm: Session, cards: list[Card], tmp_path: Path
) -> None:
    warm.save_character(cards[0], "nadia")
    other = tiny_session(tmp_path / "other", seed=1)
    with pytest.raises(ModelError, match=r"@nadia is a character for tiny .*other.* reads"):
        other.imagine(f"@nadia, a cat {FEW}")
    with pytest.raises(ModelError, match="@nadia is a character for tiny"):
        other.blend_characters("@nadia", "@nadia")


def test_a_taken_name_is_refused_and_stays(warm: Session, cards: list[Card]) -> None:
    warm.save_character(cards[0], "nadia")
    with pytest.raises(OptionError, match="@nadia is taken"):
        warm.save_character(cards[1], "nadia")
    assert torch.equal(warm.character("@nadia").words[0], cards[0].words[0])


def test_a_blend_goes_from_one_to_the_other(warm: Session, cards: list[Card]) -> None:
    warm.save_character(cards[0], "nadia")
    warm.save_character(cards[1], "otto")
    ends = [warm.blend_characters("@nadia", "@otto", share) for share in (0, 1)]
    for card, end in zip(cards, ends, strict=True):
        assert torch.allclose(end.words[0], card.words[0], atol=1e-4)
    middle = warm.blend_characters("@nadia", "@otto", 0.3)
    assert middle.about.of == {"nadia": 0.7, "otto": 0.3}
    assert not torch.allclose(middle.words[0], cards[0].words[0], atol=1e-4)
    with pytest.raises(OptionError, match="a share from 0 to 1"):
        warm.blend_characters("@nadia", "@otto", 1.5)


def test_places_between_two_are_as_long_as_they_are() -> None:
    one, other = torch.tensor([2.0, 0, 0]), torch.tensor([0, 2.0, 0])
    middle = between(one, other, 0.5)
    assert torch.allclose(middle, torch.tensor([2**0.5, 2**0.5, 0]))
    assert torch.allclose(between(one, one, 0.3), one)


def test_characters_of_two_generators_do_not_blend(
    warm: Session, cards: list[Card], tmp_path: Path
) -> None:
    with warm.models.use(warm.model) as backbone:
        made = small_maker(backbone, tmp_path, small_recipe(steps=4))
        save_maker(made, tmp_path / "maker")
    warm.save_character(cards[0], "nadia")
    [stranger] = warm.new_characters(1, seed=3, maker=tmp_path / "maker")
    warm.save_character(stranger, "otto")
    with pytest.raises(ModelError, match="@otto was made by another generator"):
        warm.blend_characters("@nadia", "@otto")


def test_a_sheet_keeps_its_cards_under_their_numbers(cards: list[Card], here: Path) -> None:
    save_sheet(cards, here / "characters-001")
    assert last_sheet(here) == here / "characters-001"
    found = numbered_card(here / "characters-001", 2)
    assert torch.equal(found.words[0], cards[1].words[0])
    assert found.about == cards[1].about
    assert found.portrait.tobytes() == cards[1].portrait.tobytes()
    with pytest.raises(OptionError, match=r"there is no number 3 on .*; it has 1 to 2"):
        numbered_card(here / "characters-001", 3)
    with pytest.raises(OptionError, match="there is no sheet of characters in"):
        last_sheet(here / "empty")


@pytest.mark.parametrize("keep", [0, 8, 400, -1])
def test_a_damaged_card_is_one_line(cards: list[Card], here: Path, keep: int) -> None:
    path = here / "card.safetensors"
    path.write_bytes(cards[0].to_bytes()[:keep])
    with pytest.raises(ModelError) as fault:
        read_card(path)
    assert str(path) in str(fault.value)
    assert "\n" not in str(fault.value)


def test_what_is_no_character_is_told(warm: Session) -> None:
    warm.save_as(noise_picture(), "hero")
    with pytest.raises(OptionError, match="@hero is no character"):
        warm.character("@hero")
    with pytest.raises(PictureError, match="nothing is saved as @nobody"):
        warm.character("@nobody")
    assert Library().names() == ["hero"]


@pytest.mark.parametrize("guidance", [None, 1.5])
def test_a_portrait_of_other_settings_is_made_again_so(
    warm: Session, guidance: float | None
) -> None:
    settings = Settings(count=1, steps=2, pixels=48, guidance=guidance)
    [card] = warm.new_characters(1, seed=3, settings=settings)
    assert card.portrait.size == (48, 48)
    again = portrait_again(warm.models, warm.portrait_recipe(card)).result()
    assert again.pictures[0].tobytes() == card.portrait.tobytes()
