"""Image prompts: pictures converted to prompt vectors and mixed with the words by `--iw`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Literal

from lookalike.core.records import Role
from lookalike.refer.base import Mechanism, Referred

if TYPE_CHECKING:
    from lookalike.core.embedding import Embedding
    from lookalike.core.plan import Conditioning, Plan
    from lookalike.models.backbone import Backbone


class ImagePrompt(Mechanism):
    """The pictures' weighted mean as a prompt takes the share iw / (1 + iw) of each part's vectors.

    The share is that of IP-Adapter's users; that it is one of prompt vectors is ours. Parts of
    negative weight say what to stay away from, and stay words. Where there are no words, the
    pictures are the prompt.
    """

    name: ClassVar[str] = "image-prompt"
    summary: ClassVar[str] = "Pictures as prompt vectors, mixed with the words."
    roles: ClassVar[tuple[Role, ...]] = ("image",)
    reads: ClassVar[Literal["nothing", "uses", "needs"]] = "needs"

    def bend(self, backbone: Backbone, plan: Plan, references: Sequence[Referred]) -> Plan:
        """The plan with each part's vectors moved towards the pictures'."""
        from lookalike.core.embedding import mix
        from lookalike.core.plan import Conditioning

        known = [(one.embedding, one.weight) for one in references if one.embedding is not None]
        pictures = mix([embedding for embedding, _ in known], [weight for _, weight in known])
        if not any(one.weight > 0 for one in plan.conditionings):
            return replace(plan, conditionings=(*plan.conditionings, Conditioning(pictures)))
        weight = plan.prompt.settings.image_weight
        if weight == 0:
            return plan
        mixed = tuple(_mixed(one, pictures, weight / (1 + weight)) for one in plan.conditionings)
        return replace(plan, conditionings=mixed)


def _mixed(one: Conditioning, pictures: Embedding, share: float) -> Conditioning:
    from lookalike.core.embedding import mix

    if one.weight <= 0:
        return one
    rows = len(one.embedding) // len(pictures)  # a batch may read a prompt for each picture
    return replace(one, embedding=mix([one.embedding, pictures.repeat(rows)], [1 - share, share]))
