"""Mini's own figures on held-out data: autoencoder, CLIP, probe, and pictures from captions."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import torch
from PIL.Image import Image
from pydantic import Field

from lookalike.core.record import Record
from lookalike.core.records import Prompt, Settings
from lookalike.engine.plan import draw_seeds, text_plan
from lookalike.engine.run import run
from lookalike.evaluate.metrics import agreement, mean_judged, psnr, recall_at
from lookalike.evaluate.round_trip import Stage, end_states
from lookalike.evaluate.samples import held_out, made
from lookalike.evaluate.zero_shot import attribute_accuracy
from lookalike.models.backbone import Backbone
from lookalike.models.probe import Probe
from lookalike.world.caption import caption
from lookalike.world.look import Split, looks

SEED = 10_000
"""Seeds of the report's pictures start here."""
GRID = Settings(count=4, steps=20, seed=1)
RETRIEVAL = 500
"""Pictures and captions that CLIP has to match."""


class Report(Record):
    """Figures by name, as mini's table lists them, and the sheet of prompts and pictures."""

    model: str = Field(description="The model.")
    model_sha256: str = Field(description="Its hash.")
    pixels: int = Field(description="Side of its pictures.")
    figures: dict[str, float] = Field(description="Every figure by its key.")


@dataclass(frozen=True)
class Outcome:
    """A finished report with pictures to look at: captions beside what they gave."""

    report: Report
    captions: list[str]
    pictures: list[Image]


def report(
    backbone: Backbone, probe: Probe, count: int = 200, settings: Settings | None = None
) -> Iterator[Stage | Outcome]:
    """Measure everything over `count` pictures a figure: stages on the way, the outcome last."""
    chosen = settings or Settings(steps=GRID.steps)
    figures: dict[str, float] = {}
    yield Stage("autoencoder, CLIP and probe", 0, 4)
    figures |= _parts(backbone, probe)
    yield Stage("timing a grid", 1, 4)
    figures["seconds.grid"] = _grid(backbone)
    yield Stage("pictures from captions", 2, 4)
    pictures, found = _from_captions(backbone, probe, "test", count, chosen)
    figures |= {f"attributes.{k}": v for k, v in found.items()}
    figures["end_state.mean"] = _end_state(backbone, probe, count, chosen)
    yield Stage("pictures of held-out combinations", 3, 4)
    _, apart = _from_captions(backbone, probe, "combination", count, chosen)
    figures["combinations.mean"] = apart["mean"]
    summary = Report(
        model=backbone.name,
        model_sha256=backbone.sha256,
        pixels=backbone.pixels,
        figures={k: round(v, 4) for k, v in figures.items()},
    )
    yield Outcome(summary, _captions("test", 24), pictures[:24])


@torch.no_grad()
def _parts(backbone: Backbone, probe: Probe) -> dict[str, float]:
    shown = held_out("test", RETRIEVAL, backbone.pixels)
    back = backbone.decode(backbone.encode(shown.pictures))
    seen = torch.nn.functional.normalize(backbone.clip.see(shown.pictures).projected, dim=-1)
    told = backbone.clip.project([caption(one) for one in shown.looks])
    scores = (seen @ told.T).tolist()
    known = attribute_accuracy(seen, shown.looks, backbone.clip.project)
    judged = agreement([one.values for one in shown.looks], probe.read(shown.pictures))
    values = [psnr(a, b) for a, b in zip(shown.pictures, back, strict=True)]
    return {
        "vae.psnr": sum(values) / len(values),
        "clip.r1": recall_at(scores, 1),
        "clip.r5": recall_at(scores, 5),
        **{f"clip.attributes.{name}": value for name, value in known.items()},
        "probe.mean": mean_judged(judged),
        **{f"probe.{name}": value for name, value in judged.items()},
    }


def _grid(backbone: Backbone) -> float:
    prompt = Prompt.of("a person with brown skin, blue short hair, micah style", settings=GRID)
    run(backbone, text_plan(backbone, prompt, draw_seeds(0, 1)))  # the first run warms caches
    began = time.perf_counter()
    run(backbone, text_plan(backbone, prompt, draw_seeds(GRID.seed, GRID.count)))
    return time.perf_counter() - began


def _captions(which: Split, count: int) -> list[str]:
    return [caption(one) for one in islice(looks(which), count)]


@torch.no_grad()
def _from_captions(
    backbone: Backbone, probe: Probe, which: Split, count: int, settings: Settings
) -> tuple[list[Image], dict[str, float]]:
    wanted = [one.values for one in islice(looks(which), count)]
    embedding = backbone.embed(_captions(which, count))
    pictures = list(made(backbone, embedding, settings, SEED))
    found = agreement(wanted, probe.read(pictures))
    return pictures, found | {"mean": mean_judged(found)}


def _end_state(backbone: Backbone, probe: Probe, count: int, settings: Settings) -> float:
    wanted = [one.values for one in islice(looks("test"), count)]
    embedding = end_states(backbone, _captions("test", count))
    pictures = list(made(backbone, embedding, settings, SEED))
    return mean_judged(agreement(wanted, probe.read(pictures)))
