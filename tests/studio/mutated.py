"""Picture files as nobody should send them: broken, spliced, lying about their size."""

from __future__ import annotations

import io
import random
import struct
import zlib
from collections.abc import Callable, Iterator
from functools import cache

from PIL import Image, PngImagePlugin

from lookalike.core.png import png_bytes
from tests.plain import RECIPE

FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "PPM", "JPEG2000", "ICO", "AVIF")
Change = Callable[[bytes, random.Random], bytes]


@cache
def seeds() -> tuple[bytes, ...]:
    """Small good files of every kind that is taken, one with a recipe, one that moves."""
    Image.init()
    page = Image.effect_noise((48, 40), 80).convert("RGB")
    files = [png_bytes(page, RECIPE), _saved([page.convert("P"), page.rotate(90)], "GIF")]
    files += [_saved([page], kind) for kind in FORMATS if kind in Image.SAVE]
    files += [_saved([page.convert(mode)], "PNG") for mode in ("L", "LA", "P", "1", "RGBA")]
    files += [_saved([page.convert(mode)], "TIFF") for mode in ("CMYK", "I;16", "F", "LAB")]
    return tuple(files)


def _saved(pages: list[Image.Image], kind: str) -> bytes:
    buffer = io.BytesIO()
    more = {"save_all": True, "append_images": pages[1:]} if len(pages) > 1 else {}
    pages[0].save(buffer, kind, **more)
    return buffer.getvalue()


def mutated(count: int, seed: int) -> Iterator[bytes]:
    """So many broken files, the same for the same seed."""
    chance, good = random.Random(seed), seeds()
    yield from WHOLE
    for _ in range(count - len(WHOLE)):
        data = chance.choice(good)
        for _ in range(chance.choice((1, 1, 2, 4))):
            data = chance.choice(CHANGES)(data, chance)
        yield data


def _flipped(data: bytes, chance: random.Random) -> bytes:
    made = bytearray(data)
    for _ in range(chance.choice((1, 3, 30))):
        if made:
            made[chance.randrange(len(made))] ^= 1 << chance.randrange(8)
    return bytes(made)


def _headed(data: bytes, chance: random.Random) -> bytes:
    """The head alone is hit: sizes, kinds and offsets stand there."""
    made = bytearray(data)
    for _ in range(4):
        if made:
            made[chance.randrange(min(64, len(made)))] = chance.choice((0, 1, 127, 128, 255))
    return bytes(made)


def _cut(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


def _doubled(data: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(data) + 1)
    piece = data[start : start + chance.randrange(1, 400)]
    return data[:start] + piece * chance.choice((2, 50)) + data[start:]


def _spliced(data: bytes, chance: random.Random) -> bytes:
    other = chance.choice(seeds())
    return data[: chance.randrange(len(data) + 1)] + other[chance.randrange(len(other)) :]


def _numbered(data: bytes, chance: random.Random) -> bytes:
    """A number that is as large as it can be, somewhere."""
    made, at = bytearray(data), chance.randrange(max(1, len(data) - 4))
    wild = chance.choice((0, 2**31 - 1, 2**32 - 1, 2**16, 24_000_000))
    made[at : at + 4] = struct.pack(chance.choice((">I", "<I")), wild)
    return bytes(made)


def _summed(data: bytes, chance: random.Random) -> bytes:
    """A PNG whose chunk was changed and whose checksum is right nevertheless."""
    chunks = list(_chunks(data))
    if not chunks:
        return _flipped(data, chance)
    place = chance.randrange(len(chunks))
    kind, body = chunks[place]
    chunks[place] = (kind, _flipped(body, chance))
    return data[:8] + b"".join(chunk(*each) for each in chunks)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 8
    while data[:4] == b"\x89PNG" and at + 8 <= len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        yield kind, data[at + 8 : at + 8 + length]
        at += 12 + length


def chunk(kind: bytes, body: bytes) -> bytes:
    """A chunk of a PNG with its right checksum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def bomb(width: int, height: int) -> bytes:
    """A PNG that promises so many black pixels, and holds 25 million bytes of them at most."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(bytes(min((width + 1) * height, 25_000_000)), 9))
    return b"\x89PNG\r\n\x1a\n" + head + body + chunk(b"IEND", b"")


def swollen(kind: bytes) -> bytes:
    """A PNG whose text unpacks to 200 MiB."""
    text = PngImagePlugin.PngInfo()
    text.add(kind, b"lookalike\0" + (b"\1\0\0\0" if kind == b"iTXt" else b"\0") + _ZEROS)
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, "PNG", pnginfo=text)
    return buffer.getvalue()


def _nothing(mebibytes: int) -> bytes:
    """So many bytes of zero, packed piece by piece: the test itself is to need no memory."""
    packer, piece = zlib.compressobj(9), bytes(2**20)
    return b"".join(packer.compress(piece) for _ in range(mebibytes)) + packer.flush()


_ZEROS = _nothing(200)
CHANGES: tuple[Change, ...] = (
    *(_flipped, _headed, _cut, _doubled, _spliced, _numbered, _summed, _summed),
)
WHOLE: tuple[bytes, ...] = (
    b"",
    b"\x89PNG\r\n\x1a\n",
    b"GIF89a",
    b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>",
    b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(/tmp/x) (w) file\n",
    b"%PDF-1.7",
    b"PK\x03\x04",
    bytes(1000),
    bomb(4900, 4897),  # as large as may be
    bomb(5000, 5000),
    bomb(2**31 - 1, 2**31 - 1),
    bomb(2**31 - 1, 1),
    bomb(1, 20_000_000),
    swollen(b"iTXt"),
    swollen(b"zTXt"),
)
"""What is wrong by design, before chance comes in."""
