"""Contact sheets: many pictures on one, each with a small label."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

from lookalike.core.errors import OptionError

_INK, _PAPER = "#222222", "#ffffff"
_FONT_SIZE = 11  # pixels
_LEADING = 14  # pixels from line to line
_MAX_LINES = 12  # of one label; what is longer ends in an ellipsis

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def sheet(
    tiles: Sequence[Image.Image],
    columns: int,
    *,
    labels: Sequence[str] | None = None,
    tile: int = 128,
    gap: int = 8,
) -> Image.Image:
    """`tiles` in rows of `columns`, each fitted into a square of `tile` pixels, `gap` apart.

    A label stands under its tile, wrapped to the tile's width. Raises `OptionError` without
    tiles, columns or room, or when there are not as many labels as tiles.
    """
    _check(tiles, columns, labels, tile, gap)
    font = ImageFont.load_default(size=_FONT_SIZE)
    words = [""] * len(tiles) if labels is None else labels
    wrapped = [_wrap(label, tile, font) for label in words]
    rows = [range(at, min(at + columns, len(tiles))) for at in range(0, len(tiles), columns)]
    heights = [tile + _LEADING * max(len(wrapped[index]) for index in row) for row in rows]
    width = gap + min(columns, len(tiles)) * (tile + gap)
    page = Image.new("RGB", (width, gap + sum(height + gap for height in heights)), _PAPER)
    draw = ImageDraw.Draw(page)
    top = gap
    for row, height in zip(rows, heights, strict=True):
        for column, index in enumerate(row):
            left = gap + column * (tile + gap)
            _place(page, tiles[index], left, top, tile)
            for line, text in enumerate(wrapped[index]):
                draw.text((left, top + tile + line * _LEADING), text, _INK, font)
        top += height + gap
    return page


def _check(
    tiles: Sequence[Image.Image], columns: int, labels: Sequence[str] | None, tile: int, gap: int
) -> None:
    if not tiles:
        raise OptionError("a sheet needs at least one picture")
    if columns < 1 or tile < 1 or gap < 0:
        raise OptionError(f"no sheet has {columns} columns of {tile} pixels, {gap} apart")
    if labels is not None and len(labels) != len(tiles):
        raise OptionError(f"{len(labels)} labels do not fit {len(tiles)} pictures")


def _place(page: Image.Image, picture: Image.Image, left: int, top: int, tile: int) -> None:
    scale = tile / max(picture.size)
    size = tuple(max(1, round(side * scale)) for side in picture.size)  # also for thin strips
    fitted = picture.convert("RGB").resize((size[0], size[1]), Image.Resampling.LANCZOS)
    page.paste(fitted, (left + (tile - fitted.width) // 2, top + (tile - fitted.height) // 2))


def _wrap(text: str, width: int, font: Font) -> list[str]:
    """`text` in lines of at most `width` pixels; words longer than that are broken."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and font.getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.extend(_broken(word, width, font))
    if len(lines) > _MAX_LINES:
        lines = [*lines[: _MAX_LINES - 1], "…"]
    return lines


def _broken(word: str, width: int, font: Font) -> list[str]:
    pieces = [""]
    for character in word:
        if pieces[-1] and font.getlength(pieces[-1] + character) > width:
            pieces.append("")
        pieces[-1] += character
    return pieces
