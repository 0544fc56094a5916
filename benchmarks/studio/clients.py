"""Clients that ask a studio for all kinds of things, and remember what it accepted."""

from __future__ import annotations

import base64
import io
import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import httpx2

from lookalike.world.look import looks
from lookalike.world.render import render

BRIEF = {"steps": 4}
Asked = dict[str, Any]


def picture(number: int) -> str:
    """One of a few drawings, as it comes along with a request."""
    drawn = render(next(islice(looks("test"), number, None)), 64)
    buffer = io.BytesIO()
    drawn.save(buffer, format="PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


Mix = Mapping[str, Callable[[random.Random, list[str]], Asked]]
MIX: Mix = {
    "imagine": lambda chance, _: {
        "prompt": f"a person with {chance.choice(['blue', 'green', 'red'])} hair",
        "settings": {"count": chance.choice([1, 1, 2]), "steps": chance.choice([4, 8])},
    },
    "describe": lambda chance, shown: {"pictures": [chance.choice(shown)], "count": 2},
    "vary": lambda chance, shown: {
        "picture": chance.choice(shown),
        "strength": chance.choice(["subtle", "strong"]),
        "settings": {"count": 1, **BRIEF},
    },
    "edit": lambda chance, shown: {
        "picture": chance.choice(shown),
        "text": "a red hat",
        "settings": {"count": 1, **BRIEF},
    },
    "blend": lambda chance, shown: {
        "pictures": chance.sample(shown, 2),
        "settings": {"count": 1, **BRIEF},
    },
    "convert": lambda chance, shown: {"pictures": [chance.choice(shown)]},
    "restyle": lambda chance, shown: {
        "picture": chance.choice(shown),
        "styles": [chance.choice(shown)],
        "options": {"size": 32, "scales": 1, "first_steps": 3, "steps": 3},
    },
}
"""What is asked for, and how; `imagine` more often than the rest."""
VERBS = ("imagine", *MIX)


def items_of(verb: str, asked: Asked) -> int:
    """How many results a job must have: with several pictures comes a grid."""
    if verb == "describe":
        return int(asked["count"])
    count = int(asked.get("settings", {}).get("count", 1))
    return count if count == 1 else count + 1


@dataclass
class Load:
    """What all clients share: where the studio is now, and what it has accepted so far."""

    address: str = ""
    over: threading.Event = field(default_factory=threading.Event)
    accepted: dict[str, int] = field(default_factory=dict)
    verbs: dict[str, int] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    broken: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


def client(load: Load, seed: int, shown: list[str]) -> None:
    """Ask, wait for what was asked a while ago, and go on, until it is over."""
    chance, mine = random.Random(seed), list[str]()
    while not load.over.is_set():
        address = load.address
        if not address:
            time.sleep(0.05)
            continue
        try:
            with httpx2.Client(base_url=address, timeout=30) as wire:
                while not load.over.is_set() and load.address == address:
                    _turn(load, wire, chance, mine, shown)
        except httpx2.TransportError:  # killed; whatever was not answered was not accepted
            with load.lock:
                load.broken += 1
            load.over.wait(0.2)


def _turn(
    load: Load, wire: httpx2.Client, chance: random.Random, mine: list[str], shown: list[str]
) -> None:
    if len(mine) > 1:
        job = wire.get(f"/v1/jobs/{mine[0]}").json()
        if job.get("state") in ("done", "failed", "cancelled", None):
            del mine[0]
        load.over.wait(chance.uniform(0.3, 1.0))
        return
    verb = chance.choice(VERBS)
    asked = MIX[verb](chance, shown)
    answer = wire.post(f"/v1/{verb}", json=asked, params={"wait": chance.choice([0, 0, 2])})
    with load.lock:
        if not answer.is_success:
            load.refused.append(f"{answer.status_code} {answer.text[:200]}")
            return
        name = answer.json()["id"]
        load.accepted[name] = items_of(verb, asked)
        load.verbs[verb] = load.verbs.get(verb, 0) + 1
    mine.append(name)
