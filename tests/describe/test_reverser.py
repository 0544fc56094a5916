"""Readers, and a reverse model in its folder: saved, loaded, and refused where it is none."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from lookalike.core.errors import ModelError, OutputError
from lookalike.describe.reversing import reverser as module
from lookalike.describe.reversing.lists import Lists
from lookalike.describe.reversing.readers import Inputs, Kind, inputs_of, reader_of
from lookalike.describe.reversing.reverser import (
    BANK,
    CONFIG,
    FORMAT,
    PROMPTS,
    WEIGHTS,
    About,
    Reverser,
    Shape,
    load_reverser,
    reverser_of,
    save_reverser,
)
from lookalike.models.latent import LatentDiffusion
from tests.describe.reversers import SMALL
from tests.engine.tiny import noise_picture, tiny_backbone

WIDTH, WORDS = 12, ("black", "cat", "red")
KINDS: tuple[Kind, ...] = ("white", "clip", "tower")
PICTURES = [noise_picture(seed=seed) for seed in range(3)]
CAPTIONS = ["a cat", "", "a red cat"]
OPTIONS = {"hidden": 8}


@pytest.fixture(scope="module")
def inputs(backbone: LatentDiffusion) -> Inputs:
    return inputs_of(backbone, PICTURES, CAPTIONS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_reader_gives_places_of_length_1_and_a_logit_for_each_word(
    backbone: LatentDiffusion, inputs: Inputs, kind: Kind
) -> None:
    made = reader_of(kind, backbone, WIDTH, len(WORDS), OPTIONS).eval()
    with torch.no_grad():
        places, logits = made(backbone, inputs)
        alone, _ = made(backbone, inputs.take(slice(2, 3)))
    assert places.shape == (3, WIDTH)
    assert places.norm(dim=1).tolist() == pytest.approx([1, 1, 1], abs=1e-5)
    assert logits is not None
    assert logits.shape == (3, len(WORDS))
    assert torch.allclose(alone[0], places[2], atol=1e-4)
    assert reader_of(kind, backbone, WIDTH, 0, OPTIONS).logits(places) is None


def test_the_white_reader_reads_the_caption_too(backbone: LatentDiffusion, inputs: Inputs) -> None:
    made = reader_of("white", backbone, WIDTH, 0, {}).eval()
    other = Inputs(inputs.seen, inputs.pixels, inputs.latents, ["an old ship at sea"] * 3)
    with torch.no_grad():
        one, two = made(backbone, inputs)[0], made(backbone, other)[0]
    assert not torch.allclose(one, two, atol=1e-4)


def test_the_white_reader_reads_captions_of_a_backbone_in_half_precision(
    backbone: LatentDiffusion, inputs: Inputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = reader_of("white", backbone, WIDTH, 0, {}).eval()
    with torch.no_grad():
        full = made(backbone, inputs)[0]
        told = backbone.embed(CAPTIONS)
        half = replace(told, tokens=told.tokens.bfloat16())
        monkeypatch.setattr(backbone, "embed", lambda texts: half)
        assert torch.allclose(made(backbone, inputs)[0], full, atol=2e-2)


def test_inputs_are_taken_in_the_order_asked_for(inputs: Inputs) -> None:
    some = inputs.take(torch.tensor([2, 0]))
    assert (len(some), some.captions) == (2, [CAPTIONS[2], CAPTIONS[0]])
    for name in ("seen", "pixels", "latents"):
        assert torch.equal(getattr(some, name)[0], getattr(inputs, name)[2])
    assert inputs.take(slice(1, None)).captions == CAPTIONS[1:]
    assert len(inputs.take(slice(0, 0))) == 0


@pytest.mark.parametrize("kind", ["clip", "tower"])
def test_chance_in_training_is_what_is_given_and_there_is_none_in_use(
    backbone: LatentDiffusion, inputs: Inputs, kind: Kind
) -> None:
    made = reader_of(kind, backbone, WIDTH, 0, OPTIONS).eval()

    @torch.no_grad()
    def read(seed: int | None) -> torch.Tensor:
        chance = None if seed is None else torch.Generator().manual_seed(seed)
        return made(backbone, inputs, chance)[0]

    assert torch.equal(read(None), read(None))
    assert torch.equal(read(1), read(1))
    assert not torch.equal(read(1), read(2))
    assert not torch.equal(read(1), read(None))


@pytest.fixture(scope="module")
def model(backbone: LatentDiffusion) -> Reverser:
    """One of all kinds of readers, never trained."""
    drawn = torch.Generator().manual_seed(2)
    torch.manual_seed(2)
    about = About(
        format=FORMAT,
        base=backbone.name,
        base_sha256=backbone.sha256,
        width=WIDTH,
        words=WORDS,
        readers=tuple(Shape(kind=k, options=OPTIONS, share=1 / 3) for k in KINDS),
        captioner="phrases",
        caption={"phrases": 1, "beam": 1, "options": 1},
        weights={"clip": 1.0, "words": 1.0},
    )
    readers = [reader_of(k, backbone, WIDTH, len(WORDS), OPTIONS).eval() for k in KINDS]
    places = torch.nn.functional.normalize(torch.randn(2, WIDTH, generator=drawn), dim=-1)
    detector = (torch.randn(len(WORDS), WIDTH, generator=drawn), torch.zeros(len(WORDS)))
    lists = Lists(SMALL, *(torch.randn(size, generator=drawn) for size in ((10, 16), (10,), (3,))))
    return Reverser(about, readers, detector, lists, ("a cat", "red"), places)


@pytest.fixture
def saved(model: Reverser, tmp_path: Path) -> Path:
    save_reverser(model, tmp_path / "reverse")
    return tmp_path / "reverse"


def test_a_model_that_was_saved_says_what_it_said_up_to_half_precision(
    backbone: LatentDiffusion, model: Reverser, saved: Path
) -> None:
    found = load_reverser(saved, backbone)
    assert (found.about, found.prompts, found.words) == (model.about, model.prompts, WORDS)
    assert found.lists.bank == SMALL
    for name in ("weight", "bias", "trust"):
        one, other = (getattr(each.lists, name) for each in (model, found))
        assert torch.allclose(one, other, atol=2e-3)
    assert torch.allclose(found.places, model.places, atol=1e-3)
    one, other = (each.predict(backbone, PICTURES) for each in (model, found))
    assert other.norm(dim=1).tolist() == pytest.approx([1, 1, 1], abs=1e-5)
    assert torch.allclose(one, other, atol=5e-3)
    assert torch.allclose(model.modifiers(one), found.modifiers(other), atol=1e-2)
    assert sorted(path.name for path in saved.iterdir()) == sorted([BANK, CONFIG, WEIGHTS, PROMPTS])


def test_a_model_says_of_a_picture_the_same_in_any_company(
    backbone: LatentDiffusion, model: Reverser, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = model.predict(backbone, PICTURES)
    monkeypatch.setattr(module, "HALVES", 2)
    assert torch.allclose(model.predict(backbone, PICTURES), together, atol=1e-4)
    assert model.predict(backbone, []).shape == (0, WIDTH)


def test_a_model_is_no_other_backbones(saved: Path) -> None:
    other = tiny_backbone()
    other.sha256 = "d" * 64
    with pytest.raises(ModelError, match=r"was trained on tiny \(bbbbbbbb…\), not on tiny"):
        load_reverser(saved, other)


def test_a_model_that_reads_clip_alone_reads_for_every_backbone_of_that_clip(
    model: Reverser, tmp_path: Path
) -> None:
    def of(kinds: Sequence[Kind]) -> Path:
        chosen = [at for at, shape in enumerate(model.about.readers) if shape.kind in kinds]
        own = {"clip_sha256": "c" * 64, "readers": tuple(model.about.readers[i] for i in chosen)}
        about = model.about.model_copy(update=own)
        folder = tmp_path / "-".join(kinds)
        made = replace(model, about=about, readers=[model.readers[i] for i in chosen])
        save_reverser(made, folder)
        return folder

    tuned = tiny_backbone()
    tuned.sha256, tuned.clip.sha256 = "d" * 64, "c" * 64
    found = load_reverser(of(["clip", "tower"]), tuned)
    assert found.predict(tuned, PICTURES).shape == (len(PICTURES), WIDTH)
    with pytest.raises(ModelError, match="was trained on tiny"):
        load_reverser(of(["clip", "white"]), tuned)
    tuned.clip.sha256 = "e" * 64
    with pytest.raises(ModelError, match="was trained on tiny"):
        load_reverser(of(["clip"]), tuned)
    tuned.clip.sha256 = ""
    with pytest.raises(ModelError, match="was trained on tiny"):
        load_reverser(of(["tower"]), tuned)


def test_a_backbones_own_model_lies_beside_its_weights(
    backbone: LatentDiffusion, model: Reverser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backbone, "folder", tmp_path)
    with pytest.raises(ModelError, match="there is no reverse model of tiny"):
        reverser_of(backbone)
    save_reverser(model, tmp_path / "reverse")
    assert reverser_of(backbone).prompts == model.prompts


def test_a_folder_that_holds_something_is_not_written_into(model: Reverser, saved: Path) -> None:
    before = (saved / WEIGHTS).read_bytes()
    with pytest.raises(OutputError, match="cannot write"):
        save_reverser(model, saved)
    assert (saved / WEIGHTS).read_bytes() == before


def test_a_model_that_cannot_be_written_leaves_nothing(
    model: Reverser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, value: Any) -> None:
        raise OutputError(f"cannot write {path}: no space left on the disk")

    monkeypatch.setattr(module, "write_json", full)
    with pytest.raises(OutputError):
        save_reverser(model, tmp_path / "reverse")
    assert list(tmp_path.iterdir()) == []


def changed(**told: object) -> Callable[[Path], None]:
    def harm(folder: Path) -> None:
        config = json.loads((folder / CONFIG).read_text())
        (folder / CONFIG).write_text(json.dumps({**config, **told}))

    return harm


def without(name: str) -> Callable[[Path], None]:
    def harm(folder: Path) -> None:
        tensors = load_file(folder / WEIGHTS)
        del tensors[name]
        save_file(tensors, folder / WEIGHTS)

    return harm


def holding(name: str, content: bytes | None) -> Callable[[Path], None]:
    def harm(folder: Path) -> None:
        (folder / name).unlink()
        if content is not None:
            (folder / name).write_bytes(content)

    return harm


WIDE = [{"kind": "clip", "options": {"hidden": 16}, "share": 1.0}]
OTHER = b'{"frames": ["a cat"], "groups": [["red fur"]], "joint": " with "}'
ODD = [{"kind": "clip", "options": {"hidden": "wide"}, "share": 1.0}]


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (holding(CONFIG, None), "holds no reverse model"),
        (holding(CONFIG, b"{"), "holds no reverse model"),
        (holding(CONFIG, b"[]"), f"has a {CONFIG} that this version cannot read"),
        (holding(CONFIG, b'{"model_type": "bert"}'), "that this version cannot read"),
        (changed(format="other-1"), "is not a folder that `lookalike reverse train` wrote"),
        (changed(readers=[]), "that this version cannot read"),
        (changed(readers=WIDE), "is damaged"),
        (changed(readers=ODD), "is damaged"),
        (holding(WEIGHTS, None), "is damaged"),
        (holding(WEIGHTS, b"half a file"), "is damaged"),
        (without("lists.trust"), "is damaged: 'lists.trust' lacks"),
        (holding(BANK, None), "is damaged"),
        (holding(BANK, b'{"frames": ["a cat"]}'), "is damaged: 'groups' lacks"),
        (holding(BANK, OTHER), f"is damaged: {BANK} holds other lists than {WEIGHTS}"),
        (without("reader.0.encoder.parts.conv_in.weight"), "is damaged"),
        (holding(PROMPTS, None), "is damaged"),
        (holding(PROMPTS, b'["one"]'), f"is damaged: {PROMPTS} should hold a list of 2 prompts"),
        (holding(PROMPTS, b"null"), "is damaged"),
    ],
)
def test_a_folder_that_holds_no_whole_model_is_said_in_one_line(
    backbone: LatentDiffusion, saved: Path, harm: Callable[[Path], None], said: str
) -> None:
    harm(saved)
    with pytest.raises(ModelError) as raised:
        load_reverser(saved, backbone)
    assert said in str(raised.value)
    assert str(saved) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_model_is_loaded_once_until_its_file_is_another(
    backbone: LatentDiffusion, model: Reverser, saved: Path
) -> None:
    first = reverser_of(backbone, str(saved))
    assert reverser_of(backbone, str(saved)) is first
    shutil.rmtree(saved)
    save_reverser(replace(model, prompts=("a dog", "blue")), saved)
    assert reverser_of(backbone, str(saved)).prompts == ("a dog", "blue")
    shutil.rmtree(saved)
    with pytest.raises(ModelError, match="reverse"):
        reverser_of(backbone, str(saved))
