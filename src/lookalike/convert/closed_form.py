"""The training-free converter: SD-IPC's closed form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from lookalike.convert.base import Converter

if TYPE_CHECKING:
    from PIL.Image import Image

    from lookalike.convert.calibration import Constants
    from lookalike.core.embedding import Embedding
    from lookalike.models.backbone import Backbone


class ClosedForm(Converter):
    """A picture's CLIP vector, taken back through the text projection, fills the prompt.

    Ding et al. (2023), arXiv 2305.12716. SD 1.x reads the state itself. SD 2.x and SDXL read
    states from before CLIP's last layer, where the identity does not hold: see `penultimate`.
    """

    name: ClassVar[str] = "closed-form"
    summary: ClassVar[str] = "SD-IPC: the inverted text projection, without training."

    cut: float | None = Field(
        default=None,
        ge=0,
        le=1e6,
        description="Singular values below this are dropped; the model's own constant if unset.",
    )
    norm: float | None = Field(
        default=None,
        gt=0,
        le=1e6,
        description="Length of the picture's state; the model's own constant if unset.",
    )

    def convert(self, backbone: Backbone, pictures: Sequence[Image]) -> Embedding:
        """Embeddings of pictures: the start state, then the picture's state in all other places."""
        import torch

        from lookalike.convert.form import form_of

        # Only where options say so: looking the model's own up takes longer than all the rest.
        asked = backbone.family == "sd1" and (self.cut, self.norm) != (None, None)
        constants = self.constants(backbone) if asked else None
        with torch.no_grad():
            return form_of(backbone, constants)(backbone.clip.see(pictures, fit=self.fit).pooled)

    def constants(self, backbone: Backbone) -> Constants:
        """The model's constants, with the options that were given in their place."""
        from lookalike.convert.calibration import constants_of

        own = constants_of(backbone)
        given = {"cut": self.cut, "norm": self.norm}
        return own.model_copy(update={k: v for k, v in given.items() if v is not None})
