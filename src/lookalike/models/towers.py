"""Text towers: a CLIP text model with the tokenizer that feeds it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

BATCH = 64  # texts or pictures run through a tower at once: bounds memory, not results


def batches(items: Sequence[Any], size: int = BATCH) -> Iterator[Sequence[Any]]:
    """Cut a sequence into pieces of at most `size`, in order."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def fingerprint(model: nn.Module) -> str:
    """Give the SHA-256 of a text tower's weights.

    Names are taken without their `text_model.` prefix and values rounded to float16, so that the
    same tower has the same fingerprint in either of transformers' layouts and precisions.
    """
    digest = hashlib.sha256()
    for name, tensor in sorted(bare_weights(model).items()):
        digest.update(f"{name}{tuple(tensor.shape)}".encode())
        values = tensor.detach().to("cpu", torch.float16).contiguous()
        digest.update(values.numpy().data)
    return digest.hexdigest()


def bare_weights(model: nn.Module) -> dict[str, Tensor]:
    """Name a text tower's weights without the prefix that one of transformers' layouts adds."""
    return {
        name.removeprefix("text_model."): tensor
        for name, tensor in model.state_dict().items()
        if not name.endswith("position_ids")
    }


@dataclass(frozen=True)
class TextTower:
    """One text model and its tokenizer: texts in, states out."""

    model: Any  # CLIPTextModel or CLIPTextModelWithProjection
    tokenizer: Any  # CLIPTokenizer
    fingerprint: str = ""  # the SHA-256 of the weights as stored; see `fingerprint`

    @property
    def length(self) -> int:
        """How many tokens it reads at most, start and end included: 77 for every CLIP so far."""
        return int(self.model.config.max_position_embeddings)

    def ids(self, texts: Sequence[str]) -> Int[Tensor, "batch tokens"]:
        """Give the token numbers of texts, cut or padded to `length`."""
        read = self.tokenizer(
            list(texts),
            padding="max_length",
            max_length=self.length,
            truncation=True,
            return_tensors="pt",
        )
        return read["input_ids"].to(self.model.device)

    def words(self, texts: Sequence[str]) -> list[list[int]]:
        """Give the token numbers of texts, whole, without the start and the end."""
        read = self.tokenizer(
            list(texts), add_special_tokens=False, truncation=False, verbose=False
        )
        return read["input_ids"]

    def read(self, texts: Sequence[str], *, short: bool = False) -> Any:
        """Run the text model over texts: transformers' output with all hidden states.

        `short` reads no further than the longest text, for those who want no padding's states.
        """
        ids = self.ids(texts)
        longest = int(self._ends(ids).max()) + 1 if short else self.length
        return self.model(ids[:, :longest], output_hidden_states=True)

    def project(self, texts: Sequence[str]) -> Float[Tensor, "batch shared"]:
        """Give the projected end states, reading no further than the longest text.

        The towers are causal: what stands after the end token does not change its state.
        """
        ids = self.ids(texts)
        longest = int(self._ends(ids).max()) + 1
        return self.model(ids[:, :longest]).text_embeds.float()

    def _ends(self, ids: Int[Tensor, "batch tokens"]) -> Int[Tensor, " batch"]:
        return (ids == self.tokenizer.eos_token_id).int().argmax(dim=1)

    def ends(self, texts: Sequence[str]) -> Int[Tensor, " batch"]:
        """Give the index of each text's end token: the first one, since padding may repeat it."""
        return self._ends(self.ids(texts))

    def cut(self, text: str) -> str:
        """Give the end of a text that does not fit into `length` tokens, or an empty text."""
        read = self.tokenizer(
            text,
            add_special_tokens=False,
            truncation=False,
            return_offsets_mapping=True,
            verbose=False,
        )
        room = self.length - 2
        spans = read["offset_mapping"]
        return text[spans[room][0] :].strip() if len(spans) > room else ""
