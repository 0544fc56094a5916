"""The part of a Session that paints a picture in the manner of others, and does so again."""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import lookalike
from lookalike.core.pictures import PictureSource
from lookalike.core.plan import Result
from lookalike.core.records import Prompt, Recipe, Reference
from lookalike.engine.run import Progress
from lookalike.models.store import Models
from lookalike.models.vgg import Vgg, precision_on
from lookalike.restyle.asking import check_layers, regions, style_weights
from lookalike.restyle.options import Restyle, options_of
from lookalike.restyle.pixels import check_result, check_size
from lookalike.restyle.transfer import Step, Style, finished, transfer
from lookalike.session.job import Job, Scalar
from lookalike.session.source import Source, listed, open_source
from lookalike.session.work import Run, note

RESTYLE = "restyle"
STOPPED = "stopped"
"""The recipe's option that says after which step a run was stopped."""


@dataclass(frozen=True, eq=False)
class Painting:
    """One transfer, checked and ready: pictures, options, and the VGG that looks."""

    job: Job
    options: Restyle
    styles: Sequence[Style]
    vgg: Vgg
    stop: int | None = None

    @classmethod
    def of(cls, job: Job, models: Models) -> Painting:
        """Check a job; whatever cannot be is told now, before anything is painted."""
        own = {k: v for k, v in job.options.items() if k in Restyle.model_fields}
        options = options_of(job.option("preset"), own)
        precision = precision_on(models.device, options.precision)
        options = options.model_copy(update={"precision": precision})
        content, shown = job.picture(), job.of_role("style")
        weights = style_weights(len(shown), [weight for _, weight in shown])
        for one in (content, *(one for one, _ in shown)):
            check_size(one.name, one.picture.size)
        check_result(content.picture.size, options.size)
        masks = [(one.name, one.picture) for one, _ in job.of_role("region")]
        places = regions(masks, len(shown), content.picture.size)
        styles = [
            Style(one.picture, weight, mask)
            for (one, _), weight, mask in zip(shown, weights, places, strict=True)
        ]
        features, stop = job.options.get("features"), job.options.get(STOPPED)
        vgg = Vgg.load(Path(str(features)) if features else None)
        check_layers(vgg, options)
        vgg = vgg.to(models.device, precision, options.pooling)
        return cls(job, options, styles, vgg, None if stop is None else int(stop))

    def steps(self) -> Generator[Step, None, None]:
        """Paint, up to where the run was stopped if it is made again."""
        for step in transfer(self.vgg, self.job.picture().picture, self.styles, self.options):
            yield step
            if step.step == self.stop:
                return

    def result(self, step: Step, seconds: float) -> Result:
        """The picture of a step, and the recipe that makes it again."""
        made = finished(step.best, self.job.picture().picture, self.options)
        told: dict[str, Scalar] = {**self.job.options, **self.options.model_dump(mode="json")}
        if step.step < step.of:
            told[STOPPED] = step.step
        recipe = Recipe(
            made_by=RESTYLE,
            version=lookalike.__version__,
            prompt=self.job.prompt,
            model=self.vgg.name,
            model_sha256=self.vgg.sha256,
            seeds=(self.options.seed,),
            options=told,
            references={one.name: one.sha256 for one in self.job.sources},
            libraries={"torch": version("torch")},
            seconds=seconds,
        )
        return Result([made], recipe)


class Restyling(Run[Result]):
    """A transfer under way; `so_far` is the best that there is, at any time."""

    def __init__(self, painting: Painting) -> None:
        """Take a painting that has not begun."""
        super().__init__(self._steps())
        self._painting, self._began = painting, time.perf_counter()
        self._last: Step | None = None

    def so_far(self) -> Result | None:
        """The best picture so far with the recipe that makes it again; None before any step."""
        if self._last is None:
            return None
        return self._painting.result(self._last, time.perf_counter() - self._began)

    def _steps(self) -> Generator[Progress, None, Result]:
        self._began = time.perf_counter()
        for step in self._painting.steps():
            self._last = step
            yield Progress(step.step, step.of, step.best)
        found = self.so_far()
        assert found is not None  # a transfer has a step at least
        return found


class RestyleWork:
    """The verb `restyle`, and its twin `start_restyle`."""

    models: Models

    def restyle(
        self,
        picture: PictureSource,
        styles: PictureSource | Sequence[PictureSource],
        *,
        weights: Sequence[float] | None = None,
        masks: Sequence[PictureSource] = (),
        preset: str = "best",
        features: Path | None = None,
        options: Mapping[str, object] | None = None,
    ) -> Result:
        """The picture painted in the manner of one or more others, which keep no content of theirs.

        `masks` say where each style goes (white), one for each or one less; where none goes the
        picture stays. `options` are the fields of `Restyle`, and go before those of the `preset`.
        `features` is a VGG-16 or VGG-19 in safetensors in place of the packaged VGG-16.
        """
        return self.start_restyle(
            picture,
            styles,
            weights=weights,
            masks=masks,
            preset=preset,
            features=features,
            options=options,
        ).result()

    def start_restyle(
        self,
        picture: PictureSource,
        styles: PictureSource | Sequence[PictureSource],
        *,
        weights: Sequence[float] | None = None,
        masks: Sequence[PictureSource] = (),
        preset: str = "best",
        features: Path | None = None,
        options: Mapping[str, object] | None = None,
    ) -> Restyling:
        """`restyle`, to be watched, and stopped with what is there."""
        chosen = options_of(preset, options)
        every = listed(styles)
        counts = style_weights(len(every), weights)
        content = open_source(picture)
        shown, drawn = [open_source(one) for one in every], [open_source(one) for one in masks]
        prompt = Prompt(parts=(), references=_references(content, shown, counts, drawn))
        told: dict[str, Scalar] = {"preset": preset, **chosen.model_dump(mode="json")}
        if features is not None:
            told["features"] = str(features)
        job = Job(RESTYLE, prompt, told, (content, *shown, *drawn))
        return Restyling(Painting.of(job, self.models))


def restyle_again(models: Models, recipe: Recipe, sources: Sequence[Source]) -> Run[Result]:
    """The transfer that a recipe asks for, once more."""
    painting = Painting.of(Job(RESTYLE, recipe.prompt, recipe.options, tuple(sources)), models)
    if recipe.model_sha256 != painting.vgg.sha256:
        note(f"{painting.vgg.name} is not the one of the recipe: its SHA-256 is another")
    return Restyling(painting)


def _references(
    content: Source, styles: Sequence[Source], weights: Sequence[float], masks: Sequence[Source]
) -> tuple[Reference, ...]:
    return (
        Reference(source=content.name, role="image"),
        *(
            Reference(source=one.name, role="style", weight=weight)
            for one, weight in zip(styles, weights, strict=True)
        ),
        *(Reference(source=mask.name, role="region") for mask in masks),
    )
