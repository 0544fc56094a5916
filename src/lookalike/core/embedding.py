"""Vectors that a backbone reads as a prompt, kept with the name of their space."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from lookalike.core.adjustment import Adjustment, summed
from lookalike.core.errors import ModelError, OptionError
from lookalike.core.files import reason, write_bytes

_FORMAT = "lookalike-embedding-1"
_ADDED = "adjustment."


@dataclass(frozen=True, eq=False)
class Embedding:
    """Prompt vectors, one row per picture or text, and the space (backbone) they belong to.

    `tokens` are the text states a U-Net attends to; `pooled` is the one vector that SDXL reads
    besides, None elsewhere. Two spaces never mix, even where their shapes agree. `adjustment` is
    what the U-Net's weights need to read vectors that were learnt together with it.
    """

    tokens: Float[Tensor, "batch tokens width"]
    pooled: Float[Tensor, "batch pooled"] | None
    space: str
    adjustment: Adjustment | None = None

    def __len__(self) -> int:
        """How many rows there are."""
        return self.tokens.shape[0]

    def require(self, space: str) -> None:
        """Raise `OptionError` unless these vectors belong to `space`."""
        if self.space != space:
            raise OptionError(f"this embedding is for {self.space}, but the model reads {space}")

    def to(self, device: torch.device | str, dtype: torch.dtype | None = None) -> Embedding:
        """The same vectors on `device`, and as `dtype` where one is given."""
        return self._with(
            self.tokens.to(device, dtype),
            None if self.pooled is None else self.pooled.to(device, dtype),
        )

    def take(self, index: int) -> Embedding:
        """Row `index` alone, from 0; `OptionError` where there is no such row."""
        if not 0 <= index < len(self):
            raise OptionError(f"there is no row {index}; the embedding has {len(self)}")
        row = slice(index, index + 1)
        return self._with(self.tokens[row], None if self.pooled is None else self.pooled[row])

    def part(self, some: slice) -> Embedding:
        """Some of the rows."""
        return self._with(self.tokens[some], None if self.pooled is None else self.pooled[some])

    def repeat(self, times: int) -> Embedding:
        """Each row `times` times over, copies side by side."""
        return self._with(
            self.tokens.repeat_interleave(times, 0),
            None if self.pooled is None else self.pooled.repeat_interleave(times, 0),
        )

    def save(self, path: Path, *, about: Mapping[str, str] | None = None) -> None:
        """Write a safetensors file; `about` (what made it, say) is kept beside the vectors."""
        write_bytes(path, self.to_bytes(about=about))

    def to_bytes(self, *, about: Mapping[str, str] | None = None) -> bytes:
        """What `save` writes."""
        tensors = {"tokens": self.tokens}
        if self.pooled is not None:
            tensors["pooled"] = self.pooled
        if self.adjustment is not None:
            tensors |= {f"{_ADDED}{k}": v for k, v in self.adjustment.additions.items()}
        whole = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
        metadata = {**(about or {}), "format": _FORMAT, "space": self.space}
        return save(whole, metadata=metadata)

    @classmethod
    def load(cls, path: Path) -> Embedding:
        """The embedding that `save` wrote; `ModelError` where `path` holds none."""
        tensors, metadata = _read(path)
        tokens, pooled = tensors.get("tokens"), tensors.get("pooled")
        if tokens is None or not metadata.get("space"):
            raise ModelError(f"{path} holds no embedding: it lacks tokens or the name of its space")
        if tokens.dim() != 3 or not tokens.is_floating_point():
            raise ModelError(f"{path} holds no embedding: tokens are {_form(tokens)}")
        if pooled is not None and (pooled.dim() != 2 or len(pooled) != len(tokens)):
            raise ModelError(f"{path} holds no embedding: pooled is {_form(pooled)}")
        added = {k.removeprefix(_ADDED): v for k, v in tensors.items() if k.startswith(_ADDED)}
        learnt = Adjustment(added) if added else None
        return cls(tokens=tokens, pooled=pooled, space=metadata["space"], adjustment=learnt)

    def _with(
        self, tokens: Float[Tensor, "rows tokens width"], pooled: Float[Tensor, "rows wide"] | None
    ) -> Embedding:
        return replace(self, tokens=tokens, pooled=pooled)


def about(path: Path) -> dict[str, str]:
    """What was noted when the embedding at `path` was saved, `space` and `format` included."""
    return _read(path)[1]


def join(embeddings: Sequence[Embedding]) -> Embedding:
    """The rows of embeddings of one space, one embedding's behind the other's.

    Raises `OptionError` where they bring different adjustments: rows of a batch share one U-Net.
    """
    adjustments = {id(one.adjustment): one.adjustment for one in embeddings}
    if len(adjustments) > 1:
        raise OptionError("prompts that were learnt apart cannot be read in one batch")
    pooled = [one.pooled for one in embeddings if one.pooled is not None]
    return Embedding(
        tokens=torch.cat([one.tokens for one in embeddings]),
        pooled=torch.cat(pooled) if pooled else None,
        space=embeddings[0].space,
        adjustment=embeddings[0].adjustment,
    )


def mix(embeddings: Sequence[Embedding], weights: Sequence[float]) -> Embedding:
    """The weighted mean of embeddings of one space and shape; weights are relative.

    Negative weights push away; their sum must be positive. Raises `OptionError` otherwise, and
    where spaces, shapes or numbers of weights differ. Adjustments are added up by the same shares.
    """
    _check(embeddings, weights)
    total = sum(weights)
    shares = [weight / total for weight in weights]
    pooled = [one.pooled for one in embeddings if one.pooled is not None]
    first = embeddings[0]
    return Embedding(
        tokens=_mean([one.tokens for one in embeddings], shares),
        pooled=_mean(pooled, shares) if pooled else None,
        space=first.space,
        adjustment=summed(
            [
                one.adjustment.times(share)
                for one, share in zip(embeddings, shares, strict=True)
                if one.adjustment is not None
            ]
        ),
    )


def _check(embeddings: Sequence[Embedding], weights: Sequence[float]) -> None:
    if not embeddings:
        raise OptionError("there is nothing to mix")
    if len(embeddings) != len(weights):
        raise OptionError(f"{len(weights)} weights do not fit {len(embeddings)} embeddings")
    if not sum(weights) > 0:
        raise OptionError(f"weights must have a positive sum, and these sum to {sum(weights):g}")
    first = embeddings[0]
    for other in embeddings[1:]:
        first.require(other.space)
        if _shapes(first) != _shapes(other):
            raise OptionError(f"cannot mix {_form(first.tokens)} with {_form(other.tokens)}")


def _mean(tensors: Sequence[Tensor], shares: Sequence[float]) -> Tensor:
    return torch.stack([one * share for one, share in zip(tensors, shares, strict=True)]).sum(0)


def _shapes(one: Embedding) -> tuple[torch.Size, torch.Size | None]:
    return one.tokens.shape, None if one.pooled is None else one.pooled.shape


def _form(tensor: Tensor) -> str:
    return f"{' x '.join(map(str, tensor.shape))} {str(tensor.dtype).removeprefix('torch.')}"


def _read(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    try:
        opened: Any = safe_open(path, framework="pt")  # compiled, without types
        with opened as file:
            names: list[str] = list(file.keys())
            tensors: dict[str, Tensor] = {name: file.get_tensor(name) for name in names}
            metadata: dict[str, str] | None = file.metadata()
            return tensors, metadata or {}
    except FileNotFoundError as fault:
        raise ModelError(f"there is no embedding at {path}") from fault
    except OSError as fault:
        raise ModelError(f"cannot read {path}: {reason(fault)}") from fault
    except SafetensorError as fault:
        raise ModelError(f"{path} is not a whole safetensors file: {fault}") from fault
