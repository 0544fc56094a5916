"""The picture door: each kind of file comes in right, or is refused with one line that helps."""

from __future__ import annotations

import io
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, PngImagePlugin

from lookalike.core.errors import OptionError, PictureError
from lookalike.core.pictures import MAX_PIXELS, aspect, open_picture

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 128, 0), (0, 0, 255), (255, 255, 255)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of_size(width: int, height: int) -> bytes:
    """A PNG that states a size and holds nearly nothing: whoever decodes it notices."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IDAT", zlib.compress(b"\0" * 100))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + body + chunk(b"IEND", b"")


def file_of(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format=kind, **options)
    return buffer.getvalue()


def noise(width: int = 64, height: int = 48) -> Image.Image:
    values = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(values)


def colour_of(picture: Image.Image, at: tuple[int, int] = (0, 0)) -> tuple[int, ...]:
    pixel = picture.getpixel(at)
    assert isinstance(pixel, tuple)
    return tuple(int(value) for value in pixel)


def near(colour: tuple[int, ...], wanted: tuple[int, ...], within: int = 3) -> bool:
    return all(abs(a - b) <= within for a, b in zip(colour, wanted, strict=True))


def refusal(source: str | bytes | Path | Image.Image) -> str:
    with pytest.raises(PictureError) as caught:
        open_picture(source)
    text = str(caught.value)
    assert "\n" not in text
    assert len(text) < 300
    return text


# What comes in right


def test_a_plain_picture_comes_in_unchanged(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    noise().save(path)
    assert open_picture(path).tobytes() == noise().tobytes()
    assert open_picture(str(path)).tobytes() == noise().tobytes()
    assert open_picture(path.read_bytes()).tobytes() == noise().tobytes()


def test_a_picture_that_is_open_already_is_copied_not_changed() -> None:
    given_picture = Image.new("RGBA", (2, 2), (0, 0, 0, 0))
    got = open_picture(given_picture)
    assert got.mode == "RGB"
    assert given_picture.mode == "RGBA"
    plain = noise()
    open_picture(plain).putpixel((0, 0), (1, 2, 3))
    assert plain.tobytes() == noise().tobytes()


def test_exif_rotation_is_applied() -> None:
    picture = Image.new("RGB", (40, 20), RED)
    picture.paste(BLUE, (20, 0, 40, 20))
    exif = Image.Exif()
    exif[0x0112] = 6  # turn clockwise to see it upright: left becomes top
    got = open_picture(file_of(picture, "JPEG", exif=exif, quality=95, subsampling=0))
    assert got.size == (20, 40)
    assert near(colour_of(got, (10, 5)), RED)
    assert near(colour_of(got, (10, 35)), BLUE)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA"])
def test_alpha_is_laid_on_the_ground(mode: str) -> None:
    clear = Image.new("RGBA", (3, 3), (0, 0, 0, 0)).convert(mode)
    assert colour_of(open_picture(clear)) == WHITE
    assert colour_of(open_picture(clear, ground="green")) == GREEN


def test_half_transparent_is_half_ground() -> None:
    half = file_of(Image.new("RGBA", (2, 2), (255, 0, 0, 128)))
    assert near(colour_of(open_picture(half, ground="#0000ff")), (128, 0, 127), 1)


def test_a_transparent_colour_of_a_palette_or_grey_picture_shows_the_ground() -> None:
    grey = file_of(Image.new("L", (2, 2), 7), transparency=7)
    assert colour_of(open_picture(grey, ground="red")) == RED
    palette = Image.new("P", (2, 2), 1)
    palette.putpalette([0, 0, 0, 10, 20, 30])
    assert colour_of(open_picture(file_of(palette))) == (10, 20, 30)
    assert colour_of(open_picture(file_of(palette, transparency=1), ground="red")) == RED


def test_an_unknown_ground_is_an_option_error() -> None:
    with pytest.raises(OptionError, match="'greenish' is not a colour"):
        open_picture(noise(), ground="greenish")


def test_a_cmyk_jpeg_has_its_colours() -> None:
    data = file_of(Image.new("RGB", (16, 16), RED).convert("CMYK"), "JPEG", quality=95)
    assert near(colour_of(open_picture(data)), RED, 6)


def test_a_colour_profile_is_followed() -> None:
    lab = ImageCms.createProfile("LAB")
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    grey = Image.new("RGB", (4, 4), (90, 120, 200))
    assert near(colour_of(open_picture(file_of(grey, icc_profile=srgb))), (90, 120, 200), 1)
    # A profile that does not fit, or none at all behind the name, must not cost the picture.
    for odd in (ImageCms.ImageCmsProfile(lab).tobytes(), b"no profile"):
        assert near(colour_of(open_picture(file_of(grey, icc_profile=odd))), (90, 120, 200), 1)


def test_sixteen_bits_of_grey_are_scaled_not_clipped() -> None:
    ramp = np.linspace(0, 65535, 256).round().astype(np.uint16).reshape(1, 256)
    got = np.asarray(open_picture(file_of(Image.fromarray(ramp))))
    assert np.abs(got[0, :, 0].astype(int) - np.arange(256)).max() <= 1
    assert (got[..., 0] == got[..., 1]).all()


def test_sixteen_bits_of_grey_keep_their_transparent_value() -> None:
    header = struct.pack(">IIBBBBB", 2, 1, 16, 0, 0, 0, 0)
    rows = b"\0" + struct.pack(">HH", 1000, 65535)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"tRNS", struct.pack(">H", 1000))
    data += chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    got = open_picture(data, ground="red")
    assert colour_of(got, (0, 0)) == RED
    assert colour_of(got, (1, 0)) == WHITE


def test_sixteen_bits_of_colour_are_scaled() -> None:
    header = struct.pack(">IIBBBBB", 1, 1, 16, 2, 0, 0, 0)
    body = zlib.compress(b"\0" + struct.pack(">HHH", 65535, 32768, 0))
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body)
    assert near(colour_of(open_picture(data + chunk(b"IEND", b""))), (255, 128, 0), 1)


@pytest.mark.parametrize("top", [1.0, 255.0, 65535.0])
def test_floats_are_scaled_by_the_range_they_fill(top: float) -> None:
    values = np.array([[0, top / 2, top]], dtype=np.float32)
    got = open_picture(file_of(Image.fromarray(values), "TIFF"))
    assert [colour_of(got, (x, 0))[0] for x in range(3)] == [0, 128, 255]


def test_values_below_zero_or_not_numbers_are_survived() -> None:
    values = np.array([[-5, 5, np.nan]], dtype=np.float32)
    got = open_picture(Image.fromarray(values))
    assert [colour_of(got, (x, 0))[0] for x in range(3)] == [0, 255, 128]


def test_the_first_frame_of_an_animation_is_taken() -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in (RED, BLUE, GREEN)]
    for kind in ("GIF", "WEBP"):
        data = file_of(frames[0], kind, save_all=True, append_images=frames[1:])
        assert near(colour_of(open_picture(data)), RED, 8)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "CMYK", "YCbCr", "HSV", "I", "F", "I;16"])
def test_one_pixel_of_any_mode_is_a_picture(mode: str) -> None:
    got = open_picture(Image.new(mode, (1, 1)))
    assert (got.mode, got.size) == ("RGB", (1, 1))


def test_metadata_stays_outside() -> None:
    text = PngImagePlugin.PngInfo()
    text.add_text("secret", "where I live")
    assert open_picture(file_of(noise(), pnginfo=text, dpi=(72, 72))).info == {}


# What is refused, and how


def test_a_text_file_is_called_text(tmp_path: Path) -> None:
    path = tmp_path / "notes.png"
    path.write_text("a cat on a mat\n")
    assert refusal(path) == f"{path} is not a picture that can be read: it is text"


def test_an_empty_file_is_called_empty(tmp_path: Path) -> None:
    path = tmp_path / "empty.jpg"
    path.touch()
    assert "it is empty" in refusal(path)


def test_svg_and_heic_are_named() -> None:
    assert "SVG" in refusal(b"<?xml version='1.0'?><svg/>")
    assert "HEIC" in refusal(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(64))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP"])
def test_a_truncated_file_is_refused_by_name(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"cut.{kind.lower()}"
    whole = file_of(noise(), kind)
    path.write_bytes(whole[: len(whole) * 2 // 3])
    assert str(path) in refusal(path)


def test_a_truncated_jpeg_is_said_to_be_cut_short() -> None:
    whole = file_of(noise(), "JPEG")
    assert "is cut short: a part of the file is missing" in refusal(whole[: len(whole) // 2])


# Below and above the sizes at which Pillow itself warns and refuses.
@pytest.mark.parametrize("size", [(8001, 8000), (11000, 10000), (20000, 20000), (2**31 - 1, 1)])
def test_a_bomb_is_refused_by_its_header(size: tuple[int, int]) -> None:
    assert "too large" in refusal(png_of_size(*size))
    assert "at most 64 megapixels" in refusal(png_of_size(*size))


def test_the_largest_size_passes_the_header() -> None:
    assert MAX_PIXELS == 8000 * 8000
    assert "too large" not in refusal(png_of_size(8000, 8000))  # it is truncated


def test_a_picture_that_is_too_long_is_refused_by_its_header() -> None:
    told = refusal(png_of_size(1, 20_000_000))
    assert "too long (1 x 20000000): at most 65535 pixels a side" in told
    assert open_picture(png_of_size(1, 65_535)).size == (1, 65_535)


def test_a_large_picture_in_memory_is_refused_too() -> None:
    assert "too large (8001 x 8000)" in refusal(Image.new("1", (8001, 8000)))


def test_a_picture_without_pixels_is_refused() -> None:
    assert "has no pixels" in refusal(Image.new("RGB", (0, 5)))


def test_a_folder_is_called_a_folder(tmp_path: Path) -> None:
    assert refusal(tmp_path) == f"{tmp_path} is a folder, not a picture"


def test_a_missing_path_is_named(tmp_path: Path) -> None:
    assert refusal(tmp_path / "no.png") == f"there is no picture at {tmp_path / 'no.png'}"


def test_an_unreadable_file_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a name that is shown whole
    path = Path("locked.png")
    noise().save(path)

    def locked(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", locked)
    assert refusal(path) == f"cannot read {path}: permission denied"


def test_a_pipe_is_refused_without_waiting_for_a_writer(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.png"
    os.mkfifo(pipe)
    assert refusal(pipe) == f"{pipe} is not an ordinary file"


@pytest.mark.parametrize("name", ["a\0b.png", "", "x" * 5000, "a.png/b.png"])
def test_a_name_that_cannot_be_one_is_refused(name: str) -> None:
    refusal(name)


@pytest.mark.parametrize(
    "url", ["file:///a.png", "ftp://host/a.png", "data:image/png;base64,AAAA", "S3://bucket/a.png"]
)
def test_other_schemes_are_refused(url: str) -> None:
    assert "only files, http:// and https:// can be read" in refusal(url)


def test_postscript_is_refused_since_it_would_start_a_program() -> None:
    refusal(file_of(noise(), "EPS"))


HOSTS = [file_of(noise(12, 9), kind) for kind in ("PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP")]


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(HOSTS),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=8),
)
def test_damage_anywhere_gives_a_picture_or_one_line(
    whole: bytes, damage: list[tuple[float, int]]
) -> None:
    data = bytearray(whole)
    for where, value in damage:
        data[min(int(where * len(data)), len(data) - 1)] = value
    outcome = ""
    try:
        outcome = open_picture(bytes(data)).mode
    except PictureError as fault:
        outcome = str(fault)
    assert outcome
    assert "\n" not in outcome


# Aspect


@pytest.mark.parametrize(
    ("size", "wanted"),
    [
        ((1, 1), "1:1"),
        ((100, 101), "1:1"),
        ((1920, 1080), "16:9"),
        ((1366, 768), "16:9"),
        ((1080, 1920), "9:16"),
        ((600, 400), "3:2"),
        ((400, 602), "2:3"),
        ((1280, 800), "16:10"),
        ((500, 300), "5:3"),
        ((1000, 100), "10:1"),
        ((33, 10), "33:10"),
    ],
)
def test_aspect_is_said_as_people_say_it(size: tuple[int, int], wanted: str) -> None:
    assert aspect(Image.new("1", size)) == wanted


@given(st.integers(1, 500), st.integers(1, 500))
def test_aspect_is_within_two_per_cent_or_exact(width: int, height: int) -> None:
    across, down = map(int, aspect(Image.new("1", (width, height))).split(":"))
    assert 1 / 1.02 - 1e-9 <= (width / height) / (across / down) <= 1.02 + 1e-9
