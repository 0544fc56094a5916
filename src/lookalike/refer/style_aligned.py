"""StyleAligned: pictures share attention, statistics and manner with inverted references."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from lookalike.core.records import Role
from lookalike.refer.base import Mechanism, Referred

if TYPE_CHECKING:
    from lookalike.core.plan import Plan
    from lookalike.models.backbone import Backbone
    from lookalike.refer.rows import Row


class StyleAligned(Mechanism):
    """References are DDIM-inverted and run beside the pictures, which attend to them as well.

    Hertz et al. (CVPR 2024): queries and keys take on the reference's statistics, its keys and
    values stand beside the picture's own, and log(sw / 100) is added to its logits. Ours: where
    CLIP is at hand the prompt, too, takes the share sw / (100 + sw) of the reference's manner,
    along the directions in which words for styles differ and no others. What attention brings
    beyond that is more content than style on small models, so less than the paper's is usual.
    """

    name: ClassVar[str] = "style-aligned"
    summary: ClassVar[str] = "StyleAligned: attention shared with the inverted reference."
    roles: ClassVar[tuple[Role, ...]] = ("style",)
    reads: ClassVar[Literal["nothing", "uses", "needs"]] = "uses"

    attention: float = Field(
        default=0.3,
        ge=0,
        le=10,
        description="How much pictures attend to the reference at --sw 100; 1 is as to themselves.",
    )
    statistics: float = Field(
        default=1.0,
        ge=0,
        le=1,
        description="How far queries and keys take on its statistics at --sw 100 and more.",
    )
    manner: float = Field(
        default=1.0,
        ge=0,
        le=2,
        description="How much its style speaks through the prompt; 0 is StyleAligned alone.",
    )

    def bend(self, backbone: Backbone, plan: Plan, references: Sequence[Referred]) -> Plan:
        """The plan with the references beside its pictures and their manner in its prompt."""
        from lookalike.refer.attention import sharing
        from lookalike.refer.rows import shares

        weight = plan.prompt.settings.style_weight / 100
        parts = shares(references, "style")
        if weight == 0:
            return plan
        plan = self._told(backbone, plan, references, weight / (1 + weight))
        rows = [
            self._row(backbone, plan, one, weight * part)
            for one, part in zip(references, parts, strict=True)
            if weight * part * self.attention > 0
        ]
        return sharing(plan, rows) if rows else plan

    def _told(
        self, backbone: Backbone, plan: Plan, references: Sequence[Referred], share: float
    ) -> Plan:
        from lookalike.core.embedding import mix
        from lookalike.refer.directions import speaking

        known = [(one.embedding, one.weight) for one in references if one.embedding is not None]
        if not known or self.manner == 0:
            return plan
        picture = mix([embedding for embedding, _ in known], [weight for _, weight in known])
        return speaking(backbone, plan, picture, [("style", share * self.manner)])

    def _row(self, backbone: Backbone, plan: Plan, one: Referred, weight: float) -> Row:
        from lookalike.refer.inversion import kept_inversion
        from lookalike.refer.rows import Row, clean_latents, levels_of

        told = plan.unconditional if one.embedding is None else one.embedding
        clean = clean_latents(backbone, plan, one)
        return Row(
            trajectory=kept_inversion(backbone, clean, levels_of(backbone, plan), told),
            told=told,
            weight=weight * self.attention,
            lends=min(1.0, weight) * self.statistics,
        )
