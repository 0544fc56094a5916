"""Pictures of looks: what is said is seen, and nothing else decides what is drawn."""

from __future__ import annotations

from itertools import islice

import pytest

from lookalike.world.look import Look, draw, look, looks
from lookalike.world.render import options, render
from lookalike.world.style import Style, styles

STYLES = sorted(styles())
HIDING = [
    (style.name, attribute.name, other, value)
    for style in styles().values()
    for attribute in style.attributes
    for other, values in attribute.hidden.items()
    for value in values
]


def plain(style: Style) -> dict[str, str]:
    """For every attribute of a style the first value that hides no other."""
    hiding = {(o, v) for a in style.attributes for o, values in a.hidden.items() for v in values}
    return {
        a.name: next(v for v in a.values if (a.name, v) not in hiding) for a in style.attributes
    }


def drawn(style: str, seed: int = 0, **changed: str) -> bytes:
    return render(look(style, seed, **{**plain(styles()[style]), **changed})).tobytes()


def changed(one: Look, name: str) -> Look:
    """A look with one visible attribute at its next value."""
    attribute = styles()[one.style].attribute(name)
    assert attribute is not None
    values = attribute.values
    after = values[(values.index(one.values[name]) + 1) % len(values)]
    return look(one.style, one.seed, **{**dict(one.attributes), name: after})


def test_the_same_look_gives_the_same_picture_at_the_size_asked_for() -> None:
    for one in islice(looks("train"), 5):
        picture = render(one, 40)
        assert (picture.mode, picture.size) == ("RGB", (40, 40))
        assert picture.tobytes() == render(one, 40).tobytes()


def test_different_looks_give_different_pictures() -> None:
    pictures = {render(one).tobytes() for one in islice(looks("train"), 20)}
    assert len(pictures) == 20


@pytest.mark.parametrize("style", STYLES)
def test_every_value_of_every_attribute_looks_different(style: str) -> None:
    for attribute in styles()[style].attributes:
        seen = {drawn(style, **{attribute.name: value}): value for value in attribute.values}
        assert len(seen) == len(attribute.values), attribute.name


def test_a_changed_attribute_changes_a_drawn_picture() -> None:
    for one in islice(looks("test"), 4):
        before = render(one).tobytes()
        for name, _ in one.attributes:
            assert render(changed(one, name)).tobytes() != before, (one, name)


@pytest.mark.parametrize(("style", "name", "other", "value"), HIDING)
def test_a_hidden_attribute_does_not_change_the_picture(
    style: str, name: str, other: str, value: str
) -> None:
    attribute = styles()[style].attribute(name)
    assert attribute is not None
    pictures = {drawn(style, **{other: value, name: v}) for v in attribute.values[:4]}
    assert len(pictures) == 1


@pytest.mark.parametrize("style", [name for name in STYLES if name != "landscape"])
def test_the_seed_of_a_character_changes_nothing_but_what_it_draws(style: str) -> None:
    assert drawn(style, 1) == drawn(style, 2)


def shifted(one: Look) -> Look:
    """The same character in another scene, under another seed."""
    style = styles()[one.style]
    scene = {a.name: a.values[-1] for a in style.attributes if a.role == "scene"}
    return look(one.style, one.seed + 1000, **{**scene, **one.of("identity")})


def nuisance(one: Look) -> dict[str, object]:
    names = styles()[one.style].nuisance
    return {k: v for k, v in options(one).items() if k.removesuffix("Variant") in names}


@pytest.mark.parametrize("style", [name for name in STYLES if styles()[name].nuisance])
def test_characters_alike_have_the_same_nose_and_eyebrows_in_every_scene(style: str) -> None:
    own = [one for one in map(draw, range(400)) if one.style == style][:20]
    for one in own:
        assert nuisance(one) == nuisance(shifted(one))


def test_noses_and_eyebrows_differ_between_characters() -> None:
    own = [one for one in map(draw, range(800)) if one.style == "micah"]
    seen = {(n["noseVariant"], n["eyebrowsVariant"]) for n in map(nuisance, own)}
    assert len(seen) == 4


def test_the_background_has_the_colour_that_is_said() -> None:
    wanted = {"navy": (0x1E, 0x32, 0x60), "mint": (0xB4, 0xF0, 0xCD), "white": (255, 255, 255)}
    for style, (name, colour) in zip(STYLES, [*wanted.items()] * 3, strict=False):
        if style == "landscape":
            continue
        picture = render(look(style, **{**plain(styles()[style]), "background": name}))
        assert picture.getpixel((1, 1)) == colour, style
