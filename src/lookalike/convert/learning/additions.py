"""What is learnt of a U-Net: additions to weights of its attention."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

import torch
from torch import nn

from lookalike.core.adjustment import Adjustment
from lookalike.models.adjusting import WEIGHT, beside
from lookalike.models.backbone import Backbone

Scope = Literal["cross", "self", "attention"]
"""Which weights: the cross-attention's keys and values, all of the self-attention, or of both."""

EVERY = ("to_q", "to_k", "to_v", "to_out.0")
PARTS: dict[Scope, dict[str, tuple[str, ...]]] = {
    "cross": {"cross": ("to_k", "to_v")},
    "self": {"self": EVERY},
    "attention": {"self": EVERY, "cross": EVERY},
}


def weights_of(backbone: Backbone, scope: Scope) -> list[str]:
    """The names of a U-Net's weights of a scope, in the order in which they run."""
    parts = PARTS[scope]
    return [
        f"{site.path}.{part}{WEIGHT}"
        for site in backbone.sites
        for part in parts.get(site.kind, ())
    ]


class Additions(nn.Module):
    """Additions to a U-Net's linear layers, zero at first, kept apart from the U-Net itself."""

    def __init__(self, unet: Any, names: Sequence[str]) -> None:
        """For the weights called `names`, each of a linear layer."""
        super().__init__()
        self.names = tuple(names)
        shapes = [unet.get_submodule(n.removesuffix(WEIGHT)).weight.shape for n in names]
        self.weights = nn.ParameterList(nn.Parameter(torch.zeros(shape)) for shape in shapes)

    @contextmanager
    def lent(self, unet: Any) -> Iterator[None]:
        """A block in which the U-Net's layers have the additions, open to gradients."""
        with beside(unet, dict(zip(self.names, self.weights, strict=True))):
            yield

    def adjustment(self) -> Adjustment:
        """The additions as they are now."""
        pairs = zip(self.names, self.weights, strict=True)
        return Adjustment({name: weight.detach().clone() for name, weight in pairs})
