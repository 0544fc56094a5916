"""IP-Adapter: pictures as further tokens of the U-Net's cross-attention, by trained weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from lookalike.core.records import Role
from lookalike.refer.base import Mechanism, Referred

if TYPE_CHECKING:
    from lookalike.core.plan import Plan
    from lookalike.models.backbone import Backbone

STRONGEST = 1.5
"""Scale of a style. Adapters are trained at 1; how much more they bear is not measured here."""


class IPAdapter(Mechanism):
    """Cross-attention sees the pictures' tokens side by side, beside the words.

    Ye et al. (2023), read through diffusers' own loader. Image prompts have the scale
    iw / (1 + iw) in all layers, or 1 where there are no words. Styles have the scale sw / 100, and
    only where InstantStyle (Wang et al., 2024) finds style: in SDXL the middle one of the first
    up block's transformers. Ours: elsewhere all up blocks, which run when the layout is settled.
    """

    name: ClassVar[str] = "ip-adapter"
    summary: ClassVar[str] = "IP-Adapter weights, where they are named: pictures beside the words."
    roles: ClassVar[tuple[Role, ...]] = ("image", "style")

    weights: str = Field(
        default="", description="The adapter's .safetensors file; it has none of its own."
    )
    encoder: str | None = Field(
        default=None,
        description="The folder of the CLIP vision tower it reads; the model's own if unset.",
    )

    def bend(self, backbone: Backbone, plan: Plan, references: Sequence[Referred]) -> Plan:
        """The plan with layers that look at the pictures."""
        from lookalike.models.ip_adapter import adapter_of
        from lookalike.refer.looking import looking
        from lookalike.refer.rows import shares

        role = references[0].role
        seen = [
            (one.picture, part)
            for one, part in zip(references, shares(references, role), strict=True)
            if part > 0
        ]
        scale = _style_scale(plan) if role == "style" else _image_scale(plan)
        if scale == 0:
            return plan
        adapter = adapter_of(backbone, self.weights, self.encoder)
        tokens = adapter.tokens([picture for picture, _ in seen])
        paths = [path for path in adapter.layers if role == "image" or _has_style(backbone, path)]
        return looking(plan, adapter, tokens, [part for _, part in seen], paths, scale)


def _image_scale(plan: Plan) -> float:
    if not any(one.weight > 0 for one in plan.conditionings):
        return 1.0
    weight = plan.prompt.settings.image_weight
    return weight / (1 + weight)


def _style_scale(plan: Plan) -> float:
    return min(STRONGEST, plan.prompt.settings.style_weight / 100)


def _has_style(backbone: Backbone, path: str) -> bool:
    return path.startswith(
        "up_blocks.0.attentions.1." if backbone.family == "sdxl" else "up_blocks."
    )
