"""CLIP: a text tower and a vision tower that share one space."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from jaxtyping import Float, Int
from PIL.Image import Image
from torch import Tensor
from torch.nn.functional import normalize

from lookalike.models.preprocess import Fit, Preprocess
from lookalike.models.towers import TextTower, batches


@dataclass(frozen=True)
class Seen:
    """What a vision tower says of pictures, before and after its projection."""

    pooled: Float[Tensor, "batch vision"]  # after post_layernorm
    projected: Float[Tensor, "batch shared"]  # not normalised


class Clip:
    """One whole CLIP: both towers, both projections, the tokenizer and the pictures' preparation.

    `text` and `vision` are transformers' CLIPTextModelWithProjection and
    CLIPVisionModelWithProjection; results come back in float32 whatever precision they run in.
    """

    def __init__(
        self,
        text: Any,
        vision: Any,
        tokenizer: Any,
        preprocess: Preprocess,
        logit_scale: float = 100.0,
        sha256: str = "",
    ) -> None:
        """Join loaded towers; `logit_scale` is the factor on cosines, not its logarithm."""
        self.text = text
        self.vision = vision
        self.tower = TextTower(text, tokenizer)
        self.preprocess = preprocess
        self.logit_scale = logit_scale
        self.sha256 = sha256

    def see(self, pictures: Sequence[Image], fit: Fit = "crop") -> Seen:
        """Look at pictures; `fit` says what becomes of those that are not square."""
        seen = [self._look(batch, fit) for batch in batches(pictures)]
        pooled = torch.cat(seen)
        return Seen(pooled, pooled @ self.visual_projection.T)

    def _look(self, pictures: Sequence[Image], fit: Fit) -> Float[Tensor, "batch vision"]:
        tower = self.vision.vision_model
        pixels = self.preprocess(pictures, fit)
        return tower(pixels.to(self.vision.device, self.vision.dtype)).pooler_output.float()

    def project(self, texts: Sequence[str]) -> Float[Tensor, "batch shared"]:
        """Place texts in the shared space, at length 1."""
        read = [self.tower.project(batch) for batch in batches(texts)]
        return normalize(torch.cat(read), dim=-1)

    def states(self, texts: Sequence[str]) -> Float[Tensor, "batch tokens width"]:
        """Give the text tower's states after its final layer norm."""
        read = [self.tower.read(batch).last_hidden_state.float() for batch in batches(texts)]
        return torch.cat(read)

    def ends(self, texts: Sequence[str]) -> Int[Tensor, " batch"]:
        """Give the index of each text's end token."""
        return self.tower.ends(texts)

    def cut(self, text: str) -> str:
        """Give the end of a text that the tokenizer would cut off, or an empty text."""
        return self.tower.cut(text)

    @cached_property
    def text_projection(self) -> Float[Tensor, "shared width"]:
        """The matrix from the text tower's end state to the shared space, in float32."""
        return self.text.text_projection.weight.detach().float()

    @cached_property
    def visual_projection(self) -> Float[Tensor, "shared vision"]:
        """The matrix from the vision tower's pooled output to the shared space, in float32."""
        return self.vision.visual_projection.weight.detach().float()
