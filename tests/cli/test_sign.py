"""`--sign` signs what is made, and `recipe` says whether that still holds."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from lookalike.core.pictures import read_recipe, save_picture
from tests.cli.conftest import Ask
from tests.session.throwaway import pair


def signed(ask: Ask, path: str) -> str:
    lines = ask(["recipe", path]).out.splitlines()
    return "".join(line.removeprefix("signed").strip() for line in lines if "signed" in line[:6])


@pytest.mark.slow
def test_a_signed_picture_is_made_again_and_a_changed_one_is_told(ask: Ask, tiny: str) -> None:
    files = [str(each) for each in pair(Path())]
    made = ask(
        ["imagine", "a cat", "--model", tiny, "--steps", "1", "--count", "2", "--sign", *files]
    )
    assert made.code == 0, made.err
    one, _, grid = made.out.split()
    assert signed(ask, one).startswith("valid, by a signer (Nobody)")
    assert signed(ask, grid).startswith("valid, by")
    assert ask(["again", one]).err == ""
    assert signed(ask, "lookalike-out/again-001.png") == ""
    with Image.open(one) as picture:
        save_picture(picture.rotate(90), Path("other.png"), read_recipe(one))
    assert signed(ask, "other.png") == ""
    data = bytearray(Path(one).read_bytes())
    data[data.rindex(b"IDAT") + 20] ^= 1
    Path("changed.png").write_bytes(data)
    assert signed(ask, "changed.png") == "not valid: the file was changed since it was signed"


def test_what_cannot_sign_is_refused_before_anything_is_loaded(ask: Ask) -> None:
    told = ask(["imagine", "a cat", "--sign", "no.pem", "no.key"])
    assert (told.code, told.out) == (2, "")
    [line] = told.err.splitlines()
    assert "no.key: the folder is not there" in line
