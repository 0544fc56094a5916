"""A picture's recipe as people read it: in lines of a name and a value."""

from __future__ import annotations

import typer

from lookalike.core.records import GUIDANCE, ROLES, Recipe

UNSAMPLED = ("restyle",)
"""Verbs that no sampler takes part in: what is usually set for it says nothing of them."""


def tell(found: Recipe, signed: str) -> None:
    """A recipe in lines of a name and a value; what says nothing is left out."""
    chosen, sampled = found.settings, found.made_by not in UNSAMPLED
    leant = {one.source for one in found.prompt.references}
    lines = {
        "made by": f"{found.made_by} (lookalike {found.version})",
        "prompt": found.prompt.text,
        "avoids": found.prompt.avoid,
        "cut off": found.cut,
        "picture": ", ".join(name for name in found.references if name not in leant),
        **{role: _leant(found, role) for role in ROLES},
        "adapter": ", ".join(found.adapters),
        "model": f"{found.model} (SHA-256 {found.model_sha256[:12]}…)",
        "seed": _seed(found),
        "steps": str(chosen.steps) * sampled,
        "guidance": f"{chosen.guided(GUIDANCE):g}" * sampled,
        "aspect": chosen.aspect * sampled,
        "options": ", ".join(f"{k} {v}" for k, v in found.options.items() if v is not None),
        "versions": ", ".join(f"{k} {v}" for k, v in found.libraries.items()),
        "run as": _run_as(found),
        "took": f"{found.seconds:.1f} s",
        "signed": signed,
    }
    for name, value in lines.items():
        if value:
            typer.echo(f"{name:9} {value}")


def _leant(found: Recipe, role: str) -> str:
    """The references of a role, each with the weight that it has where it is not 1."""
    return ", ".join(
        f"{one.source} (weight {one.weight:g})" if one.weight != 1 else one.source
        for one in found.prompt.references
        if one.role == role
    )


def _run_as(found: Recipe) -> str:
    """How the model ran, where it did not plainly."""
    told = {} if found.compute is None else found.compute.model_dump(exclude_defaults=True)
    return ", ".join(f"{name} {value}" for name, value in told.items() if value is not None)


def _seed(found: Recipe) -> str:
    if found.tiles:
        return f"{found.seeds[0]} (a grid of {found.tiles[0]} x {found.tiles[1]})"
    return f"{found.seeds[found.index]} (picture {found.index + 1} of {len(found.seeds)})"
