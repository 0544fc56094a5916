"""How far a painted picture is from its content and its style, seen by what was not optimised."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image

from lookalike.models.vgg import Vgg
from lookalike.restyle.losses import gram_distance
from lookalike.restyle.moments import Moments
from lookalike.restyle.pixels import shrunk, tensor

STYLE = ("relu1_2", "relu2_2", "relu3_3", "relu4_3")
CONTENT = "relu3_2"
"""Layers that no preset optimises."""

_WINDOW = 7  # pixels of a side, as in Wang et al. (2004), here without their Gaussian
_STEADY = (0.01**2, 0.03**2)  # their two constants, for values of 0 to 1


class Eye:
    """Judges paintings by layers of a VGG that were left out, in shares of what the target has."""

    def __init__(self, vgg: Vgg) -> None:
        """Look by `vgg`, in float32."""
        self.vgg = vgg.to(vgg.device, "float32")

    @torch.no_grad()
    def content(self, made: Image.Image, content: Image.Image) -> float:
        """The mean square difference in content, over the content's own mean square; 0 is best."""
        one, other = (self._see(each)[CONTENT] for each in (made, shrunk(content, made.size)))
        return float((one - other).square().mean() / other.square().mean())

    @torch.no_grad()
    def style(self, made: Image.Image, style: Image.Image) -> dict[str, float]:
        """Two distances in style, means over the layers; 0 is best."""
        ours, theirs = self._moments(made), self._moments(style)
        w2, gram = list[float](), list[float]()
        for layer in STYLE:
            one, other = ours[layer], theirs[layer]
            w2.append(wasserstein(one, other) / float(other.energy))
            gram.append(float(gram_distance(one, other) / other.gram.square().mean()))
        return {"style_w2": sum(w2) / len(w2), "style_gram": sum(gram) / len(gram)}

    def _see(self, picture: Image.Image) -> dict[str, torch.Tensor]:
        return self.vgg.see(tensor(picture).to(self.vgg.device), [*STYLE, CONTENT])

    def _moments(self, picture: Image.Image) -> dict[str, Moments]:
        seen = self._see(picture)
        return {layer: Moments.of(seen[layer]) for layer in STYLE}


def wasserstein(one: Moments, other: Moments) -> float:
    """The squared Wasserstein-2 distance between Gaussians, by channel, in float64 and exact.

    The loss of that name stops short of the roots of small eigenvalues, and so is never quite 0.
    """
    (a, m), (b, n) = ((_wide(each.covariance), _wide(each.mean)) for each in (one, other))
    values, basis = np.linalg.eigh(b)
    root = (basis * np.sqrt(values.clip(0))) @ basis.T
    shared = np.sqrt(np.linalg.eigvalsh(root @ a @ root).clip(0)).sum()
    return float((((m - n) ** 2).sum() + np.trace(a) + np.trace(b) - 2 * shared) / len(m))


def _wide(values: torch.Tensor) -> np.ndarray:
    return values.detach().cpu().numpy().astype(np.float64)


def edge_likeness(made: Image.Image, content: Image.Image) -> float:
    """The structural similarity (Wang et al. 2004) of two pictures' edges; 1 is best."""
    one, other = _edges(made), _edges(shrunk(content, made.size))
    return structural_similarity(one, other)


def structural_similarity(
    one: Float[np.ndarray, "height width"], other: Float[np.ndarray, "height width"]
) -> float:
    """The mean structural similarity of two grey pictures of 0 to 1, over square windows."""
    (a, b), (steady, wide) = (_means(one), _means(other)), _STEADY
    both = _means(one * other) - a * b
    spread = _means(one * one) - a * a + _means(other * other) - b * b
    likeness = (2 * a * b + steady) * (2 * both + wide)
    return float((likeness / ((a * a + b * b + steady) * (spread + wide))).mean())


def _edges(picture: Image.Image) -> Float[np.ndarray, "height width"]:
    """How steep the lightness is at each place, by Sobel's filters, the steepest at 1."""
    grey = np.pad(np.asarray(picture.convert("L"), np.float64) / 255, 1, mode="edge")
    across, down = grey[:, 2:] - grey[:, :-2], grey[2:] - grey[:-2]
    steep = np.hypot(
        across[:-2] + 2 * across[1:-1] + across[2:],
        down[:, :-2] + 2 * down[:, 1:-1] + down[:, 2:],
    )
    return steep / max(float(steep.max()), 1e-9)


def _means(values: Float[np.ndarray, "height width"]) -> Float[np.ndarray, "rows columns"]:
    """The mean of each window."""
    views = np.lib.stride_tricks.sliding_window_view(values, (_WINDOW, _WINDOW))
    return views.mean((2, 3))
