"""Starting from the reference: its latents, noised part of the way, in place of noise alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from lookalike.core.records import Role
from lookalike.refer.base import Mechanism, Referred

if TYPE_CHECKING:
    from lookalike.core.plan import Plan
    from lookalike.models.backbone import Backbone


class Start(Mechanism):
    """The run begins at the references' mean latents and skips the share sw / (100 + sw) of steps.

    SDEdit (Meng et al., 2022), known as image-to-image. Layout comes along with the style: it is
    what the other mechanisms are measured against.
    """

    name: ClassVar[str] = "start"
    summary: ClassVar[str] = "Image-to-image: the run starts from the reference itself."
    roles: ClassVar[tuple[Role, ...]] = ("style",)

    def bend(self, backbone: Backbone, plan: Plan, references: Sequence[Referred]) -> Plan:
        """The plan with a later start, from the references."""
        import torch

        from lookalike.refer.rows import clean_latents, shares

        parts = shares(references, "style")
        settings = plan.prompt.settings
        weight = settings.style_weight / 100
        first = min(
            settings.sampling_steps - 1, round(settings.sampling_steps * weight / (1 + weight))
        )
        if first <= plan.first:
            return plan
        found = [clean_latents(backbone, plan, one) for one in references]
        clean = torch.cat([part * one for part, one in zip(parts, found, strict=True)]).sum(0)
        return replace(plan, first=first, clean=clean.expand_as(plan.start))
