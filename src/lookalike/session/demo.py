"""The round trip on one picture: what was read from it, what was made of that, and how close."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from PIL.Image import Image

from lookalike.core.embedding import Embedding
from lookalike.core.plan import Result
from lookalike.core.records import Description
from lookalike.evaluate.metrics import agreement
from lookalike.models.backbone import Backbone
from lookalike.models.familiar import familiarity
from lookalike.models.probe import Probe
from lookalike.models.spec import packaged
from lookalike.world.look import draw
from lookalike.world.render import render
from lookalike.world.style import styles

SEED = 671
"""The look of the test split that is shown where no picture is given."""

SIDE = 256
"""Pixels of a side of that picture."""


@dataclass(frozen=True)
class Closeness:
    """How close pictures came to the reference, on average.

    `likeness` is the cosine of CLIP's image vectors, -1 to 1; `attributes` the share of what the
    reference shows (hair, glasses, background, …) that the probe finds again, 0 to 1, or None
    where the picture is not of the world that the probe knows.
    """

    likeness: float
    attributes: float | None


@dataclass(frozen=True, eq=False)
class Demo:
    """One round trip: the reference, its prompts, its embedding, what was made, and how close.

    `seconds` is what each stage took, in their order.
    """

    reference: Image
    descriptions: Sequence[Description]
    embedding: Embedding
    made: Mapping[str, Result]
    closeness: Mapping[str, Closeness]
    seconds: Mapping[str, float]


class Clock:
    """Takes the time of stages that follow one another."""

    def __init__(self) -> None:
        """Begin the first stage."""
        self.seconds: dict[str, float] = {}
        self._since = time.perf_counter()

    def note(self, stage: str) -> None:
        """A stage has ended, and the next one begins."""
        now = time.perf_counter()
        self.seconds[stage], self._since = now - self._since, now


def example() -> Image:
    """The picture that is shown where none is given: a held-out character."""
    return render(draw(SEED), SIDE)


class Judge:
    """Compares pictures with a reference, by CLIP and where it can by the probe."""

    def __init__(self, backbone: Backbone, reference: Image) -> None:
        """Look at the reference once."""
        self.backbone, self.vector = backbone, _seen(backbone, [reference])
        self.probe = _probe(backbone, reference)
        self.wanted = _visible(self.probe.read([reference])[0]) if self.probe else {}

    def closeness(self, pictures: Sequence[Image]) -> Closeness:
        """The mean closeness of pictures to the reference."""
        likeness = float((_seen(self.backbone, pictures) @ self.vector.T).mean())
        if self.probe is None:
            return Closeness(likeness, None)
        found = self.probe.read(pictures)
        shares = agreement([self.wanted] * len(found), found).values()
        return Closeness(likeness, sum(shares) / len(shares))


@torch.no_grad()
def _seen(backbone: Backbone, pictures: Sequence[Image]) -> torch.Tensor:
    return torch.nn.functional.normalize(backbone.clip.see(pictures).projected, dim=-1)


def _probe(backbone: Backbone, reference: Image) -> Probe | None:
    """The probe, for pictures of the world that it was trained on."""
    measured = familiarity(backbone, [reference])
    if not measured or not measured[0].known:
        return None
    return Probe.load(packaged() / "probe")


def _visible(read: Mapping[str, str]) -> dict[str, str]:
    """Of all that the probe names, what can be seen in a picture of the style that it names."""
    style = styles()[read["style"]]
    shown = [each for each in style.attributes if each.seen_with(read)]
    return {"style": style.name, **{each.name: read[each.name] for each in shown}}
