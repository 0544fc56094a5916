"""What every converter is: a record of options with one verb, `convert`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from lookalike.core.registry import Method

if TYPE_CHECKING:
    from PIL.Image import Image

    from lookalike.core.embedding import Embedding
    from lookalike.models.backbone import Backbone

Resolution = Annotated[
    int | None,
    Field(
        ge=8,
        le=4096,
        description="Side that pictures are learnt at, less for less memory; the model's if unset.",
    ),
]


class Converter(Method, ABC):
    """Base of converters: pictures in, one embedding row a picture out, in the backbone's space."""

    fit: Literal["crop", "pad", "squash"] = Field(
        default="crop",
        description="What becomes of a picture that is not square: CLIP's centre crop, "
        "bars to make it square, or a squeeze.",
    )

    balance: ClassVar[float] = 0.6
    """The usual weight of a text's end states when a picture is edited; SD-IPC's alpha."""

    together: ClassVar[bool] = False
    """Whether it learns from all pictures of a call, so that each row depends on the others."""

    @property
    def files(self) -> tuple[str, ...]:
        """The files of weights that its options name, which a recipe is to keep the hashes of."""
        return ()

    @abstractmethod
    def convert(self, backbone: Backbone, pictures: Sequence[Image]) -> Embedding:
        """Embeddings of pictures, in order, in `backbone.space`."""

    def edit(
        self, backbone: Backbone, pictures: Sequence[Image], text: str, balance: float | None = None
    ) -> Embedding:
        """Embeddings of pictures as `text` changes them, in order; `balance` is 0 to 2.

        SD-IPC's rule, unless a converter has a way of its own; see `edit_embedding`. Where no
        balance is given, it is the converter's usual one.

        Raises:
            PromptError: the text is blank. OptionError: the balance is out of range.
        """
        from lookalike.convert.editing import edit_embedding

        weight = self.weight(balance)
        return edit_embedding(backbone, self.convert(backbone, pictures), text, weight)

    def weight(self, balance: float | None) -> float:
        """The balance that was asked for, or the converter's usual one."""
        return self.balance if balance is None else balance
