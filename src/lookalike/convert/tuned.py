"""The converter that was tuned on a domain's pictures beforehand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from lookalike.convert.base import Converter
from lookalike.core.errors import OptionError

if TYPE_CHECKING:
    from PIL.Image import Image

    from lookalike.core.embedding import Embedding
    from lookalike.models.backbone import Backbone


class Tuned(Converter):
    """The closed form with visual prompts and adjusted attention, learnt by `lookalike tune`.

    SD-IPC-FT of Ding et al. (2023); what differs is told in `learning.prompts` and
    `learning.task`.
    """

    name: ClassVar[str] = "tuned"
    summary: ClassVar[str] = "SD-IPC-FT: tuned on about 100 pictures of a domain."

    weights: str = Field(
        default="", description="The file that `lookalike tune` wrote for this model."
    )

    @property
    def files(self) -> tuple[str, ...]:
        """The file of weights, where one is named."""
        return (self.weights,) if self.weights else ()

    def convert(self, backbone: Backbone, pictures: Sequence[Image]) -> Embedding:
        """Embeddings of pictures, which bring the file's additions to the U-Net's weights.

        Raises:
            OptionError: no file is named. ModelError: it cannot be read, or is for another model.
        """
        from lookalike.convert.learning.artefact import load_learner, read_domain
        from lookalike.convert.learning.kept import kept
        from lookalike.core.files import sha256

        if not self.weights:
            raise OptionError(
                "tuned has no weights of its own; `lookalike tune FOLDER --out FILE` makes them, "
                "and --weights FILE names them"
            )
        domain = read_domain(Path(self.weights).expanduser())
        key = (self.name, sha256(domain.path))
        learner = kept(backbone, key, lambda: load_learner(domain, backbone))
        # One and the same for all calls, so that their rows can be read in one batch.
        adjustment = kept(backbone, (*key, "adjustment"), learner.additions.adjustment)
        return replace(learner.convert(backbone, pictures, self.fit), adjustment=adjustment)
