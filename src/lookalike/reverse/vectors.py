"""Rows of vectors: at length 1, compared row by row, and refused where they hold no numbers."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from lookalike.reverse.manifest import DataError

Rows = Float[np.ndarray, "rows width"]


def unit(rows: Rows) -> Rows:
    """Rows at length 1, in float64; what has no length stays as it is."""
    wide = np.asarray(rows, np.float64)
    length = np.linalg.norm(wide, axis=-1, keepdims=True)
    return wide / np.where(length == 0, 1, length)


def cosines(one: Rows, other: Rows) -> Float[np.ndarray, " rows"]:
    """The cosine of each row with the row in the same place."""
    return (unit(one) * unit(other)).sum(-1)


def check_rows(name: str, rows: Float[np.ndarray, "count wide"], width: int | None = None) -> None:
    """Raise DataError where there are no rows, or they hold NaN, or are not `width` wide."""
    if not rows.size:
        raise DataError(f"{name}: there are none")
    if width is not None and rows.shape[1] != width:
        raise DataError(f"{name}: {rows.shape[1]} numbers in a row, where {width} are needed")
    broken = np.flatnonzero(~np.isfinite(rows).all(1))
    if broken.size:
        raise DataError(
            f"{name}: NaN or infinity in {broken.size} of {len(rows)} rows, the first is row "
            f"{broken[0]}; leave these out"
        )


def check_pairs(
    names: str, one: Float[np.ndarray, "count wide"], other: Float[np.ndarray, "others broad"]
) -> None:
    """Raise DataError where two sets that belong together have not the same number of rows."""
    if len(one) != len(other):
        raise DataError(f"{names}: {len(one)} and {len(other)} rows, where each needs its other")
