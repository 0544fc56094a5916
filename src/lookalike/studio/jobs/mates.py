"""Which waiting jobs may be made at once with one, as far as their requests tell."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from lookalike.core.records import Prompt, Settings
from lookalike.studio.accepting import revived
from lookalike.studio.records import Job
from lookalike.studio.requests import Blend, Edit, Imagine, Request, Vary
from lookalike.studio.verbs import VERBS


@dataclass(frozen=True)
class Sort:
    """What is the same in jobs that may be made at once, and the settings of one of them."""

    key: Hashable
    settings: Settings


class Fitting:
    """Says of jobs, one after the other, whether they are of a sort, while there is room."""

    def __init__(self, sort: Sort, left: int) -> None:
        """Take a sort, and how many pictures there is room for."""
        self._sort, self._left = sort, left

    def __call__(self, job: Job) -> bool:
        """Whether a job fits; then it has its room."""
        found = sort_of(job) if self._left > 0 else None
        if found is None or found.key != self._sort.key or found.settings.count > self._left:
            return False
        self._left -= found.settings.count
        return True


def sort_of(job: Job) -> Sort | None:
    """The sort of a job; None where it is made alone.

    So is a job that the studio died of once: if it does so again, it takes no other with it.
    """
    verb, failed = VERBS[job.verb], job.attempts - (job.state == "running")
    if failed or not issubclass(verb.request, Imagine | Edit | Blend | Vary):
        return None
    request = revived(verb, job.request)
    chosen = _settings(request)
    if chosen is None or chosen.adapter is not None:
        return None
    how = (chosen.sampling_steps, chosen.stop, chosen.guidance, chosen.tile)
    size = (chosen.pixels, chosen.aspect)
    return Sort((how, size, _start(request)), chosen)


def _settings(request: Request) -> Settings | None:
    """The settings of a request whose pictures are made apart from one another."""
    if isinstance(request, Imagine):
        prompt = request.prompt
        besides = request.image or request.style or request.character
        plain = isinstance(prompt, Prompt) and not prompt.references and not besides
        return prompt.settings if isinstance(prompt, Prompt) and plain else None
    if isinstance(request, Vary) and (request.mask is not None or request.region is not None):
        return None
    return request.settings or Settings()


def _start(request: Request) -> Hashable:
    """What the first step begins from: noise, or a picture of which so much is left."""
    return request.strength if isinstance(request, Vary) else None
