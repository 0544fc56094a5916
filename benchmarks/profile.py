"""Where the seconds of a picture go: `python -m benchmarks.profile [--model mini] [--steps 20]`.

U-Net, VAE, text towers and scheduler are timed one by one within whole runs; the rest is our own
code and Python's. Printed, and kept in figures/profile.json.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.measuring.figures import FIGURES, machine
from lookalike.core.files import read_json, write_json
from lookalike.core.records import Settings
from lookalike.models.backbone import Backbone
from lookalike.session import Session

PROFILE = FIGURES / "profile.json"
REPEATS = 7
WORDS = "a person with brown skin, blue short hair, white background, micah style"

Spent = dict[str, float]


@contextmanager
def watched(backbone: Backbone) -> Iterator[Spent]:
    """A block in which the processor's seconds of a model's parts are added up by name."""
    from diffusers import DPMSolverMultistepScheduler

    spent: Spent = {}
    places = [
        ("U-Net", backbone.unet, "forward"),
        ("VAE", backbone.vae, "decode"),
        *(("text", tower.model, "forward") for tower in backbone.towers),
        ("scheduler", DPMSolverMultistepScheduler, "step"),
        ("scheduler", DPMSolverMultistepScheduler, "set_timesteps"),
    ]
    before = [(owner, name, vars(owner).get(name)) for _, owner, name in places]
    for what, owner, name in places:
        setattr(owner, name, _timed(getattr(owner, name), what, spent))
    try:
        yield spent
    finally:
        for owner, name, own in before:
            delattr(owner, name) if own is None else setattr(owner, name, own)


def _timed(work: Callable[..., Any], what: str, spent: Spent) -> Callable[..., Any]:
    def timed(*given: Any, **named: Any) -> Any:
        began = time.process_time()
        try:
            return work(*given, **named)
        finally:
            spent[what] = spent.get(what, 0) + time.process_time() - began

    return timed


def profile(model: str, count: int, steps: int) -> Spent:
    """Medians over runs of the processor's seconds, by part; `whole` is all of them."""
    session, runs = Session(model), list[Spent]()
    settings = Settings(count=count, steps=steps, seed=1)
    session.imagine(WORDS, settings=settings)
    with session.models.use(model) as backbone:
        for _ in range(REPEATS):
            with watched(backbone) as spent:
                began = time.process_time()
                session.imagine(WORDS, settings=settings)
                whole = time.process_time() - began
            runs.append({**spent, "rest": whole - sum(spent.values()), "whole": whole})
    return {name: statistics.median(run[name] for run in runs) for name in runs[0]}


def main() -> None:
    """Print and keep a profile."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.profile", description=__doc__)
    parser.add_argument("--model", default="mini")
    parser.add_argument("--count", type=int, default=4)
    parser.add_argument("--steps", type=int, default=20)
    asked = parser.parse_args()
    found = profile(asked.model, asked.count, asked.steps)
    shares = {name: round(seconds / found["whole"], 4) for name, seconds in found.items()}
    told = {"count": asked.count, "steps": asked.steps, "seconds": found, "shares": shares}
    kept = read_json(PROFILE) if PROFILE.is_file() else {}
    write_json(PROFILE, {**kept, asked.model: {**told, "machine": machine()}})
    print(json.dumps(told, indent=2))


if __name__ == "__main__":
    main()
