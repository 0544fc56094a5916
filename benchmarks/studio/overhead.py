"""What the service costs beside `Session`: the same picture, asked for in turns."""

from __future__ import annotations

import statistics
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.studio.server import done, serving
from lookalike.core.records import Settings
from lookalike.session import Session

WORDS = "a person with brown skin, blue short hair, white background, micah style"


@dataclass
class Taken:
    """Seconds of the clock and of the processor, a pair for each repetition."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def figures(self) -> dict[str, float]:
        """The medians."""
        return {
            "seconds": round(statistics.median(self.wall), 4),
            "processor": round(statistics.median(self.cpu), 4),
        }


def overhead(repeats: int = 15, steps: int = 8) -> dict[str, object]:
    """A picture by `Session` and by the service, in turns; both end with the pictures' files."""
    own, served = Taken(), Taken()
    session = Session("mini")
    with tempfile.TemporaryDirectory() as name, serving(Path(name, "data")) as (server, client):
        for turn in range(repeats + 2):
            chosen = Settings(count=1, steps=steps, seed=turn)
            wall, cpu = time.perf_counter(), time.process_time()
            session.imagine(WORDS, settings=chosen).save(Path(name, "own"))
            own.wall.append(time.perf_counter() - wall)
            own.cpu.append(time.process_time() - cpu)
            wall, cpu = time.perf_counter(), server.cpu()
            asked = {"prompt": WORDS, "settings": {"count": 1, "steps": steps, "seed": turn}}
            done(client, "imagine", asked)
            served.wall.append(time.perf_counter() - wall)
            served.cpu.append(server.cpu() - cpu)
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
    }
