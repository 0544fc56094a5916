"""One making of pictures: what is asked for, the run that can be watched, and its recipe."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import version
from typing import Generic, TypeVar

import lookalike
from lookalike.core.compute import PLAIN
from lookalike.core.errors import RecipeError
from lookalike.core.plan import Plan, Result
from lookalike.core.records import Part, Recipe
from lookalike.engine.plan import draw_seeds, embedding_plan, text_plan, told
from lookalike.engine.references import leaning
from lookalike.engine.run import Progress, decode, finished, steps
from lookalike.engine.taste import idle
from lookalike.engine.together import among, own
from lookalike.models.backbone import Backbone
from lookalike.models.card import is_card
from lookalike.models.named import Names, with_room
from lookalike.models.store import Models
from lookalike.session.adapters import idle_adapter, weights_of
from lookalike.session.job import Job, converter_of, learnt_for
from lookalike.session.source import Source
from lookalike.session.story import story
from lookalike.session.verbs import PICTURE_VERBS, Verb

T = TypeVar("T")

LIBRARIES = ("torch", "diffusers", "transformers")


class Note(UserWarning):
    """Something worth knowing about a result that is there nonetheless."""


LISTENER: ContextVar[Callable[[str], None] | None] = ContextVar("LISTENER", default=None)
"""Where notes go in a thread that sets it, instead of to Python's warnings, which all share."""


def note(message: str) -> None:
    """Tell the user, without stopping; the command line knows our notes by this module."""
    if (listener := LISTENER.get()) is not None:
        listener(message)
        return
    warnings.warn(message, Note, stacklevel=1)


class Run(Generic[T]):
    """Work under way: go through it for its progress, and ask `result` for what it made.

    Leaving the loop early stops nothing: `result` does the rest, `close` gives it up.
    """

    def __init__(self, work: Generator[Progress, None, T], job: Job | None = None) -> None:
        """Take work that has not begun; nothing is computed yet.

        `job` is what it makes pictures of, for who would rather make them among others.
        """
        self._work, self.job = work, job
        self._made: list[T] = []

    def __iter__(self) -> Iterator[Progress]:
        """Go on with the work, step by step."""
        while not self._made:
            try:
                progress = next(self._work)
            except StopIteration as end:
                self._made.append(end.value)
                return
            yield progress

    def result(self) -> T:
        """Do what is left, and give what was made."""
        for _ in self:
            pass
        return self._made[0]

    def so_far(self) -> T | None:
        """What there is already, for work whose steps are results; None for all other."""
        return None

    def close(self) -> None:
        """Stop; models are put back as they were."""
        self._work.close()


@dataclass(frozen=True, eq=False)
class Prepared:
    """A job with its plan, ready for its steps; `among` as in its recipe to be."""

    job: Job
    seeds: Sequence[int]
    plan: Plan
    began: float
    among: tuple[int, int] | None = None

    def own(self, progress: Progress) -> Progress:
        """What a step means for this job, where it is made among others."""
        return own(progress, self.among[1], len(self.seeds)) if self.among else progress

    def result(self, backbone: Backbone, last: Progress) -> Result:
        """The pictures of the last step of its own, with their recipe."""
        pictures = finished(self.plan, decode(backbone, self.plan, last))
        return Result(pictures, _recipe(backbone, self))


def prepared(backbone: Backbone, job: Job) -> Prepared:
    """Tell what is to be told of a job, and plan it."""
    began, expected = time.perf_counter(), job.expected
    chosen = job.prompt.settings
    settled = (expected.settings if expected else chosen).settled(backbone.guidance)
    _tell(backbone, job)
    seeds = expected.seeds if expected else draw_seeds(chosen.seed, chosen.count)
    whole = replace(job, prompt=job.prompt.model_copy(update={"settings": settled}))
    plan = _VERBS[job.verb](backbone, whole, seeds)
    return Prepared(job, seeds, plan, began, expected.among if expected else None)


def make(models: Models, job: Job) -> Generator[Progress, None, Result]:
    """Do a job step by step, and return the pictures with their recipe."""
    with models.use(job.prompt.settings.model) as backbone:
        one = prepared(backbone, job)
        plan = among(one.plan, *one.among) if one.among else one.plan
        run = map(one.own, steps(backbone, plan))
        last = next(run)
        yield last
        for last in run:
            yield last
        return one.result(backbone, last)


def begun(models: Models, job: Job) -> Run[Result]:
    """A job as a run, to be watched."""
    return Run(make(models, job), job)


def job_of(recipe: Recipe, sources: Sequence[Source]) -> Job:
    """The job that a recipe asks for; `RecipeError` where this version cannot do it."""
    if recipe.made_by not in _VERBS:
        known = ", ".join(_VERBS)
        raise RecipeError(f"nothing here can {recipe.made_by}: this version knows {known}")
    found = tuple(sources)
    return Job(recipe.made_by, recipe.prompt, recipe.options, found, recipe.adapters, recipe)


