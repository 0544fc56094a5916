"""Character references: pictures attend to the subject of the reference, and to nothing else."""

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
    from lookalike.refer.words import Kind


class Subject(Mechanism):
    """Attention shared with the noised reference where its face, hair and clothes are.

    The idea of a subject's mask is ConsiStory's (Tewel et al., 2024). The face always counts in
    full; hair and clothes count by cw / 100. Ours: where CLIP is at hand the prompt, too, takes on
    what the reference says of them, along the directions in which words for each differ.
    """

    name: ClassVar[str] = "subject"
    summary: ClassVar[str] = "Attention to the reference's subject, from its face to everything."
    roles: ClassVar[tuple[Role, ...]] = ("character",)
    reads: ClassVar[Literal["nothing", "uses", "needs"]] = "uses"

    attention: float = Field(
        default=0.3,
        ge=0,
        le=10,
        description="How much pictures attend to the subject; 1 is as much as to themselves.",
    )
    features: float = Field(
        default=0.6,
        ge=0,
        le=2,
        description="How much its features speak through the prompt; 0 leaves it to attention.",
    )
    clothing: float = Field(
        default=0.2,
        ge=0,
        le=1,
        description="How much of that holds for clothes, which the text should be able to change.",
    )
    fidelity: float = Field(
        default=1.0,
        ge=0,
        le=1,
        description="The share of the subject that predictions without text do not see.",
    )

    def bend(self, backbone: Backbone, plan: Plan, references: Sequence[Referred]) -> Plan:
        """The plan with the subjects beside its pictures and their features in its prompt."""
        from lookalike.refer.attention import sharing
        from lookalike.refer.rows import shares

        plan_told = self._told(backbone, plan, references)
        weights = shares(references, "character")
        rows = [
            self._row(backbone, plan, one, weight, number)
            for number, (one, weight) in enumerate(zip(references, weights, strict=True))
            if weight * self.attention > 0
        ]
        return sharing(plan_told, rows) if rows else plan_told

    def _told(self, backbone: Backbone, plan: Plan, references: Sequence[Referred]) -> Plan:
        from lookalike.core.embedding import mix
        from lookalike.refer.directions import speaking

        known = [(one.embedding, one.weight) for one in references if one.embedding is not None]
        if not known or self.features == 0:
            return plan
        rest = self.features * plan.prompt.settings.character_weight / 100
        picture = mix([embedding for embedding, _ in known], [weight for _, weight in known])
        kinds: tuple[tuple[Kind, float], ...] = (
            ("face", self.features),
            ("hair", rest),
            ("clothes", rest * self.clothing),
        )
        return speaking(backbone, plan, picture, kinds)

    def _row(
        self, backbone: Backbone, plan: Plan, one: Referred, weight: float, number: int
    ) -> Row:
        from lookalike.refer.mask import parts
        from lookalike.refer.rows import Row, clean_latents, drawn_noise, levels_of, noised

        clean = clean_latents(backbone, plan, one)
        found = parts(backbone, clean)
        rest = plan.prompt.settings.character_weight / 100
        return Row(
            noised(backbone, clean, levels_of(backbone, plan), drawn_noise(clean, number)),
            told=plan.unconditional if one.embedding is None else one.embedding,
            weight=weight * self.attention,
            faithful=self.fidelity,
            mask=found["face"] + rest * (found["hair"] + self.clothing * found["clothes"]),
        )
