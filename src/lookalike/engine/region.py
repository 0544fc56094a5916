"""Holds a plan to a region: a part of a picture is made, and the rest of it kept."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from lookalike.core.plan import Denoise, Plan, Wrap
from lookalike.core.readings import bends_readings
from lookalike.core.regions import Canvas
from lookalike.engine.plan import size_of, starting_from
from lookalike.models.backbone import Backbone


@torch.no_grad()
def filling(backbone: Backbone, plan: Plan, canvas: Canvas, strength: float = 1.0) -> Plan:
    """`plan`, held to what may change of a picture; all else comes out with its very pixels.

    The whole picture is worked on at the plan's size, and what was made is laid into the picture.
    What changes begins from the picture's own content, noised as `starting_from` says.
    """
    size = size_of(backbone, plan.prompt.settings)
    # Squeezed rather than cropped, as the plan's size is rounded to what the model can take.
    fitted = canvas.picture.resize(size, Image.Resampling.LANCZOS)
    begun = starting_from(backbone, plan, fitted, strength)
    clean = backbone.encode([fitted], size) if begun.clean is None else begun.clean
    mask = cells(canvas.mask, plan.start).to(plan.start.device)
    wraps = (_reading(backbone, fitted, mask),) if backbone.inpaints else ()
    return replace(
        begun,
        clean=clean.expand_as(plan.start),
        mask=mask,
        wraps=(*wraps, *plan.wraps),
        finish=canvas.with_part,
    )


def _reading(
    backbone: Backbone, picture: Image.Image, mask: Float[Tensor, "1 1 height width"]
) -> Wrap:
    """Shows an inpainting model the mask, and the picture with grey where it may change."""
    covered = Image.fromarray((mask[0, 0].cpu().numpy() * 255).astype(np.uint8))
    shown = picture.copy()
    shown.paste("#808080", mask=covered.resize(picture.size, Image.Resampling.NEAREST))
    beside = torch.cat([mask, backbone.encode([shown], picture.size)], 1)

    @bends_readings
    def wrap(denoise: Denoise) -> Denoise:
        return lambda x, level, told: denoise(
            torch.cat([x, beside.expand(len(x), -1, -1, -1)], 1), level, told
        )

    return wrap


def cells(
    mask: Image.Image, latents: Float[Tensor, "batch channels height width"]
) -> Float[Tensor, "1 1 height width"]:
    """1 for each latent cell of which at least half may change; if there is none, for each touched.

    A soft edge counts as what may change: it is made too, and blended with what was there.
    """
    height, width = latents.shape[-2:]
    hard = mask.point(lambda level: 255 if level else 0)
    shares = np.asarray(hard.convert("F").resize((width, height), Image.Resampling.BOX))
    most = shares >= 127.5
    return torch.from_numpy(most if most.any() else shares > 0).float()[None, None]
