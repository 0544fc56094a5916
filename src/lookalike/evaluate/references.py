"""The references' benchmark: what pictures, styles, characters, weights and `--no` bring about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from PIL.Image import Image
from pydantic import Field

from lookalike.core.errors import OptionError, did_you_mean
from lookalike.core.plan import Plan
from lookalike.core.record import Record
from lookalike.core.records import Prompt, Settings
from lookalike.engine.frames import side_by_side
from lookalike.engine.plan import text_plan
from lookalike.engine.references import leaning
from lookalike.engine.run import run
from lookalike.evaluate.asks import Asked, Setting, Shot, settings_of
from lookalike.evaluate.round_trip import Stage
from lookalike.evaluate.scenes import Case
from lookalike.models.backbone import Backbone
from lookalike.models.probe import Probe
from lookalike.models.spec import packaged
from lookalike.world.look import Split

SEED = 40_000
"""Seeds of the benchmark's pictures start here."""


class Row(Record):
    """One setting and what came of it: shares of pictures, 0 to 1."""

    part: str = Field(description="style, character, image, weights, avoid or foreign.")
    name: str = Field(description="What was set.")
    values: dict[str, float] = Field(description="Measures by name.")


class References(Record):
    """The benchmark's outcome over held-out characters."""

    model: str = Field(description="The model.")
    model_sha256: str = Field(description="Its hash.")
    references: int = Field(
        description="How many reference pictures, each with four prompts; the part foreign has six."
    )
    settings: Settings = Field(description="How pictures were made.")
    rows: tuple[Row, ...] = Field(description="Settings and what came of them.")

    def row(self, part: str, name: str) -> dict[str, float]:
        """The measures of one setting."""
        return next(r.values for r in self.rows if (r.part, r.name) == (part, name))


def measure(
    backbone: Backbone,
    probe: Probe,
    count: int = 8,
    settings: Settings | None = None,
    which: Split = "test",
    parts: Sequence[str] = (),
    judge: Probe | None = None,
) -> Iterator[Stage | References]:
    """Run the benchmark over `count` references of a split, each with four prompts.

    Yields stages on the way and the outcome last. `parts` names those to run; all if empty. The
    part foreign has two references of each foreign style, and the `judge` of all styles, the
    shipped one if None, reads its pictures in the probe's place.

    Raises:
        OptionError: there is no part of that name.
    """
    chosen = (settings or Settings(steps=20)).settled(backbone.guidance)
    known = list(dict.fromkeys(one.part for one in settings_of()))
    for part in parts:
        if part not in known:
            near = did_you_mean(part, known)
            raise OptionError(f"there is no part {part}{near}; there are {', '.join(known)}")
    asked = [one for one in settings_of() if not parts or one.part in parts]
    if judge is None and any(one.foreign for one in asked):
        judge = Probe.load(packaged() / "judge")
    planned = [(one, one.cases(which, count, SEED)) for one in asked]
    done, of = 0, sum(len(cases) for _, cases in planned)
    rows: list[Row] = []
    for setting, cases in planned:
        reader = judge if judge is not None and setting.foreign else probe
        shots: list[Shot] = []
        for case in cases:
            yield Stage(f"{setting.part} {setting.name}", done, of)
            shots += _shots(backbone, reader, case, setting, chosen)
            done += 1
        rows.append(Row(part=setting.part, name=setting.name, values=setting.judge(shots)))
    yield References(
        model=backbone.name,
        model_sha256=backbone.sha256,
        references=count,
        settings=chosen,
        rows=tuple(rows),
    )


def _shots(
    backbone: Backbone, probe: Probe, case: Case, setting: Setting, settings: Settings
) -> list[Shot]:
    pictures = made(backbone, case, setting.ask(case, case.picture(backbone.pixels)), settings)
    found = probe.read(pictures)
    return [Shot(case.reference, o, f) for o, f in zip(case.others, found, strict=True)]


@torch.no_grad()
def made(backbone: Backbone, case: Case, asked: Asked, settings: Settings) -> list[Image]:
    """The pictures of a case: one for each of its prompts, all in one batch."""
    chosen = settings.model_copy(update=dict(asked.update))
    return run(
        backbone, leaning(backbone, _together(backbone, case, asked, chosen), asked.pictures)
    )


def _together(backbone: Backbone, case: Case, asked: Asked, settings: Settings) -> Plan:
    """One plan of several prompts of the same weights: a row of each conditioning for each."""
    plans = [
        text_plan(backbone, Prompt(parts=parts, avoid=asked.avoid, settings=settings), [seed])
        for parts, seed in zip(asked.prompts, case.seeds, strict=True)
    ]
    return side_by_side(plans)
