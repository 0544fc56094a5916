"""Pictures from outside: drawn anew, bounded, and never a file of this machine."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from lookalike.core.errors import LookalikeError, PictureError
from lookalike.core.pictures import open_picture
from lookalike.studio.shelf import Shelf


def png(size: tuple[int, int] = (8, 8), note: str = "") -> bytes:
    text = PngImagePlugin.PngInfo()
    if note:
        text.add_text("Comment", note)
    buffer = io.BytesIO()
    Image.new("RGB", size, "#205080").save(buffer, "PNG", pnginfo=text)
    return buffer.getvalue()


def test_a_picture_is_drawn_anew_without_what_else_was_in_its_file(shelf: Shelf) -> None:
    data = png(note="where I live") + b"<script>more</script>"
    mark = shelf.receive(data, "the upload")
    kept = shelf.picture(mark).read_bytes()
    assert b"where I live" not in kept
    assert b"script" not in kept
    assert open_picture(kept).tobytes() == open_picture(data).tobytes()
    assert shelf.receive(png(), "the upload") == mark


def test_data_addresses_are_pictures_too(shelf: Shelf) -> None:
    inline = f"data:image/png;base64,{base64.b64encode(png()).decode()}"
    assert shelf.take(inline) == shelf.receive(png(), "it")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (png((65, 65)), "too large"),
        (b"x" * 2001, "larger than"),
        (b"<svg/>", "it is XML or SVG"),
        (b"", "it is empty"),
        (b"\x89PNG\r\n\x1a\n", "damaged|not a picture|cut short"),
    ],
)
def test_what_is_too_large_or_no_picture_is_refused(tmp_path: Path, data: bytes, why: str) -> None:
    small = Shelf(tmp_path, most_bytes=2000, most_pixels=64 * 64)
    with pytest.raises(PictureError, match=why):
        small.receive(data, "the upload")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "said",
    [
        "/etc/hostname",
        "../studio.db",
        "cat.png",
        "file:///etc/hostname",
        "~/cat.png",
        "sha256:../../studio.db",
        f"sha256:{'0' * 64}",
        "data:text/html;base64,AAAA",
        "data:image/png;base64,@@@",
        "data:image/png;base64,é…",
        "http://127.0.0.1:1/cat.png",
        "http://localhost/cat.png",
        "http://169.254.169.254/latest",
        "@nobody",
        "",
    ],
)
def test_no_file_of_this_machine_or_its_network_is_opened(shelf: Shelf, said: str) -> None:
    why = "is no picture|there is no|private|no base64|@nobody"
    with pytest.raises(LookalikeError, match=why):
        shelf.take(said)


@given(name=st.text(max_size=80))
def test_no_name_leads_out_of_the_folder(name: str) -> None:
    for tried in (name, f"../{name}", f"{'0' * 64}.png/../{name}"):
        with pytest.raises(PictureError):
            Shelf(Path(__file__).parent).path(tried)
