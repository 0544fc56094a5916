"""A picture cut into tiles that VGG sees one by one, each with as much around it as it looks at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from torch import Tensor

STRIDE = 16
"""Pixels from place to place in VGG's deepest block: cuts between them would shift its grid."""

Span = tuple[int, int]


@dataclass(frozen=True)
class Tile:
    """What VGG is shown of a picture (`seen`), and the part of it that counts (`own`)."""

    seen: tuple[Span, Span]  # of rows, of columns
    own: tuple[Span, Span]
    whole: tuple[int, int]  # height and width of the picture

    def cut(self, picture: Tensor) -> Tensor:
        """What VGG is shown."""
        (top, bottom), (left, right) = self.seen
        return picture[..., top:bottom, left:right]

    def counted(self, features: Tensor) -> Tensor:
        """The part of a layer's features of what was shown that counts."""
        (top, bottom), (left, right) = (
            self._places(axis, features.shape[axis - 2]) for axis in (0, 1)
        )
        return features[..., top:bottom, left:right]

    def placed(self, features: Tensor) -> Tensor:
        """The same part of a layer's features of the whole picture."""
        spans: list[Span] = []
        for axis in (0, 1):
            count, (start, end) = features.shape[axis - 2], self.own[axis]
            stride = stride_of(self.whole[axis], count)
            spans.append((start // stride, count if end == self.whole[axis] else end // stride))
        (top, bottom), (left, right) = spans
        return features[..., top:bottom, left:right]

    def _places(self, axis: int, count: int) -> Span:
        (begin, end), (start, stop) = self.seen[axis], self.own[axis]
        stride = stride_of(end - begin, count)
        last = count if stop == self.whole[axis] else (stop - begin) // stride
        return (start - begin) // stride, last


def stride_of(pixels: int, places: int) -> int:
    """How many pixels apart a layer's places are; what is over at the far edge has no place."""
    return 1 << (pixels // places).bit_length() - 1


def tiles(height: int, width: int, side: int | None, reach: int) -> list[Tile]:
    """Tiles of about `side` pixels that cover a picture; one of all where `side` is None."""
    if side is None:
        every = ((0, height), (0, width))
        return [Tile(every, every, (height, width))]
    rows, columns = _cuts(height, side), _cuts(width, side)
    return [
        Tile(
            (_around(row, reach, height), _around(column, reach, width)),
            (row, column),
            (height, width),
        )
        for row, column in product(rows, columns)
    ]


def _cuts(length: int, side: int) -> Iterator[Span]:
    step = max(STRIDE, side // STRIDE * STRIDE)
    starts = list(range(0, length, step))
    if len(starts) > 1 and length - starts[-1] < STRIDE:
        starts.pop()  # too little for a place of its own in the deepest block
    return zip(starts, [*starts[1:], length], strict=True)


def _around(span: Span, reach: int, length: int) -> Span:
    return max(0, span[0] - reach), min(length, span[1] + reach)
