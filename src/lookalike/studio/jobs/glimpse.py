"""Previews: a small picture of what a step has come to."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image

from lookalike.core.grids import grid
from lookalike.session import Session
from lookalike.studio.verbs import Verb


def glimpse(verb: Verb, session: Session, model: str, seen: Any) -> bytes | None:
    """A small picture of what a step has come to; None where there is nothing to be seen."""
    if verb.paints:
        from lookalike.restyle.pixels import picture

        page = picture(seen)
        page.thumbnail((512, 512))
        return _webp(page)
    return _preview(session, model, seen) if verb.seeded else None


def _preview(session: Session, model: str, latents: Any) -> bytes:
    """What a step makes out, as one small picture."""
    import torch

    # Borrowed by this thread already, in the middle of the run.
    with session.models.use(model) as backbone, torch.no_grad():
        pictures = backbone.decode(latents)
    page = grid(pictures)
    page.thumbnail((512, 512))
    return _webp(page)


def _webp(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format="WEBP", quality=80)
    return buffer.getvalue()
