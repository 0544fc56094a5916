"""What readers read of a data set, computed once and kept beside it in whole pieces."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from jaxtyping import Float
from PIL.Image import Image
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save
from torch import Tensor

from lookalike.core.errors import PictureError
from lookalike.core.files import write_bytes
from lookalike.describe import Describer
from lookalike.describe.reversing.readers import Inputs, inputs_of
from lookalike.models.backbone import Backbone
from lookalike.models.sentences import Sentences
from lookalike.reverse.manifest import DataError, Manifest

PIECE = 256
"""Pictures in one file of features: what a stopped run may lose."""

FOLDER = "features"


@dataclass(frozen=True)
class Stage:
    """How many pictures are read, of how many."""

    done: int
    of: int


@dataclass(frozen=True)
class Features:
    """A data set as tensors: what is read of pictures, and where the encoder puts their words."""

    inputs: Inputs
    prompts: Sequence[str]
    targets: Float[Tensor, "rows width"]
    captioned: Float[Tensor, "rows width"]  # the captions' places

    def __len__(self) -> int:
        return len(self.prompts)

    def take(self, which: Tensor) -> Features:
        """Some of the rows, in the order of `which`."""
        prompts = [self.prompts[int(i)] for i in which]
        return Features(
            self.inputs.take(which), prompts, self.targets[which], self.captioned[which]
        )


@dataclass(frozen=True)
class Eyes:
    """All that looks at a data set: the model, what captions its pictures, and the encoder."""

    backbone: Backbone
    captioner: Describer
    sentences: Sentences

    @property
    def key(self) -> str:
        """What the features depend on, as a short hash."""
        told = {
            "backbone": self.backbone.sha256,
            "clip": self.backbone.clip.sha256,
            "captioner": [self.captioner.name, self.captioner.model_dump(mode="json")],
            "sentences": self.sentences.sha256,
        }
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


def features(eyes: Eyes, data: Manifest) -> Iterator[Stage | Features]:
    """Read a data set, yielding stages and at the end its features; what is kept is not read again.

    Raises:
        DataError: a picture cannot be read.
    """
    pieces = [range(i, min(i + PIECE, len(data))) for i in range(0, len(data), PIECE)]
    found = []
    for rows in pieces:
        piece = data.take(list(rows))
        path = data.folder / FOLDER / eyes.key / f"{_mark(piece)}.safetensors"
        kept = _load(path)
        if kept is None:
            kept = _seen(eyes, piece)
            _keep(path, kept)
        found.append(kept)
        yield Stage(rows.stop, len(data))
    home = data.folder / FOLDER
    yield _joined(found, data.prompts, lambda texts: placed(eyes.sentences, texts, home))


def _mark(piece: Manifest) -> str:
    """The pictures' names: a piece with other pictures is another file."""
    names = "\n".join(piece.column("picture"))
    return hashlib.sha256(names.encode()).hexdigest()[:16]


def _seen(eyes: Eyes, piece: Manifest) -> Inputs:
    pictures = [_opened(piece, row) for row in range(len(piece))]
    found = eyes.captioner.describe(eyes.backbone, pictures, 1)
    captions = [each[0].text if each else "" for each in found]
    inputs = inputs_of(eyes.backbone, pictures, captions)
    return replace(inputs, latents=inputs.latents.half())


def _opened(piece: Manifest, row: int) -> Image:
    try:
        return piece.picture(row)
    except PictureError as fault:
        raise DataError(f"the data set in {piece.folder} is damaged: {fault}") from fault


def _keep(path: Path, inputs: Inputs) -> None:
    tensors = {"seen": inputs.seen, "pixels": inputs.pixels, "latents": inputs.latents}
    whole = {name: each.contiguous() for name, each in tensors.items()}
    write_bytes(path, save(whole, metadata={"captions": json.dumps(list(inputs.captions))}))


def _load(path: Path) -> Inputs | None:
    """A kept piece; None where there is none, or a damaged one, which is then made again."""
    if not path.is_file():
        return None
    try:
        with safe_open(str(path), framework="pt") as file:
            captions = json.loads(file.metadata()["captions"])
            read = {name: file.get_tensor(name) for name in ("seen", "pixels", "latents")}
    except (SafetensorError, OSError, KeyError, ValueError, TypeError):
        return None
    return Inputs(read["seen"], read["pixels"], read["latents"], captions)


def _joined(
    pieces: Sequence[Inputs], prompts: Sequence[str], place: Callable[[Sequence[str]], Tensor]
) -> Features:
    inputs = Inputs(
        torch.cat([each.seen for each in pieces]),
        torch.cat([each.pixels for each in pieces]),
        torch.cat([each.latents for each in pieces]),
        [caption for each in pieces for caption in each.captions],
    )
    return Features(inputs, list(prompts), place(prompts), place(inputs.captions))


def placed(
    sentences: Sentences, texts: Sequence[str], folder: Path
) -> Float[Tensor, "texts width"]:
    """Where the encoder places texts, each distinct one read once, kept in `folder`."""
    different = {text: place for place, text in enumerate(dict.fromkeys(texts))}
    mark = hashlib.sha256("\n".join([sentences.sha256, *different]).encode()).hexdigest()[:16]
    path = folder / f"places-{mark}.safetensors"
    rows = [different[text] for text in texts]
    with suppress(SafetensorError, OSError, KeyError):  # not there, or damaged: read again
        return load_file(path)["places"][rows]
    read = sentences.read(list(different))
    write_bytes(path, save({"places": read}))
    return read[rows]
