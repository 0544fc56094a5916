"""A style reference against StyleAligned and reference-only as published: time, style, content.

On mini, over held-out references, each with four prompts in words of another character; a probe
tells whose style and whose content the pictures have. All three run in the same loop.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from dataclasses import dataclass

import torch

from benchmarks.measuring import Asked, Row
from benchmarks.measuring.turns import Spent, spend
from benchmarks.speed._community import Community, Published
from lookalike.convert import converters
from lookalike.core.embedding import Embedding
from lookalike.core.plan import Plan
from lookalike.core.records import Part, Prompt, Settings
from lookalike.engine.frames import side_by_side
from lookalike.engine.plan import text_plan
from lookalike.engine.run import run
from lookalike.evaluate.asks import CONTENT, Shot, agreed
from lookalike.evaluate.scenes import Case, cases, content, in_style
from lookalike.models.backbone import Backbone
from lookalike.models.probe import Probe
from lookalike.models.spec import packaged
from lookalike.models.store import Models
from lookalike.refer import Mechanism, Referred
from lookalike.refer.style_aligned import StyleAligned

RIVALS: dict[str, Mechanism] = {
    "StyleAligned as published": Published(),
    "reference-only as published": Community(),
}
OURS: Mechanism = StyleAligned()
PLAIN = "no reference"
SEED = 40_000


@dataclass(frozen=True)
class Made:
    """Pictures of one case: what they took, and what is to be seen on them."""

    spent: Spent
    shots: list[Shot]


def rows(asked: Asked) -> Iterator[Row]:
    """Ours against each rival, and against no reference: seconds a picture, style, content."""
    chosen = cases("test", 1 if asked.quick else 8, SEED)
    ways = {"ours": OURS, PLAIN: None, **RIVALS}
    with Models().use("mini") as backbone:
        probe, steps = Probe.load(packaged() / "probe"), 2 if asked.quick else 20
        found = {name: list[Made]() for name in ways}
        for case in (chosen[0], *chosen):  # the first once more, for it warms up
            for name, way in ways.items():
                found[name].append(_made(backbone, probe, case, way, steps))
    turns = {name: made[1:] for name, made in found.items()}
    for name in (PLAIN, *RIVALS):
        yield from _rows(name, turns["ours"], turns[name])


def _rows(name: str, ours: list[Made], theirs: list[Made]) -> Iterator[Row]:
    each = len(ours[0].shots)
    worked = statistics.median(
        a.spent.processor / b.spent.processor for a, b in zip(ours, theirs, strict=True)
    )
    yield Row(
        part="style",
        what=f"a picture, against {name}",
        ours=statistics.median(one.spent.seconds for one in ours) / each,
        theirs=statistics.median(one.spent.seconds for one in theirs) / each,
        ratio=statistics.median(
            a.spent.seconds / b.spent.seconds for a, b in zip(ours, theirs, strict=True)
        ),
        goal=None if name != PLAIN else 2.2,
        note=f"inversion of the reference included; processor {worked:.3f}",
    )
    for what, mine, its in zip(("style", "content"), _shares(ours), _shares(theirs), strict=True):
        yield Row(
            part="style",
            what=f"{what}, against {name}",
            ours=mine,
            theirs=its,
            unit="",
            ratio=mine / its if its else None,
            better="more",
            note=f"share of {each * len(ours)} pictures, by a probe",
        )


def _shares(made: list[Made]) -> tuple[float, float]:
    """How often the style is the reference's, and the content what the words say."""
    shots = [shot for one in made for shot in one.shots]
    return (
        agreed(shots, lambda s: s.reference.values, ["style"]),
        agreed(shots, lambda s: in_style(s.other, s.reference.style).values, CONTENT),
    )


@torch.no_grad()
def _made(backbone: Backbone, probe: Probe, case: Case, way: Mechanism | None, steps: int) -> Made:
    pictures = []
    spent = spend(lambda: pictures.extend(run(backbone, _plan(backbone, case, way, steps))))
    found = zip(case.others, probe.read(pictures), strict=True)
    return Made(spent, [Shot(case.reference, other, seen) for other, seen in found])


def _plan(backbone: Backbone, case: Case, way: Mechanism | None, steps: int) -> Plan:
    settings = Settings(steps=steps)
    said = [content(in_style(other, case.reference.style)) for other in case.others]
    plan = side_by_side(
        [
            text_plan(backbone, Prompt(parts=(Part(text=text),), settings=settings), [seed])
            for text, seed in zip(said, case.seeds, strict=True)
        ]
    )
    if way is None:
        return plan
    picture = case.picture(backbone.pixels)
    told: Embedding = converters.make("closed-form", {}).convert(backbone, [picture])
    return way.bend(backbone, plan, [Referred(picture, embedding=told, role="style")])
