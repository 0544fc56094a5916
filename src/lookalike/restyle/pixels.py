"""Pictures as tensors of 0 to 1, in the sizes that a transfer goes through."""

from __future__ import annotations

import math

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from lookalike.core.errors import OptionError, PictureError
from lookalike.restyle.options import SMALLEST


def tensor(picture: Image.Image) -> Float[Tensor, "1 channels height width"]:
    """A picture, grey or RGB, as a tensor of 0 to 1."""
    values = np.asarray(picture, np.float32) / 255
    rows = torch.from_numpy(values.reshape(*values.shape[:2], -1))
    return rows.permute(2, 0, 1)[None].contiguous()


def picture(values: Float[Tensor, "1 3 height width"]) -> Image.Image:
    """A tensor as a picture."""
    whole = (values[0].detach().float().cpu().clamp(0, 1) * 255).round()
    return Image.fromarray(whole.permute(1, 2, 0).to(torch.uint8).numpy())


def fitted(size: tuple[int, int], side: int, *, grow: bool) -> tuple[int, int]:
    """A size whose longer side is `side`, or where it may not `grow`, as it is if smaller."""
    longer = max(size)
    share = side / longer if grow or longer > side else 1.0
    return max(1, round(size[0] * share)), max(1, round(size[1] * share))


def sizes(content: tuple[int, int], longer: int, count: int) -> list[tuple[int, int]]:
    """Width and height at each scale, √2 apart, smallest first; too small ones are left out."""
    sides = [round(longer / math.sqrt(2) ** down) for down in reversed(range(count))]
    every = [fitted(content, side, grow=True) for side in sides]
    return [size for size in every if min(size) >= SMALLEST] or every[-1:]


def check_size(name: str, size: tuple[int, int]) -> None:
    """Raise `PictureError` for a picture in which VGG has next to nothing to see."""
    if min(size) < SMALLEST:
        raise PictureError(
            f"{name} has {size[0]} x {size[1]} pixels: at least {SMALLEST} on each side are needed"
        )


def check_result(content: tuple[int, int], longer: int) -> None:
    """Raise `OptionError` where a narrow content becomes too narrow at the size that is asked for.

    The message names a size at which it would do.
    """
    width, height = fitted(content, longer, grow=True)
    if min(width, height) < SMALLEST:
        enough = math.ceil(SMALLEST * max(content) / min(content))
        raise OptionError(
            f"the result would have {width} x {height} pixels, and at least {SMALLEST} on each "
            f"side are needed: ask for --size {enough}"
        )


def resized(
    values: Float[Tensor, "1 channels height width"], size: tuple[int, int], mode: str = "bicubic"
) -> Float[Tensor, "1 channels newheight newwidth"]:
    """A tensor in another size, (width, height)."""
    return F.interpolate(values, (size[1], size[0]), mode=mode, align_corners=False)


def shrunk(one: Image.Image, size: tuple[int, int]) -> Image.Image:
    """A picture in another size, as finely as Pillow can."""
    return one if one.size == size else one.resize(size, Image.Resampling.LANCZOS)
