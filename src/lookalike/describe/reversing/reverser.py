"""Where trained reverse models are found."""

from __future__ import annotations

from lookalike.core.errors import ModelError
from lookalike.describe.reversing.face import Reverser
from lookalike.models.backbone import Backbone


def reverser_of(backbone: Backbone, path: str | None) -> Reverser:
    """The reverse model at `path`, else the Backbone's own, else the one in the package.

    Raises:
        ModelError: there is none.
    """
    raise ModelError(f"there is no reverse model for {backbone.name} at {path or 'hand'}")