def _imagine(backbone: Backbone, job: Job, seeds: Sequence[int]) -> Plan:
    return leaning(
        backbone,
        text_plan(backbone, job.told(), seeds, job.names(backbone)),
        job.referred(),
        job.learnt(backbone),
    )


def _edit(backbone: Backbone, job: Job, seeds: Sequence[int]) -> Plan:
    balance, text = job.number("balance"), job.prompt.text
    pictures = [job.picture().picture]
    embedding = converter_of(job).edit(backbone, pictures, text, balance)
    return embedding_plan(backbone, job.prompt, embedding, seeds)


_VERBS: Mapping[str, Verb] = {
    "imagine": _imagine,
    "edit": _edit,
    "story": story,
    **PICTURE_VERBS,
}


def _recipe(backbone: Backbone, one: Prepared) -> Recipe:
    job = one.job
    parts = told(backbone, job.told())
    text = " ".join(part.text for part in parts if part.text)
    cut = _cut(backbone, parts, job.names(backbone))
    return Recipe(
        made_by=job.verb,
        version=lookalike.__version__,
        prompt=job.prompt,
        model=backbone.name,
        model_sha256=backbone.sha256,
        seeds=tuple(one.seeds),
        index=job.expected.index if job.expected else 0,
        among=one.among,
        options=dict(job.options),
        references={one.name: one.sha256 for one in job.sources},
        adapters={**job.adapters, **weights_of(job)},
        guidance=one.plan.guidance if job.prompt.settings.guidance is None else None,
        resolved=text.removesuffix(cut).rstrip(),
        cut=cut,
        libraries=_libraries(),
        compute=None if backbone.compute == PLAIN else backbone.compute,
        seconds=time.perf_counter() - one.began,
    )


def _libraries() -> dict[str, str]:
    return {name: _version(name) for name in LIBRARIES}


@cache
def _version(library: str) -> str:
    """Looked up once: it takes milliseconds, and stays what it is as long as the process lives."""
    return version(library)


def _cut(backbone: Backbone, parts: Sequence[Part], names: Names) -> str:
    """What the model does not read of a prompt's parts, each of which it reads on its own."""
    read = [with_room(part.text, names)[0] for part in parts]
    return " ".join(cut for text in read if (cut := backbone.cut(text)))


def _tell(backbone: Backbone, job: Job) -> None:
    """Say what the user should know before the result is there."""
    masks = [mask for mask, _ in job.of_role("region")]
    if cut := _cut(backbone, told(backbone, job.told()), job.names(backbone)):
        note(f"the prompt is too long for {backbone.name}, which leaves out: {_shortened(cut)}")
    if job.expected:
        _tell_changes(backbone, job.expected)
    else:
        for line in (*idle(job.prompt.settings), *idle_adapter(job)):
            note(line)
        tell_strangers(backbone, [one for one in job.sources if one not in masks])


def _shortened(text: str) -> str:
    words = text.split()
    if len(words) <= 16:
        return f"“{' '.join(words)}”"
    return f"“{' '.join(words[:8])} … {' '.join(words[-4:])}” ({len(words)} words)"


def _tell_changes(backbone: Backbone, expected: Recipe) -> None:
    if backbone.sha256 != expected.model_sha256:
        note(f"{backbone.name} is not the {expected.model} of the recipe: its SHA-256 is another")
    now = _libraries()
    others = [
        f"{k} {v} then, {now[k]} now" for k, v in expected.libraries.items() if now.get(k, v) != v
    ]
    if others:
        note(f"versions differ, and so may the pixels: {'; '.join(others)}")


def tell_strangers(backbone: Backbone, sources: Sequence[Source]) -> None:
    """Say which pictures are unlike anything that the model was trained on."""
    from lookalike.models.familiar import familiarity

    # Characters are left out: a portrait is the model's own, and speaks through its card.
    shown = [one for one in sources if one.prompt is None or not is_card(one.prompt)]
    found = familiarity(backbone, [one.picture for one in shown]) if shown else None
    for one in shown:
        if one.prompt is not None and learnt_for(one.prompt) != backbone.sha256:
            note(
                f"what was learnt of {one.name} is for another model than {backbone.name}, which "
                "reads its picture instead"
            )
    for one, measured in zip(shown, found or [], strict=False):
        if not measured.known:
            note(
                f"{one.name} is unlike what {backbone.name} was trained on (its distance is "
                f"{measured.distance:.1f} times the limit): expect little; "
                "--model names a checkpoint that knows such pictures"
            )
