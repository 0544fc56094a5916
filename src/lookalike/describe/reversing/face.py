"""The face of a trained reverse model: what the describer asks of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from jaxtyping import Float
    from PIL.Image import Image
    from torch import Tensor

    from lookalike.core.nearest import Nearest
    from lookalike.describe.reversing.lists import Lists
    from lookalike.models.backbone import Backbone


@runtime_checkable
class Reverser(Protocol):
    """Reads where a picture's prompt lies and which words it holds, and knows training prompts."""

    @property
    def words(self) -> tuple[str, ...]:
        """The vocabulary."""
        ...

    @property
    def lists(self) -> Lists:
        """What is said of each list of its bank."""
        ...

    @property
    def prompts(self) -> tuple[str, ...]:
        """The prompts of the index; they may repeat."""
        ...

    @property
    def index(self) -> Nearest:
        """Where the sentence encoder places them."""
        ...

    @property
    def weights(self) -> Mapping[str, float]:
        """How much each term of the ranking counts: words and clip."""
        ...

    def predict(
        self, backbone: Backbone, pictures: Sequence[Image]
    ) -> Float[Tensor, "pictures width"]:
        """Where the prompts of pictures lie, at length 1."""
        ...

    def modifiers(
        self, predicted: Float[Tensor, "pictures width"]
    ) -> Float[Tensor, "pictures words"]:
        """How probable each word of the vocabulary is in these prompts, calibrated."""
        ...
