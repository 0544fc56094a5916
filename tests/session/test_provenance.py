"""A signed picture says who made it and whether it was changed; its recipe stays readable."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from PIL import Image

from lookalike.core import extras
from lookalike.core.errors import LookalikeError, OptionError
from lookalike.core.pictures import open_picture, png_bytes
from lookalike.core.png import recipe_in, save_picture
from lookalike.session.provenance import Signer, signature, signature_in
from tests.plain import RECIPE
from tests.session.throwaway import pair

PICTURE = Image.effect_noise((32, 24), 60).convert("RGB")


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    return Signer.of(*pair(tmp_path_factory.mktemp("pair")))


def worth(data: bytes) -> str:
    found = signature_in(data)
    return "none" if found is None else found.verdict


def test_what_is_signed_is_valid_and_keeps_pixels_and_recipe(
    signer: Signer, tmp_path: Path
) -> None:
    save_picture(PICTURE, tmp_path / "a.png", RECIPE, signer.sign)
    data = (tmp_path / "a.png").read_bytes()
    assert open_picture(data).tobytes() == PICTURE.tobytes()
    assert recipe_in(data) == RECIPE
    found = signature(tmp_path / "a.png")
    assert found is not None
    assert (found.verdict, found.by) == ("valid", "a signer (Nobody)")
    assert found.line.startswith("valid, by a signer (Nobody): nothing was changed since; who")
    assert len(data) < len(png_bytes(PICTURE, RECIPE)) + 16_000


@pytest.mark.parametrize("kind", ["p384", "ed25519", "rsa"])
def test_keys_of_all_usual_kinds_sign(tmp_path: Path, kind: str) -> None:
    assert worth(Signer.of(*pair(tmp_path, kind)).sign(png_bytes(PICTURE))) == "valid"


def test_a_picture_without_a_signature_has_none() -> None:
    assert worth(png_bytes(PICTURE, RECIPE)) == "none"
    assert worth(b"\xff\xd8 no PNG with caBX in it") == "none"


@pytest.mark.parametrize("part", [b"IDAT", b"lookalike", b"caBX"])
def test_a_changed_file_is_told(signer: Signer, part: bytes) -> None:
    data = bytearray(signer.sign(png_bytes(PICTURE, RECIPE)))
    data[data.index(part) + 120] ^= 1
    assert worth(bytes(data)) == "wrong"
    found = signature_in(bytes(data))
    assert found is not None
    assert "not valid: the " in found.line


def test_every_changed_byte_behind_the_signature_is_told(signer: Signer) -> None:
    data = signer.sign(png_bytes(PICTURE, RECIPE))
    start = data.index(b"iTXt")
    for place in range(start, len(data) - 12, 97):
        changed = data[:place] + bytes([data[place] ^ 4]) + data[place + 1 :]
        assert worth(changed) == "wrong"


def test_a_signature_of_another_picture_is_worth_nothing(signer: Signer) -> None:
    def parted(data: bytes) -> tuple[bytes, bytes, bytes]:
        at = data.index(b"caBX") - 4
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        return data[:at], data[at:end], data[end:]

    _, seal, _ = parted(signer.sign(png_bytes(PICTURE)))
    before, _, after = parted(signer.sign(png_bytes(PICTURE.rotate(180))))
    assert worth(before + seal + after) == "wrong"


def test_what_cannot_sign_is_told_before_anything_is_made(tmp_path: Path) -> None:
    chain, key = pair(tmp_path)
    (tmp_path / "other").mkdir()
    _, other = pair(tmp_path / "other")
    (tmp_path / "old").mkdir()
    old = pair(tmp_path / "old", days=-30)
    (tmp_path / "locked").mkdir()
    _, locked = pair(tmp_path / "locked", word="secret")
    for files, said in (
        ((tmp_path / "none.pem", key), r"cannot read .*none\.pem: the folder is not there"),
        ((chain, chain), r"p256\.pem is no private key in PEM"),
        ((key, key), "cannot sign"),
        ((chain, other), "cannot sign"),
        (old, "cannot sign"),
        ((chain, locked), "is locked by a password"),
    ):
        with pytest.raises(OptionError, match=said) as told:
            Signer.of(*files)
        assert "\n" not in str(told.value)


def test_without_the_extra_one_line_says_what_to_install(
    signer: Signer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = signer.sign(png_bytes(PICTURE, RECIPE))
    find = importlib.util.find_spec
    monkeypatch.setattr(extras, "find_spec", lambda name: None if name == "c2pa" else find(name))
    with pytest.raises(LookalikeError, match=r'pip install "lookalike\[provenance\]"'):
        Signer.of(tmp_path / "a.pem", tmp_path / "a.key")
    found = signature_in(data)
    assert found is not None
    assert found.line.startswith("not checked: checking a signature needs c2pa")
    assert recipe_in(data) == RECIPE  # which needs no extra
