"""Draws a data set: pictures of the world with their captions, for tests under domain shift."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from lookalike.core.files import building
from lookalike.core.pictures import save_picture
from lookalike.reverse.making import name_of
from lookalike.reverse.manifest import TRUTH, check_parquet, manifest_of, write
from lookalike.reverse.prompts import truth_of
from lookalike.world.caption import caption
from lookalike.world.dataset import drawn
from lookalike.world.look import Split, looks_in

SAMPLER = "drawn"
"""What stands for a sampler where no model made a picture."""


def draw(which: Split, count: int, pixels: int, out: Path, style: str | None) -> Iterator[int]:
    """Write `count` drawings of a split, in one style or all, and their manifest, at once.

    Yields how many are drawn. A drawing's prompt is its full caption.

    Raises:
        OptionError: there is no such style.
        OutputError: `out` is there and is not empty.
    """
    from PIL import Image

    check_parquet()
    chosen = list(islice(looks_in(style, which), count))
    with building(out) as folder:
        rows = []
        for row, (one, raw) in enumerate(zip(chosen, drawn(chosen, pixels), strict=True)):
            save_picture(Image.frombytes("RGB", (pixels, pixels), raw), folder / name_of(row))
            rows.append(
                {
                    "picture": name_of(row),
                    "prompt": caption(one),
                    "seed": one.seed,
                    "steps": 0,
                    "guidance": 0.0,
                    "sampler": SAMPLER,
                    "width": pixels,
                    "height": pixels,
                    TRUTH: truth_of(one),
                }
            )
            yield row + 1
        write(manifest_of(folder, rows))
