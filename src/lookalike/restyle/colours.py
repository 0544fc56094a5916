"""Colours apart from strokes: one picture in another's colours, or with its own kept."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from PIL import Image

_WIDENED = 1e-6
"""Added to the variance of each colour, so that pictures of one colour have a covariance too."""


def recoloured(picture: Image.Image, like: Image.Image) -> Image.Image:
    """The picture with the mean and the covariance of another's colours (Monge's linear map).

    Of all linear maps that do so it moves colours least (Pitié and Kokaram 2007).
    """
    ours, theirs = _rows(picture), _rows(like)
    mapped = (ours - ours.mean(0)) @ _monge(_spread(ours), _spread(theirs)) + theirs.mean(0)
    values = (mapped.clip(0, 1) * 255).round().astype(np.uint8)
    return Image.fromarray(values.reshape(picture.height, picture.width, 3))


def with_colours_of(picture: Image.Image, colours: Image.Image) -> Image.Image:
    """The lightness of a picture with the hues of another of the same size."""
    light = picture.convert("YCbCr").getchannel("Y")
    _, blue, red = colours.convert("YCbCr").split()
    return Image.merge("YCbCr", (light, blue, red)).convert("RGB")


def _rows(picture: Image.Image) -> Float[np.ndarray, "pixels 3"]:
    return np.asarray(picture.convert("RGB"), np.float64).reshape(-1, 3) / 255


def _spread(rows: Float[np.ndarray, "pixels 3"]) -> Float[np.ndarray, "3 3"]:
    return np.cov(rows.T, bias=True) + _WIDENED * np.eye(3)


def _monge(
    ours: Float[np.ndarray, "3 3"], theirs: Float[np.ndarray, "3 3"]
) -> Float[np.ndarray, "3 3"]:
    root = _power(ours, 0.5)
    back = _power(ours, -0.5)
    return back @ _power(root @ theirs @ root, 0.5) @ back


def _power(matrix: Float[np.ndarray, "3 3"], exponent: float) -> Float[np.ndarray, "3 3"]:
    values, basis = np.linalg.eigh(matrix)
    return (basis * values.clip(1e-12) ** exponent) @ basis.T
