"""Phrase banks: read from text files, refused in one line, and embedded once."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import torch

from lookalike.core.errors import OptionError
from lookalike.core.files import write_json
from lookalike.describe import bank as room
from lookalike.describe.bank import Bank, bank_of, embedded, read_bank
from lookalike.describe.phrases import Phrases
from lookalike.models.latent import LatentDiffusion
from lookalike.models.texts import words
from tests.engine.tiny import noise_picture, tiny_backbone

TEXTS = ["a cat", "a dog", "a bird"]


def written(folder: Path, text: str) -> Path:
    path = folder / "bank.txt"
    path.write_text(text, "utf-8")
    return path


def test_a_bank_has_a_phrase_a_line_in_groups_under_their_names(tmp_path: Path) -> None:
    text = "# frame\na photo\n\n# animals\na cat\n  a dog  \na cat\n#colours\nred\n"
    bank = read_bank(written(tmp_path, text))
    assert bank == Bank(("a photo",), (("a cat", "a dog"), ("red",)))
    assert bank.text("a photo", ("a dog", "red")) == "a photo, a dog, red"
    assert bank.text("a photo", ()) == "a photo"


def test_lines_without_a_heading_are_one_group(tmp_path: Path) -> None:
    bank = read_bank(written(tmp_path, "a cat\na dog"))
    assert bank == Bank(("a picture",), (("a cat", "a dog"),))


def test_a_phrase_belongs_to_the_first_group_that_names_it(tmp_path: Path) -> None:
    bank = read_bank(written(tmp_path, "# a\nred\nblue\n# b\nred\ngreen\n# c\nblue\n"))
    assert bank.groups == (("red", "blue"), ("green",))


def refusal(path: Path, backbone: LatentDiffusion) -> str:
    with pytest.raises(OptionError) as raised:
        Phrases(bank=str(path)).describe(backbone, [noise_picture()], 1)
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_a_missing_bank_is_named_in_one_line(backbone: LatentDiffusion, tmp_path: Path) -> None:
    path = tmp_path / "none.txt"
    assert refusal(path, backbone) == f"there is no phrase bank at {path}"


@pytest.mark.parametrize("text", ["", "\n \n", "# only\n# headings\n", "# frame\na photo\n"])
def test_an_empty_bank_is_refused_in_one_line(
    backbone: LatentDiffusion, tmp_path: Path, text: str
) -> None:
    path = written(tmp_path, text)
    assert refusal(path, backbone) == f"the phrase bank {path} holds no phrases"


def test_a_binary_bank_is_refused_in_one_line(backbone: LatentDiffusion, tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    noise_picture().save(path)
    assert "not readable text" in refusal(path, backbone)


def test_a_folder_is_no_bank(backbone: LatentDiffusion, tmp_path: Path) -> None:
    assert str(tmp_path) in refusal(tmp_path, backbone)


def test_a_bank_without_end_is_refused(
    backbone: LatentDiffusion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "LIMIT", 3)
    assert "3 is the limit" in refusal(written(tmp_path, "a\nb\nc\nd\n"), backbone)


def test_a_model_that_brings_a_bank_is_described_in_its_words(tmp_path: Path) -> None:
    own = {"joint": " with ", "frames": ["a person"], "groups": [["red hair", "blue hair"]]}
    write_json(tmp_path / "phrases.json", own)
    bank = bank_of(tiny_backbone(folder=tmp_path), None)
    assert bank == Bank(("a person",), (("red hair", "blue hair"),), " with ")
    assert bank.text("a person", ("red hair",)) == "a person with red hair"
    named = bank_of(tiny_backbone(folder=tmp_path), str(written(tmp_path, "a cat")))
    assert named.groups == (("a cat",),)


def test_a_model_that_brings_none_is_described_in_common_words(backbone: LatentDiffusion) -> None:
    bank = bank_of(backbone, None)
    assert "a photo of a dog" in bank.frames
    kinds = words()
    assert len(bank.frames) == len(kinds["frame"]) * len(kinds["subject"])
    assert set(bank.phrases) == {p for k in kinds for p in kinds[k] if k not in OPENING}
    assert all(len(set(group)) == len(group) for group in bank.groups)


OPENING = ("frame", "subject")


def no_reading(*_: Any) -> torch.Tensor:
    raise AssertionError("the texts were read again")


def test_embedded_texts_are_kept_for_the_next_time(
    backbone: LatentDiffusion, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = embedded(backbone.clip, TEXTS)
    torch.testing.assert_close(first, backbone.clip.project(TEXTS))
    assert len(list(own_cache.rglob("*.safetensors"))) == 1
    monkeypatch.setattr(type(backbone.clip), "project", no_reading)
    assert torch.equal(embedded(backbone.clip, TEXTS), first)


def test_other_texts_and_other_models_are_kept_apart(
    backbone: LatentDiffusion, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = embedded(backbone.clip, TEXTS)
    assert torch.equal(embedded(backbone.clip, TEXTS[::-1]), first.flip(0))
    monkeypatch.setattr(backbone.clip, "sha256", "d" * 64)
    embedded(backbone.clip, TEXTS)
    assert len(list(own_cache.rglob("*.safetensors"))) == 3


def test_texts_of_a_model_without_a_hash_are_not_kept(
    backbone: LatentDiffusion, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backbone.clip, "sha256", "")
    embedded(backbone.clip, TEXTS)
    assert list(own_cache.rglob("*.safetensors")) == []


@pytest.mark.parametrize("damage", [b"", b"not a safetensors file", None])
def test_a_damaged_cache_file_is_made_again(
    backbone: LatentDiffusion, own_cache: Path, damage: bytes | None
) -> None:
    first = embedded(backbone.clip, TEXTS)
    (file,) = own_cache.rglob("*.safetensors")
    whole = file.read_bytes()
    file.write_bytes(whole[:-20] if damage is None else damage)
    assert torch.equal(embedded(backbone.clip, TEXTS), first)
    assert file.read_bytes() == whole


def test_a_cache_that_cannot_be_written_costs_time_and_not_the_result(
    backbone: LatentDiffusion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = embedded(backbone.clip, TEXTS)
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("LOOKALIKE_CACHE", os.fspath(tmp_path / "file"))
    assert torch.equal(embedded(backbone.clip, TEXTS), first)
