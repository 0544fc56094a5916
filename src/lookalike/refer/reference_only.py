"""Reference-only attention: the reference is noised to each level and looked at, nothing more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from lookalike.core.records import Role
from lookalike.refer.base import Mechanism, Referred

if TYPE_CHECKING:
    from lookalike.core.plan import Plan
    from lookalike.models.backbone import Backbone


class ReferenceOnly(Mechanism):
    """Self-attention sees the reference's tokens beside the picture's own, at the same noise.

    As ControlNet's users know "reference-only". Differs from it in that the fidelity weighs the
    logits of the unconditional half instead of mixing two of its outputs: one pass less.
    """

    name: ClassVar[str] = "reference-only"
    summary: ClassVar[str] = "Attention to the noised reference, without inversion."
    roles: ClassVar[tuple[Role, ...]] = ("style",)

    fidelity: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="The share of the reference that predictions without text do not see.",
    )

    def bend(self, backbone: Backbone, plan: Plan, references: Sequence[Referred]) -> Plan:
        """The plan with the noised references beside its pictures."""
        from lookalike.refer.attention import sharing
        from lookalike.refer.rows import Row, clean_latents, drawn_noise, levels_of, noised, shares

        weight = plan.prompt.settings.style_weight / 100
        parts = shares(references, "style")
        if weight == 0:
            return plan
        levels = levels_of(backbone, plan)
        rows: list[Row] = []
        for number, (one, part) in enumerate(zip(references, parts, strict=True)):
            clean = clean_latents(backbone, plan, one)
            path = noised(backbone, clean, levels, drawn_noise(clean, number))
            if part > 0:
                rows.append(Row(path, plan.unconditional, weight * part, faithful=self.fidelity))
        return sharing(plan, rows)
