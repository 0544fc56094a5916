"""Makes the pictures of the page "From Midjourney" with the very commands that stand above them.

`make pictures` runs this, and makes the picture of the guide to characters too. A picture holds its
commands, and a test compares them with the page's. A picture that stands between comment marks on
the page waits: its commands are left alone.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, PngImagePlugin

from lookalike.characters.keeping import kept_card
from lookalike.cli.main import run
from lookalike.core.library import Library
from lookalike.core.pictures import open_picture

DOCS = Path(__file__).parent.parent / "docs"
PAGE = DOCS / "guides" / "from-midjourney.md"
IMAGES = DOCS / "images"

SCALE = 2
GAP, MARGIN = 4, 16  # pixels between two pictures, and between what is given and what is made
SHADES = 64  # of red, of green and of blue

DRAWN = 6
"""Characters of the guide's picture."""
CONTEXTS = (
    *("serious mouth, white background", "surprised mouth, navy background"),
    *("closed eyes, lavender background", "blue shirt, peach background"),
    "grin mouth, dark green background",
)

_BLOCK = re.compile(
    r"^```sh\n([^`]*)^```\n\n(?:(<!-- )?!\[[^]]*]\(\.\./images/([a-z-]+)\.png\))?", re.MULTILINE
)
_PICTURE = re.compile(r"[\w/-]+\.png(?:#\d+)?")


@dataclass(frozen=True)
class Scene:
    """Commands of the page that stand together, and the picture that shows what they make."""

    commands: tuple[str, ...]
    name: str = ""
    """What the picture is called; empty where there is none."""

    waits: bool = False
    """Whether the picture stands between comment marks."""


def scenes(page: str) -> list[Scene]:
    """What a page tells to type, in order: later commands work on what earlier ones made."""
    return [
        Scene(tuple(m[1].splitlines()), m[3] or "", waits=m[2] is not None)
        for m in _BLOCK.finditer(page)
    ]


def made(command: str) -> list[str]:
    """Run a command of the page, and give the names of its pictures, without their grid."""
    told = io.StringIO()
    with contextlib.redirect_stdout(told):
        code = run(shlex.split(command)[1:])
    if code:
        raise SystemExit(f"this command of {PAGE.name} ended with {code}: {command}")
    shown = [line for line in told.getvalue().splitlines() if line.endswith(".png")]
    return [line for line in shown if "-grid-" not in line]


def row(command: str, names: Sequence[str]) -> Image.Image:
    """What a command was given, and what it made of it, side by side."""
    given = [_shown(name) for name in dict.fromkeys(_PICTURE.findall(command))]
    results = [_shown(name, tiled="--tile" in command.split()) for name in names]
    blocks = [_joined(each, GAP) for each in (given, results) if each]
    return _joined(blocks, MARGIN)


def characters() -> Scene:
    """What draws new characters, and shows each in several contexts: a row for each."""
    draw = f"lookalike characters new --count {DRAWN} --seed 1"
    keep = [f"lookalike characters save {n} --as c{n}" for n in range(1, DRAWN + 1)]
    show = [
        f'lookalike imagine "@c{n}, {context}" --count 1 --seed 1'
        for n in range(1, DRAWN + 1)
        for context in CONTEXTS
    ]
    return Scene((draw, *keep, *show), "characters")


def shelf(scene: Scene) -> Image.Image:
    """The picture of characters: each one's portrait, then its contexts."""
    shown = [_shown(name) for command in scene.commands for name in made(command)[-1:]]
    across = len(CONTEXTS)
    faces = [kept_card(Library(), f"c{number}").portrait for number in range(1, DRAWN + 1)]
    made_of = shown[-DRAWN * across :]
    rows = [
        _joined([face, *made_of[n * across : (n + 1) * across]], GAP)
        for n, face in enumerate(faces)
    ]
    return _piled(rows)


def strip(results: Mapping[str, Sequence[str]]) -> Image.Image:
    """A row for each command, of its pictures by their names."""
    return _piled([row(command, names) for command, names in results.items()])


def _piled(rows: Sequence[Image.Image]) -> Image.Image:
    sheet = _sheet((max(r.width for r in rows), sum(r.height + GAP for r in rows) - GAP))
    top = 0
    for each in rows:
        sheet.paste(each, (0, top))
        top += each.height + GAP
    return sheet


def save(scene: Scene, picture: Image.Image) -> None:
    """Write a picture for the page, with the commands that made it."""
    note = PngImagePlugin.PngInfo()
    note.add_itxt("commands", "\n".join(scene.commands))
    _enlarged(picture).save(IMAGES / f"{scene.name}.png", optimize=True, pnginfo=note)


def commands_of(picture: Path) -> tuple[str, ...]:
    """The commands that a picture of the page was made with, as it says itself."""
    with Image.open(picture) as opened:
        return tuple(opened.info.get("commands", "").split("\n"))


def _shown(name: str, *, tiled: bool = False) -> Image.Image:
    """A picture by its name; what repeats without a seam is shown four times."""
    picture = open_picture(name)
    if not tiled:
        return picture
    wide = _joined([picture, picture], 0)
    sheet = _sheet((wide.width, 2 * wide.height))
    sheet.paste(wide, (0, 0))
    sheet.paste(wide, (0, wide.height))
    return sheet


def _joined(pictures: Sequence[Image.Image], gap: int) -> Image.Image:
    width = sum(each.width + gap for each in pictures) - gap
    sheet = _sheet((width, max(each.height for each in pictures)))
    left = 0
    for each in pictures:
        sheet.paste(each, (left, 0))
        left += each.width + gap
    return sheet


def _sheet(size: tuple[int, int]) -> Image.Image:
    return Image.new("RGB", size, "white")


def _enlarged(picture: Image.Image) -> Image.Image:
    """A picture with each pixel as a square, in shades that the eye does not miss: a small file."""
    most = SHADES - 1
    few = picture.point([round(value / 255 * most) * 255 // most for value in range(256)] * 3)
    size = (picture.width * SCALE, picture.height * SCALE)
    return few.resize(size, Image.Resampling.NEAREST)


@contextlib.contextmanager
def _empty_folder() -> Iterator[None]:
    """Work in a folder of its own, with a library of its own."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        os.environ["LOOKALIKE_LIBRARY"] = str(Path(folder, ".library"))
        yield


def _make(scene: Scene) -> None:
    results = {command: made(command) for command in scene.commands}
    if not scene.name:
        return
    save(scene, strip(results))
    print(f"{scene.name}.png", flush=True)


def main() -> None:
    """Make every picture of the page anew."""
    IMAGES.mkdir(exist_ok=True)
    with _empty_folder():
        for scene in scenes(PAGE.read_text("utf-8")):
            if not scene.waits:
                _make(scene)
    with _empty_folder():
        scene = characters()
        save(scene, shelf(scene))
        print(f"{scene.name}.png", flush=True)


if __name__ == "__main__":
    main()
