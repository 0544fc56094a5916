"""Texts that begin alike: what they share is read once, and each goes on from there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F

from lookalike.models.towers import TextTower

BATCH = 128
"""Endings read at once: bounds memory, not results."""

Words = Sequence[int]
"""The token numbers of a piece of text, without the start and the end."""

Heads = Float[Tensor, "_texts heads _tokens width"]


@dataclass(frozen=True, eq=False)
class Beginning:
    """What a text tower keeps of the beginning of texts: its keys and values, layer by layer.

    Towers are causal, so what follows does not change what was read before it. The projected end
    states are those of the whole texts, up to rounding.
    """

    tower: TextTower
    kept: tuple[tuple[Heads, Heads], ...]
    length: int

    @staticmethod
    @torch.no_grad()
    def of(tower: TextTower, words: Words) -> Beginning:
        """Read a beginning, with the start token before it."""
        ids = torch.tensor([[tower.tokenizer.bos_token_id, *words]], device=tower.model.device)
        kept: list[tuple[Heads, Heads]] = []
        _read(tower.model, ids, (), kept)
        return Beginning(tower, tuple(kept), ids.shape[1])

    @property
    def room(self) -> int:
        """How many tokens may follow, before the end token."""
        return self.tower.length - self.length - 1

    @torch.no_grad()
    def project(
        self, endings: Sequence[Words], precision: torch.dtype = torch.float32
    ) -> Float[Tensor, "endings shared"]:
        """The projected end states of the beginning with each ending behind it, on the CPU.

        What is longer than there is room for is cut, as the tokenizer cuts it. A `precision` below
        float32 is faster and rougher.
        """
        room, end = self.room, self.tower.tokenizer.eos_token_id
        fitting = [[*words[:room], end] for words in endings]
        # Those of about one length go together, so that little is read in vain.
        order = sorted(range(len(fitting)), key=lambda place: len(fitting[place]))
        found: list[Tensor] = []
        rough = torch.autocast(
            self.tower.model.device.type, precision, enabled=precision != torch.float32
        )
        with rough:
            for start in range(0, len(order), BATCH):
                found.append(self._project([fitting[i] for i in order[start : start + BATCH]]))
        whole = torch.cat(found)
        return whole[torch.tensor(order).argsort()]

    def _project(self, endings: Sequence[Words]) -> Float[Tensor, "batch shared"]:
        model, longest = self.tower.model, len(endings[-1])
        padded = [[*words, *[words[-1]] * (longest - len(words))] for words in endings]
        ids = torch.tensor(padded, device=model.device)
        ends = torch.tensor([len(words) - 1 for words in endings], device=model.device)
        last = _read(model, ids, self.kept, ends=ends)[:, 0]
        return model.text_projection(model.text_model.final_layer_norm(last)).float().cpu()


def _read(
    model: Any,
    ids: Int[Tensor, "batch tokens"],
    before: Sequence[tuple[Heads, Heads]],
    kept: list[tuple[Heads, Heads]] | None = None,
    ends: Int[Tensor, " batch"] | None = None,
) -> Float[Tensor, "batch states inner"]:
    """The states of tokens behind what was read `before`; their keys and values go to `kept`.

    Where `ends` are told, these states alone. It is what transformers' CLIPTextModel does, which
    has no place for what was read before.
    """
    done = before[0][0].shape[2] if before else 0
    tokens, rows = ids.shape[1], torch.arange(len(ids), device=ids.device)[:, None]
    places = torch.arange(done, done + tokens, device=ids.device)[None]
    x = model.text_model.embeddings(input_ids=ids, position_ids=places)
    seen = torch.ones(tokens, done + tokens, dtype=torch.bool, device=ids.device).tril(done)
    seen = seen[None, None]
    layers = model.text_model.encoder.layers
    for number, layer in enumerate(layers):
        attention, normed = layer.self_attn, layer.layer_norm1(x)
        key, value = (
            _heads(part(normed), attention) for part in (attention.k_proj, attention.v_proj)
        )
        if kept is not None:
            kept.append((key, value))
        if before:
            key, value = (
                torch.cat([old.expand(len(ids), -1, -1, -1), new], 2)
                for old, new in zip(before[number], (key, value), strict=True)
            )
        if ends is not None and number == len(layers) - 1:
            # Nothing reads the other tokens' last states.
            chosen = ends[:, None]
            x, normed, seen = x[rows, chosen], normed[rows, chosen], seen[0, 0, chosen][:, None]
        query = _heads(attention.q_proj(normed), attention)
        found = F.scaled_dot_product_attention(query, key, value, attn_mask=seen)
        x = x + attention.out_proj(found.transpose(1, 2).flatten(2))
        x = x + layer.mlp(layer.layer_norm2(x))
    return x


def _heads(x: Float[Tensor, "batch tokens _"], attention: Any) -> Heads:
    return x.unflatten(-1, (attention.num_heads, -1)).transpose(1, 2)
