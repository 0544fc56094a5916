"""A result saves every picture with its own recipe, under names that sort and are its own."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from jaxtyping import TypeCheckError
from PIL import Image

from lookalike.core import png as module
from lookalike.core.embedding import Embedding
from lookalike.core.errors import OutputError
from lookalike.core.pictures import open_picture, read_recipe
from lookalike.core.plan import Conditioning, Plan, Result
from lookalike.core.records import Prompt, Recipe

PICTURES = [Image.new("RGB", (4, 4), colour) for colour in ("red", "lime", "blue")]
PLAIN = Recipe(
    made_by="vary",
    version="0.1.0",
    prompt=Prompt.of("a cat"),
    model="mini",
    model_sha256="0" * 64,
    seeds=(1, 2, 3),
)


def test_every_picture_is_saved_with_its_own_recipe(tmp_path: Path) -> None:
    paths = Result(PICTURES, PLAIN).save(tmp_path / "out")
    assert [path.name for path in paths] == ["vary-001.png", "vary-002.png", "vary-003.png"]
    for index, path in enumerate(paths):
        assert open_picture(path).tobytes() == PICTURES[index].tobytes()
        assert read_recipe(path) == PLAIN.model_copy(update={"index": index})


def test_a_second_run_overwrites_nothing(tmp_path: Path) -> None:
    first = Result(PICTURES, PLAIN).save(tmp_path)
    before = [path.read_bytes() for path in first]
    second = Result(PICTURES[::-1], PLAIN).save(tmp_path)
    assert [path.read_bytes() for path in first] == before
    assert second == sorted(second)
    assert not set(first) & set(second)


def test_a_name_taken_in_between_is_left_to_its_owner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, stolen = module.next_free, []

    def thief(folder: Path, stem: str, suffix: str) -> Path:
        path = real(folder, stem, suffix)
        if not stolen:
            stolen.append(path)
            path.write_bytes(b"theirs")
        return path

    monkeypatch.setattr(module, "next_free", thief)
    paths = Result(PICTURES, PLAIN).save(tmp_path)
    assert (tmp_path / "vary-001.png").read_bytes() == b"theirs"
    assert [path.name for path in paths] == ["vary-002.png", "vary-003.png", "vary-004.png"]


def test_a_folder_that_cannot_be_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="a part of the path is a file"):
        Result(PICTURES, PLAIN).save(tmp_path / "file" / "out")


def test_pictures_and_seeds_must_agree() -> None:
    with pytest.raises(ValueError, match="2 pictures cannot have 3 seeds"):
        Result(PICTURES[:2], PLAIN)


def test_the_parts_of_a_plan_must_fit_each_other() -> None:
    words = Embedding(tokens=torch.zeros(1, 7, 5), pooled=None, space="s")
    start = torch.zeros(2, 4, 8, 8)
    plan = Plan(Prompt.of("a"), (Conditioning(words),), words, start, clean=start)
    assert plan.first == 0
    with pytest.raises(TypeCheckError):
        Plan(Prompt.of("a"), (), words, start, clean=torch.zeros(2, 4, 8, 9))
