"""Square roots of matrices by Newton and Schulz's iteration."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

ITERATIONS = 12
"""As in crowsonkb's style-transfer-pytorch: tiny eigenvalues stay short of their roots, which
keeps the gradient bounded."""

Pair = tuple[Tensor, Tensor]


def roots(matrix: Float[Tensor, "n n"], iterations: int = ITERATIONS) -> Pair:
    """The square root of a symmetric positive matrix, and the root's inverse.

    The coupled iteration of Higham (2008), equation 6.35, on the matrix scaled to norm 1.
    """
    scale = matrix.norm()
    if not scale > 0:
        return torch.zeros_like(matrix), torch.zeros_like(matrix)
    one = torch.eye(len(matrix), dtype=matrix.dtype, device=matrix.device)
    root, inverse = matrix / scale, one
    for _ in range(iterations):
        step = 1.5 * one - 0.5 * inverse @ root
        root, inverse = root @ step, step @ inverse
    return root * scale.sqrt(), inverse / scale.sqrt()


def trace_and_inverse(matrix: Float[Tensor, "n n"], iterations: int = ITERATIONS) -> Pair:
    """The trace of what `roots` gives for the root, and the root's inverse.

    On a CPU each eigenvalue goes through the same iteration as a number, which is six times as
    fast for 512 channels as three products of matrices a step.
    """
    scale = matrix.norm()
    if matrix.device.type != "cpu" or not scale > 0:
        root, inverse = roots(matrix, iterations)
        return root.diagonal().sum(), inverse
    values, basis = torch.linalg.eigh(matrix / scale)
    root, inverse = values.clamp(min=0), torch.ones_like(values)
    for _ in range(iterations):
        step = 1.5 - 0.5 * inverse * root
        root, inverse = root * step, step * inverse
    return root.sum() * scale.sqrt(), (basis * (inverse / scale.sqrt())) @ basis.T
