"""Any picture that Pillow can hold, turned upright into 8-bit sRGB on an opaque ground."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, cast

import numpy as np
from PIL import Image, ImageCms, ImageOps

STRIP = 2**20
"""Values that are scaled at once."""

_DEEP = ("I", "F", "I;16", "I;16L", "I;16B", "I;16N")


def to_rgb(picture: Image.Image, ground: tuple[int, int, int]) -> Image.Image:
    """A new RGB picture: EXIF orientation applied, alpha laid on `ground`, metadata left behind."""
    upright = ImageOps.exif_transpose(picture)
    if upright.mode in _DEEP:
        upright = _eight_bits(upright)
    # By one name, so that of a large picture no step's copy outlives the next.
    if upright.has_transparency_data:
        upright = _flatten(upright, ground)
    plain = upright = _in_srgb(upright, picture.info.get("icc_profile"))
    clean = Image.new("RGB", plain.size)
    clean.paste(plain if plain.mode == "RGB" else plain.convert("RGB"))
    return clean


def _eight_bits(picture: Image.Image) -> Image.Image:
    """A deep grey picture scaled to 8 bits: Pillow's own conversion clips all above 255 to white.

    16-bit files are scaled by their full range; 32-bit and float files do not state a range, so
    the smallest usual one that holds their values is taken: 1, 255, 65535, or their own.
    """
    raw, (low, high) = np.asarray(picture).reshape(-1), (0.0, 65535.0)
    if picture.mode in ("I", "F"):
        ends = [(float(each.min()), float(each.max())) for _, each in _strips(raw)]
        least, most = min(each for each, _ in ends), max(each for _, each in ends)
        low, high = _range(least, most, whole=picture.mode == "I")
    grey, alpha = np.empty(raw.shape, np.uint8), np.full(raw.shape, 255, np.uint8)
    clear = picture.info.get("transparency")
    for some, values in _strips(raw):
        grey[some] = np.rint((values - low) / (high - low) * 255).clip(0, 255)
        if isinstance(clear, int):
            alpha[some][values == clear] = 0
    shape = (picture.height, picture.width)
    if not isinstance(clear, int):
        return Image.fromarray(grey.reshape(shape))
    bands = (Image.fromarray(each.reshape(shape)) for each in (grey, alpha))
    return Image.merge("LA", tuple(bands))


def _strips(raw: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """Some values after others, exact and finite: all at once would take many times the picture."""
    for start in range(0, len(raw), STRIP):
        some = slice(start, start + STRIP)
        yield some, np.nan_to_num(raw[some].astype(np.float64))


def _range(low: float, high: float, *, whole: bool) -> tuple[float, float]:
    if low >= 0:
        usual = (255.0, 65535.0) if whole else (1.0, 255.0, 65535.0)
        for top in usual:
            if high <= top:
                return 0.0, top
    return low, max(high, low + 1)


def _flatten(picture: Image.Image, ground: tuple[int, int, int]) -> Image.Image:
    layer = picture.convert("RGBA")
    below = Image.new("RGBA", layer.size, (*ground, 255))
    return Image.alpha_composite(below, layer).convert("RGB")


def _in_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """`picture` in sRGB where it carries a colour profile that fits it, else as it is."""
    if not profile or picture.mode not in ("RGB", "CMYK", "L"):
        return picture
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        target: Any = cast(Any, ImageCms).createProfile("sRGB")  # Pillow states no type
        turned = ImageCms.profileToProfile(picture, source, target, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):
        return picture  # a damaged profile is no reason to refuse the picture
    return picture if turned is None else turned
