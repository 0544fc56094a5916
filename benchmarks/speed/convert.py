"""The closed form against the CLIP vision pass that it cannot do without: what it adds to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice

import torch
from PIL.Image import Image

from benchmarks.measuring import Asked, Row, alternate
from benchmarks.speed._peer import SHAPES
from lookalike.convert import converters
from lookalike.models.backbone import Backbone
from lookalike.models.store import Models
from lookalike.world.look import looks
from lookalike.world.render import render

GOAL = 1.02


def rows(asked: Asked) -> Iterator[Row]:
    """The cost on mini, and on a CLIP of the real shape where one was made."""
    pictures = [render(one, 512) for one in islice(looks("test"), 16)]
    if asked.wants("mini"):
        yield from _rows("mini", "mini", {1: 40, 16: 20}, pictures, quick=asked.quick)
    sd15 = SHAPES / "sd15"
    if asked.wants("sd15") and sd15.is_dir() and not asked.quick:
        yield from _rows("sd15", str(sd15), {1: 10, 4: 4}, pictures, quick=False)


def _rows(
    name: str, model: str, repeats: dict[int, int], pictures: Sequence[Image], *, quick: bool
) -> Iterator[Row]:
    with Models().use(model) as backbone:
        for count, times in repeats.items():
            yield _row(name, backbone, pictures[:count], 1 if quick else times)


def _row(name: str, backbone: Backbone, pictures: Sequence[Image], repeats: int) -> Row:
    converter = converters.make("closed-form", {})
    turns = alternate(
        partial(converter.convert, backbone, pictures), partial(_seen, backbone, pictures), repeats
    )
    count = "1 picture" if len(pictures) == 1 else f"{len(pictures)} pictures"
    return Row(
        part="convert",
        what=f"{name}: {count}",
        ours=turns.ours.seconds,
        theirs=turns.theirs.seconds,
        ratio=turns.ratio,
        goal=GOAL,
        note=f"theirs is the vision pass alone; processor {turns.processor_ratio:.3f}",
    )


@torch.no_grad()
def _seen(backbone: Backbone, pictures: Sequence[Image]) -> None:
    backbone.clip.see(pictures)
