"""What the service costs beside `Session`: the same picture, asked for in turns."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.studio.server import done, serving
from lookalike.core.records import Settings
from lookalike.session import Session

WORDS = "a person with brown skin, blue short hair, white background, micah style"

REST = 0.6
"""Seconds after each picture, in which the service looks at its own for searches by likeness."""


@dataclass
class Taken:
    """Seconds of the clock and of the processor, a pair for each repetition."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def add(self, work: Callable[[], object], used: Callable[[], float]) -> None:
        """Do something once, and rest; `used` is the processor time of whoever does it."""
        cpu, wall = used(), time.perf_counter()
        work()
        self.wall.append(time.perf_counter() - wall)
        time.sleep(REST)
        self.cpu.append(used() - cpu)

    def figures(self) -> dict[str, float]:
        """The medians."""
        return {
            "seconds": round(statistics.median(self.wall), 4),
            "processor": round(statistics.median(self.cpu), 4),
        }


def overhead(repeats: int = 40, steps: int = 8) -> dict[str, object]:
    """A picture by `Session` and by the service, in turns; both end with the pictures' files.

    Both begin after the same rest, and lead in turns. What the service does behind its answer falls
    into the rest; its processor time is counted nonetheless.
    """
    own, served = Taken(), Taken()
    session = Session("mini")
    with tempfile.TemporaryDirectory() as name, serving(Path(name, "data")) as (server, client):

        def by_session(turn: int) -> None:
            chosen = Settings(count=1, steps=steps, seed=turn)
            session.imagine(WORDS, settings=chosen).save(Path(name, "own"))

        def by_service(turn: int) -> None:
            asked = {"prompt": WORDS, "settings": {"count": 1, "steps": steps, "seed": turn}}
            done(client, "imagine", asked)

        both = [(own, by_session, time.process_time), (served, by_service, server.cpu)]
        for turn in range(repeats + 2):
            for taken, make, cpu in both if turn % 2 else reversed(both):
                taken.add(lambda make=make, turn=turn: make(turn), cpu)
    for taken in (own, served):  # the first ones warm caches
        del taken.wall[:2], taken.cpu[:2]
    more = [b / a - 1 for a, b in zip(own.wall, served.wall, strict=True)]
    return {
        "steps": steps,
        "repeats": repeats,
        "session": own.figures(),
        "service": served.figures(),
        "more": round(statistics.median(served.wall) / statistics.median(own.wall) - 1, 4),
        "more_in_pairs": round(statistics.median(more), 4),
        "more_at_best": round(min(served.wall) / min(own.wall) - 1, 4),
    }
