"""The describer that is taken where none is named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lookalike.describe import Describer, describers

if TYPE_CHECKING:
    from lookalike.models.backbone import Backbone

USUAL, TRAINED = "phrases", "reverse"
"""What any model can do, and what is better where it was trained for the model."""


def usual(backbone: Backbone) -> Describer:
    """`reverse` where the Backbone has a reverse model of its own, else `phrases`.

    On mini's own pictures `reverse` is better in both measures of `docs/how-well-it-reads.md`.
    """
    from lookalike.describe.reversing.reverser import own_folder

    return describers.make(USUAL if own_folder(backbone) is None else TRAINED, {})


def asked(by: str | None, options: Mapping[str, Any] | None) -> Describer | None:
    """The describer of that name, or None where the model decides.

    Options without a name are those of `phrases`.

    Raises:
        OptionError: there is no such describer, or no such option.
    """
    if by is None and not options:
        return None
    return describers.make(by or USUAL, options or {})
