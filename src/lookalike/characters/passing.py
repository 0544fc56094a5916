"""Characters passed on: as textual-inversion embeddings, which other programs read and write."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from lookalike.characters.drawing import portrait
from lookalike.core.errors import ModelError
from lookalike.core.files import write_new
from lookalike.models.backbone import Backbone
from lookalike.models.card import MOST, About, Card, is_card, read_card
from lookalike.models.named import Words
from lookalike.models.weights import read_header

SDXL_KEYS = ("clip_l", "clip_g")
"""What the two encoders' vectors are called in embeddings for SDXL."""

ONE_KEYS = ("emb_params", "clip_l")
"""What vectors for one encoder are often called, where they are not called by their word."""

FACE = "@it, a portrait"


def export_embedding(card: Card, name: str, path: Path) -> None:
    """Write a character as an embedding file of safetensors, new.

    For one text encoder it holds one tensor, called <name>: diffusers takes that for the word, web
    interfaces take the file's name. For SDXL it holds clip_l and clip_g.
    """
    keys = SDXL_KEYS if len(card.words) == 2 else (f"<{name}>",)
    tensors = {
        key: each.detach().cpu().contiguous() for key, each in zip(keys, card.words, strict=True)
    }
    write_new(path, save(tensors, metadata={"format": "pt", "licence": card.about.licence}))


def import_character(backbone: Backbone, path: Path) -> Card:
    """The character in a file: a card, or a textual-inversion embedding.

    Raises:
        ModelError: it is neither, it is damaged, or it is for another text encoder.
    """
    read_header(path)
    if is_card(path):
        card = read_card(path)
        card.require(backbone, path.stem)
        return card
    words = _words(backbone, path)
    about = About(
        base=backbone.name,
        space=backbone.space,
        model_sha256=backbone.sha256,
        made="imported",
        portrait=FACE,
    )
    return Card(words, None, portrait(backbone, words, FACE), about)


def _words(backbone: Backbone, path: Path) -> Words:
    """The vectors of an embedding file, one group for each text encoder."""
    try:
        tensors = load_file(path)
    except (SafetensorError, OSError) as fault:
        raise ModelError(f"{path} is not a whole safetensors file: {fault}") from fault
    widths = [tower.model.get_input_embeddings().weight.shape[1] for tower in backbone.towers]
    found = _grouped(tensors, len(widths))
    given = [each.shape[-1] for each in found or ()]
    if found is None or any(each.dim() != 2 or not 1 <= len(each) <= MOST for each in found):
        raise ModelError(f"{path} holds no character: neither a card nor an embedding of words")
    if given != widths:
        raise ModelError(
            f"{path} is for another text encoder than that of {backbone.name}: its vectors have "
            f"{_said(given)} numbers, not {_said(widths)}"
        )
    if not all(bool(each.isfinite().all()) for each in found):
        raise ModelError(f"{path} is damaged: its vectors are not finite numbers")
    return tuple(each.float() for each in found)


def _grouped(tensors: Mapping[str, Tensor], towers: int) -> list[Tensor] | None:
    if set(SDXL_KEYS) <= tensors.keys():
        return [_rows(tensors[key]) for key in SDXL_KEYS]
    if len(tensors) == 1:
        return [_rows(each) for each in tensors.values()]
    named = [tensors[key] for key in ONE_KEYS if key in tensors]
    return [_rows(named[0])] if named and towers == 1 else None


def _rows(tensor: Tensor) -> Tensor:
    """One vector alone is a row of its own."""
    return tensor[None] if tensor.dim() == 1 else tensor


def _said(widths: list[int]) -> str:
    return " and ".join(map(str, widths))
