"""Character cards: one character's pseudo-words, its portrait and how it was made, in a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from jaxtyping import Float
from PIL import Image
from pydantic import Field, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from lookalike.core.errors import ModelError, PictureError
from lookalike.core.files import reason, write_new
from lookalike.core.pictures import open_picture, png_bytes
from lookalike.core.record import Record, Text
from lookalike.core.records import GUIDANCE
from lookalike.models.backbone import Backbone
from lookalike.models.named import Words
from lookalike.models.weights import read_header

FORMAT = "lookalike-character-1"
WORDS, PLACE, PORTRAIT = "words.", "place", "portrait"
MOST = 16
"""Pseudo-words that a card may hold."""


class About(Record):
    """What a card says of itself."""

    base: Text = Field(description="The model whose text encoder reads it.")
    space: Text = Field(description="The space of that model's embeddings.")
    model_sha256: str = Field(description="The SHA-256 of that model's weights.")
    made: Literal["drawn", "blended", "imported"] = Field(description="How it came about.")
    maker: str = Field(default="", description="The SHA-256 of the generator, where one made it.")
    seed: int | None = Field(default=None, ge=0, description="The seed of the sheet it is from.")
    number: int | None = Field(default=None, ge=1, description="Its number on that sheet.")
    of: dict[str, float] = Field(default_factory=dict, description="What it is blended of.")
    portrait: Text = Field(default="", description="The prompt of the portrait.")
    steps: int = Field(default=25, ge=1, description="The sampler's steps of the portrait.")
    pixels: int | None = Field(
        default=None, ge=8, description="The portrait's side; the model's own if unset."
    )
    guidance: float = Field(
        default=GUIDANCE, ge=0, le=50, description="How strictly the portrait follows its prompt."
    )
    licence: Text = Field(default="", description="Under which terms it may be used.")


@dataclass(frozen=True, eq=False)
class Card:
    """A character: what is read where its name stands, its place in the generator's input, a face.

    `place` is the z that the generator made it of; a card from elsewhere has none.
    """

    words: Words
    place: Float[Tensor, " z"] | None
    portrait: Image.Image
    about: About

    def require(self, backbone: Backbone, name: str) -> None:
        """Raise `ModelError` unless a backbone's text encoder reads this card."""
        if self.about.space != backbone.space:
            raise ModelError(
                f"@{name} is a character for {self.about.base} ({self.about.space}), and "
                f"{backbone.name} reads {backbone.space}; `lookalike characters new --model "
                f"{backbone.name}` draws characters for it"
            )

    def to_bytes(self) -> bytes:
        """The card as a file: safetensors, its story as JSON in the header."""
        tensors = {f"{WORDS}{i}": each for i, each in enumerate(self.words)}
        if self.place is not None:
            tensors[PLACE] = self.place
        tensors[PORTRAIT] = torch.frombuffer(bytearray(png_bytes(self.portrait)), dtype=torch.uint8)
        own = {k: v.detach().to("cpu").contiguous() for k, v in tensors.items()}
        header = {
            "format": FORMAT,
            # Where what was learnt of pictures is looked for, too.
            "model_sha256": self.about.model_sha256,
            "about": self.about.model_dump_json(),
        }
        return save(own, metadata=header)

    def save(self, path: Path) -> None:
        """Write the card to a new file."""
        write_new(path, self.to_bytes())


def is_card(path: Path) -> bool:
    """Whether a file says that it is a character card; `ModelError` where it cannot be read."""
    return read_header(path).notes.get("format") == FORMAT


def read_card(path: Path) -> Card:
    """The card in a file.

    Raises:
        ModelError: it is not there, is no card, or is damaged.
    """
    notes = read_header(path).notes
    if notes.get("format") != FORMAT:
        raise ModelError(f"{path} is not a character card, which `lookalike characters save` makes")
    try:
        about = About.model_validate_json(notes.get("about", ""))
        tensors = load(path.read_bytes())
        words = _words(tensors)
        portrait = open_picture(tensors[PORTRAIT].numpy().tobytes())
        return Card(words, tensors.get(PLACE), portrait, about)
    except OSError as fault:
        raise ModelError(f"cannot read {path}: {reason(fault)}") from fault
    except (ValidationError, SafetensorError, PictureError, KeyError, ValueError) as fault:
        line = " ".join(str(fault).split())[:120]
        raise ModelError(f"the character card {path} is damaged: {line}") from fault


def _words(tensors: Mapping[str, Tensor]) -> Words:
    count = sum(1 for name in tensors if name.startswith(WORDS))
    words = tuple(tensors[f"{WORDS}{i}"].float() for i in range(count))
    if not words or any(each.dim() != 2 or not 1 <= len(each) <= MOST for each in words):
        raise ValueError("it holds no pseudo-words")
    if not all(bool(each.isfinite().all()) for each in words):
        raise ValueError("its pseudo-words are not finite numbers")
    return words
