"""Features of a data set: read once, made again where they are damaged, faults by name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import pytest
import torch
from jaxtyping import Float
from PIL.Image import Image
from torch import Tensor
from torch.nn.functional import normalize

from lookalike.core.pictures import save_picture
from lookalike.core.records import Description
from lookalike.describe.base import Describer
from lookalike.models.backbone import Backbone
from lookalike.models.latent import LatentDiffusion
from lookalike.models.sentences import Sentences
from lookalike.reverse import features as module
from lookalike.reverse.features import FOLDER, Eyes, Features, Stage, features
from lookalike.reverse.manifest import DataError, Manifest
from tests.engine.tiny import noise_picture
from tests.reverse.conftest import WIDTH, MakeManifest, WordReader

PROMPTS = ["a cat", "a cat", "a dog", "a red fish", "a red fish"]


class Sizes(Describer):
    """Says how bright a picture is, and counts the pictures that it was shown."""

    name: ClassVar[str] = "sizes"
    summary: ClassVar[str] = "How bright."
    shown: ClassVar[list[int]] = []

    def describe(
        self, backbone: Backbone, pictures: Sequence[Image], count: int
    ) -> list[list[Description]]:
        self.shown.append(len(pictures))
        told = [f"a picture of {sum(picture.convert('L').tobytes())}" for picture in pictures]
        return [[Description(text=text, score=1.0, aspect="1:1", by=self.name)] for text in told]


class Encoder(Sentences):
    """A sentence encoder without a model: it reads words."""

    def __init__(self) -> None:
        self.words, self.width, self.sha256 = WordReader(), WIDTH, "e" * 64

    def read(self, texts: Sequence[str]) -> Float[Tensor, "texts width"]:
        return self.words.read(texts)


@pytest.fixture
def data(manifest_with: MakeManifest) -> Manifest:
    """Five small pictures in pieces of two."""
    made = manifest_with(PROMPTS)
    for row, path in enumerate(made.paths):
        save_picture(noise_picture(seed=row), path)
    return made


@pytest.fixture
def eyes(backbone: LatentDiffusion, monkeypatch: pytest.MonkeyPatch) -> Eyes:
    monkeypatch.setattr(module, "PIECE", 2)
    Sizes.shown.clear()
    return Eyes(backbone, Sizes(), Encoder())


def asked(eyes: Eyes) -> list[str]:
    """The texts that the encoder was asked for."""
    assert isinstance(eyes.sentences, Encoder)
    return eyes.sentences.words.asked


def outcome(eyes: Eyes, data: Manifest) -> Features:
    *stages, found = features(eyes, data)
    assert [(each.done, each.of) for each in stages if isinstance(each, Stage)] == [
        (min(done, len(data)), len(data)) for done in range(2, len(data) + 2, 2)
    ]
    assert isinstance(found, Features)
    return found


def same(one: Features, other: Features) -> bool:
    pairs = [
        (getattr(one.inputs, name), getattr(other.inputs, name))
        for name in ("seen", "pixels", "latents")
    ]
    pairs += [(one.targets, other.targets), (one.captioned, other.captioned)]
    texts = (one.inputs.captions, one.prompts) == (other.inputs.captions, other.prompts)
    return texts and all(torch.equal(a, b) for a, b in pairs)


def test_features_are_what_each_picture_is_and_where_its_words_lie(
    eyes: Eyes, data: Manifest
) -> None:
    found = outcome(eyes, data)
    assert list(found.prompts) == PROMPTS
    clip = eyes.backbone.clip
    for row in range(len(data)):
        picture = data.picture(row)
        alone = normalize(clip.see([picture]).projected, dim=-1)[0]
        assert torch.allclose(found.inputs.seen[row], alone, atol=1e-5)
        assert torch.equal(found.inputs.latents[row], eyes.backbone.encode([picture])[0].half())
        (said,) = Sizes().describe(eyes.backbone, [picture], 1)[0]
        assert found.inputs.captions[row] == said.text
        assert torch.allclose(found.targets[row], Encoder().read([PROMPTS[row]])[0])
        assert torch.allclose(found.captioned[row], Encoder().read([said.text])[0])


def test_what_is_kept_is_not_read_again(eyes: Eyes, data: Manifest) -> None:
    first = outcome(eyes, data)
    assert Sizes.shown == [2, 2, 1]
    assert sorted(asked(eyes)) == sorted({*PROMPTS, *first.inputs.captions})
    again = outcome(eyes, data)
    assert same(first, again)
    assert Sizes.shown == [2, 2, 1]
    assert len(asked(eyes)) == len({*PROMPTS, *first.inputs.captions})


def test_a_reading_that_was_stopped_goes_on_with_the_next_piece(eyes: Eyes, data: Manifest) -> None:
    work = features(eyes, data)
    next(work)
    next(work)
    assert Sizes.shown == [2, 2]
    found = outcome(eyes, data)
    assert Sizes.shown == [2, 2, 1]
    assert len(found) == len(data)


@pytest.mark.parametrize("left", [0, 7, 400])
def test_a_damaged_piece_is_made_again_and_no_other(eyes: Eyes, data: Manifest, left: int) -> None:
    first = outcome(eyes, data)
    for name in (eyes.key, "."):
        piece = min((data.folder / FOLDER / name).glob("*.safetensors"))
        piece.write_bytes(piece.read_bytes()[:left])
    Sizes.shown.clear()
    assert same(outcome(eyes, data), first)
    assert len(Sizes.shown) == 1
    Sizes.shown.clear()
    assert same(outcome(eyes, data), first)
    assert Sizes.shown == []


def test_a_piece_of_foreign_content_is_made_again(eyes: Eyes, data: Manifest) -> None:
    from safetensors.torch import save_file

    first = outcome(eyes, data)
    piece = min((data.folder / FOLDER / eyes.key).glob("*.safetensors"))
    save_file({"seen": torch.zeros(2, 2)}, piece)
    assert same(outcome(eyes, data), first)


def test_other_rows_are_read_for_themselves(eyes: Eyes, data: Manifest) -> None:
    whole = outcome(eyes, data)
    some, same_rows = outcome(eyes, data.take([4, 0, 1])), whole.take(torch.tensor([4, 0, 1]))
    assert some.prompts == same_rows.prompts
    assert some.inputs.captions == same_rows.inputs.captions
    # Not exact: a tower's last bits hang on how many pictures it sees at once.
    assert torch.allclose(some.inputs.seen, same_rows.inputs.seen, atol=1e-5)
    assert torch.equal(some.inputs.latents, same_rows.inputs.latents)


@pytest.mark.parametrize("harm", [Path.unlink, lambda path: path.write_bytes(b"no picture")])
def test_a_missing_or_broken_picture_is_named(eyes: Eyes, data: Manifest, harm: object) -> None:
    assert callable(harm)
    harm(data.paths[3])
    with pytest.raises(DataError) as raised:
        list(features(eyes, data))
    assert str(data.paths[3]) in str(raised.value)
    assert "\n" not in str(raised.value)
