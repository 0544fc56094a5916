"""Foreign styles: drawn from known words like the world's, and never a part of mini's world."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from lookalike.core.errors import OptionError
from lookalike.world.caption import caption, phrases
from lookalike.world.dataset import every_dataset, version
from lookalike.world.look import Look, draw, every_look, foreign_looks, look, looks, split
from lookalike.world.render import render
from lookalike.world.style import FOREIGN, foreign, foreign_values, style_of, styles, values

NOTICE = Path(__file__).parents[2] / "NOTICE"


def first(style: str, which: str = "train", count: int = 1) -> list[Look]:
    return list(islice(foreign_looks(style, which), count))  # type: ignore[arg-type]


def drawn(style: str, **changed: str) -> Look:
    plain = {a.name: a.values[0] for a in foreign()[style].attributes}
    return look(style, 0, **{**plain, **changed})


def test_the_world_that_mini_learns_is_as_it_was_before_there_were_foreign_styles() -> None:
    # Known answers: a change of these makes every kept picture and every trained weight stale.
    assert version() == "a707dee5a4d4"
    assert draw(1).values == {
        **{"style": "avataaars", "skin": "pale", "hair": "afro", "hair_colour": "blonde"},
        **{"facial_hair": "moustache", "glasses": "none", "mouth": "surprised", "eyes": "closed"},
        **{"clothes": "blazer", "clothes_colour": "purple"},
        "background": "dark green",
    }
    assert draw(12345).values == {
        **{"style": "big-smile", "skin": "tan", "hair": "short", "hair_colour": "ginger"},
        **{"glasses": "none", "mouth": "grin", "eyes": "angry", "background": "white"},
    }


def test_foreign_styles_and_their_own_words_are_not_the_worlds() -> None:
    assert tuple(foreign()) == FOREIGN
    assert not set(FOREIGN) & set(styles())
    assert not set(FOREIGN) & set(values()["style"])
    assert "ponytail" not in values()["hair"]
    assert not {draw(seed).style for seed in range(300)} & set(FOREIGN)


def test_the_judges_words_are_the_worlds_and_the_foreign_ones_after_them() -> None:
    every = foreign_values()
    assert every.keys() == values().keys()
    for name, words in values().items():
        assert every[name][: len(words)] == words
    assert every["style"] == (*styles(), *FOREIGN)


@pytest.mark.parametrize("style", FOREIGN)
def test_a_foreign_look_is_the_same_each_time_and_its_splits_are_apart(style: str) -> None:
    assert first(style, "train", 5) == first(style, "train", 5)
    found = {which: first(style, which, 10) for which in ("train", "validation", "test")}
    for which, own in found.items():
        assert {split(one) for one in own} == {which}
    assert len({one.seed for own in found.values() for one in own}) == 30


def test_foreign_looks_go_on_where_they_are_told_to_start() -> None:
    every = first("dylan", "test", 6)
    assert list(islice(foreign_looks("dylan", "test", every[1].seed + 1), 4)) == every[2:]


@pytest.mark.parametrize("style", FOREIGN)
def test_every_foreign_value_is_drawn_and_attributes_are_independent(style: str) -> None:
    own = first(style, "train", 800)
    for attribute in foreign()[style].attributes:
        assert {one.get(attribute.name) for one in own} == set(attribute.values)
    dark = [one.get("skin") == "dark" for one in own if one.get("background") == "navy"]
    assert sum(dark) / len(dark) == pytest.approx(0.2, abs=0.15)


@pytest.mark.parametrize("style", FOREIGN)
def test_every_foreign_value_looks_different(style: str) -> None:
    for attribute in foreign()[style].attributes:
        seen = {render(drawn(style, **{attribute.name: v})).tobytes() for v in attribute.values}
        assert len(seen) == len(attribute.values), attribute.name


@pytest.mark.parametrize("style", FOREIGN)
def test_the_seed_of_a_foreign_character_changes_nothing_but_what_it_draws(style: str) -> None:
    one = drawn(style)
    assert render(one).tobytes() == render(look(style, 9, **dict(one.attributes))).tobytes()


@pytest.mark.parametrize("style", FOREIGN)
def test_the_ground_of_a_foreign_picture_has_the_colour_that_is_said(style: str) -> None:
    for name, colour in {"navy": (0x1E, 0x32, 0x60), "mint": (0xB4, 0xF0, 0xCD)}.items():
        picture = render(drawn(style, background=name))
        assert {picture.getpixel(at) for at in ((1, 1), (62, 1))} == {colour}


def test_a_foreign_caption_says_what_is_seen_and_not_the_style() -> None:
    one = look("dylan", skin="tan", hair="bun", hair_colour="blue", background="navy")
    assert caption(one) == "a person with tan skin, blue bun hair, navy background"
    for style in FOREIGN:
        shown = first(style)[0]
        assert style not in caption(shown)
        assert all(phrase in caption(shown) for phrase in phrases(shown))
        assert style_of(style).noun == "person"


@pytest.mark.parametrize(
    ("style", "which", "named"), [("manga", "test", "manga"), ("dylan", "combination", "held out")]
)
def test_foreign_looks_that_there_are_not_are_refused(style: str, which: str, named: str) -> None:
    with pytest.raises(OptionError, match=named) as raised:
        first(style, which)
    assert "\n" not in str(raised.value)


def test_every_second_look_is_the_worlds_and_the_rest_foreign_styles_in_turn() -> None:
    found = list(islice(every_look("train"), 12))
    assert found[::2] == list(islice(looks("train"), 6))
    assert [one.style for one in found[1::2]] == [*FOREIGN, *FOREIGN]
    assert len({(one.style, one.seed) for one in found}) == 12


def test_a_data_set_of_every_style_is_kept_apart_from_the_worlds(tmp_path: Path) -> None:
    data = every_dataset("train", 6, 16, tmp_path, workers=1)
    assert data.looks == list(islice(every_look("train"), 6))
    for row, one in zip(data.pictures, data.looks, strict=True):
        assert np.array_equal(row, np.asarray(render(one, 16)))
    (home,) = tmp_path.iterdir()
    assert version() not in home.name


@pytest.mark.parametrize("style", FOREIGN)
def test_the_notice_names_the_artist_of_a_foreign_style(style: str) -> None:
    text, own = NOTICE.read_text("utf-8"), foreign()[style]
    assert all(word in text for word in (style, own.artist, own.source, own.licence))
