"""What every reference mechanism is: a record of options with one verb, `bend`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from lookalike.core.records import Role
from lookalike.core.registry import Method

if TYPE_CHECKING:
    from PIL.Image import Image

    from lookalike.core.embedding import Embedding
    from lookalike.core.plan import Plan
    from lookalike.models.backbone import Backbone

USUAL: Mapping[Role, str] = {
    "image": "image-prompt",
    "style": "style-aligned",
    "character": "subject",
}
"""The mechanism of each role where a reference names none."""

ADAPTER = "ip-adapter"
"""The mechanism that takes the place of the usual one where an adapter is named."""


@dataclass(frozen=True, eq=False)
class Referred:
    """A reference with its picture, ready for a mechanism.

    `weight` counts against others of the same role. `embedding` is the picture as a prompt (one
    row), or None where the mechanism can do without and no CLIP is at hand. `role` tells apart what
    a mechanism of several roles does.
    """

    picture: Image
    weight: float = 1.0
    embedding: Embedding | None = None
    role: Role = "image"


class Mechanism(Method, ABC):
    """Base of reference mechanisms.

    How strong a role is comes from `plan.prompt.settings`: `image_weight`, `style_weight`,
    `character_weight`.
    """

    roles: ClassVar[tuple[Role, ...]]
    """What a reference may be to this mechanism."""

    reads: ClassVar[Literal["nothing", "uses", "needs"]] = "nothing"
    """Whether it wants the pictures as prompts: never, where CLIP is at hand, or in any case."""

    @abstractmethod
    def bend(self, backbone: Backbone, plan: Plan, references: Sequence[Referred]) -> Plan:
        """A new plan that leans on the references; the plan given stays as it is."""
