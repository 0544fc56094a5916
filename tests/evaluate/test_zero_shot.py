"""Zero-shot accuracy: found where texts and pictures agree, chance where they do not."""

from __future__ import annotations

from itertools import islice

import torch
from torch import Tensor

from lookalike.evaluate.zero_shot import attribute_accuracy
from lookalike.world.caption import read
from lookalike.world.look import Look, looks
from lookalike.world.style import values

LOOKS = list(islice(looks("validation"), 200))
PLACES = {
    (name, value): place
    for place, (name, value) in enumerate((n, v) for n, vs in values().items() for v in vs)
}


def vector(stated: dict[str, str]) -> Tensor:
    """One hot for every value stated."""
    made = torch.zeros(len(PLACES))
    for name, value in stated.items():
        made[PLACES[name, value]] = 1.0
    return made / made.norm().clamp(min=1.0)


def project(texts: list[str]) -> Tensor:
    return torch.stack([vector(read(text)) for text in texts])


def seen(of: list[Look], but: str = "") -> Tensor:
    return torch.stack([vector({k: v for k, v in o.values.items() if k != but}) for o in of])


def test_a_clip_that_knows_everything_is_right_everywhere() -> None:
    found = attribute_accuracy(seen(LOOKS), LOOKS, project)
    assert set(found) == {*values(), "mean"}
    assert all(value == 1.0 for value in found.values())


def test_an_attribute_that_pictures_do_not_tell_is_chance_alone() -> None:
    found = attribute_accuracy(seen(LOOKS, but="mouth"), LOOKS, project)
    assert found.pop("mouth") < 0.5
    assert found.pop("mean") < 1.0
    assert all(value == 1.0 for value in found.values())


def test_a_colour_must_be_bound_to_its_thing() -> None:
    """Hair in the clothes' colour is a wrong answer, though the colour is in the picture."""
    shared = values()["hair_colour"]
    of = [o for o in LOOKS if "hair_colour" in o.values and o.get("clothes_colour") in shared]
    mixed = [{**o.values, "hair_colour": o.values["clothes_colour"]} for o in of]
    rows = torch.stack([vector(m) for m in mixed])
    assert attribute_accuracy(rows, of, project)["hair_colour"] < 0.5


def test_nothing_is_asked_of_what_is_not_shown() -> None:
    robots = [o for o in LOOKS if o.style == "bottts"]
    found = attribute_accuracy(seen(robots), robots, project)
    assert "hair" not in found
    assert "body_colour" in found
