"""Turns a prompt's references into a bent plan: each by its mechanism, in the order of roles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch
from PIL.Image import Image

from lookalike.convert import converters
from lookalike.core.embedding import Embedding
from lookalike.core.errors import OptionError
from lookalike.core.plan import Plan
from lookalike.core.records import Prompt, Reference, Settings
from lookalike.engine.avoid import erased
from lookalike.models.backbone import Backbone
from lookalike.refer import ADAPTER, USUAL, Mechanism, Referred, mechanisms

CONVERTER = "closed-form"
"""What turns a reference into prompt vectors for mechanisms that read it so."""


def mechanism_of(reference: Reference, settings: Settings) -> Mechanism:
    """The mechanism that a reference names, or its role's usual one: the adapter if one is named.

    Raises:
        OptionError: there is none of that name, it has no use for that role, or it is the adapter
            and the settings name no weights.
    """
    adapted = settings.adapter and reference.role in mechanisms.get(ADAPTER).roles
    name = reference.by or (ADAPTER if adapted else USUAL.get(reference.role, ""))
    found = mechanisms.make(name, _adapter(settings) if name == ADAPTER else {})
    if reference.role not in found.roles:
        fits = ", ".join(n for n in mechanisms.names() if reference.role in mechanisms.get(n).roles)
        raise OptionError(
            f"{name} is no mechanism for a {reference.role} reference; these are: {fits}"
        )
    return found


def _adapter(settings: Settings) -> dict[str, object]:
    if settings.adapter is None:
        raise OptionError(f"{ADAPTER} has no weights of its own; name a file with --adapter")
    return {"weights": settings.adapter, "encoder": settings.adapter_encoder}


def looks_through_adapter(prompt: Prompt) -> bool:
    """Whether one of a prompt's pictures is read by its adapter."""
    bending = [one for one in prompt.references if one.role != "region" and one.code is None]
    return any(mechanism_of(one, prompt.settings).name == ADAPTER for one in bending)


@torch.no_grad()
def leaning(
    backbone: Backbone,
    plan: Plan,
    references: Sequence[tuple[Reference, Image]],
    learnt: Mapping[str, Embedding] | None = None,
) -> Plan:
    """`plan`, bent by each reference; those that share role and mechanism bend it together.

    `learnt` has the prompts that were learnt of some of the pictures, by their sources.

    What the prompt avoids is taken out of pictures that are read as prompts, too.
    """
    plan = replace(plan, prompt=_with_omni(plan.prompt))
    groups: dict[tuple[str, str], list[tuple[Reference, Image]]] = {}
    for one, picture in references:
        key = (one.role, mechanism_of(one, plan.prompt.settings).name)
        groups.setdefault(key, []).append((one, picture))
    for group in groups.values():
        mechanism = mechanism_of(group[0][0], plan.prompt.settings)
        plan = _bent(backbone, plan, mechanism, group, learnt or {})
    return plan


def _bent(
    backbone: Backbone,
    plan: Plan,
    mechanism: Mechanism,
    group: Sequence[tuple[Reference, Image]],
    learnt: Mapping[str, Embedding],
) -> Plan:
    reads = mechanism.reads == "needs" or (mechanism.reads == "uses" and backbone.has_clip)
    referred = [
        Referred(
            picture,
            one.weight,
            _read(backbone, plan.prompt, picture, learnt.get(one.source)) if reads else None,
            one.role,
        )
        for one, picture in group
    ]
    return mechanism.bend(backbone, plan, referred)


def _read(
    backbone: Backbone, prompt: Prompt, picture: Image, learnt: Embedding | None
) -> Embedding:
    converted = learnt or converters.make(CONVERTER, {}).convert(backbone, [picture])
    return erased(backbone, converted, picture, prompt.avoid)


def _with_omni(prompt: Prompt) -> Prompt:
    """Version 7 calls the character's weight `--ow`: up to 100 it is the weight of the others."""
    chosen = prompt.settings
    if chosen.profile != "7":
        return prompt
    weight = min(100.0, chosen.omni_weight)
    update = {"settings": chosen.model_copy(update={"character_weight": weight})}
    return prompt.model_copy(update=update)
