"""What every describer is: a record of options with one verb, `describe`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING

from lookalike.core.registry import Method

if TYPE_CHECKING:
    from PIL.Image import Image

    from lookalike.core.records import Description
    from lookalike.models.backbone import Backbone


class Describer(Method, ABC):
    """Base of describers: pictures in, for each picture `count` different prompts out."""

    @abstractmethod
    def describe(
        self, backbone: Backbone, pictures: Sequence[Image], count: int
    ) -> list[list[Description]]:
        """Prompts for each picture, in order; the best first."""
