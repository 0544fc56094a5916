"""Who takes part in the converters' benchmark: a row each, with its options and its domains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lookalike.convert import converters
from lookalike.core.errors import OptionError, did_you_mean
from lookalike.core.files import sha256
from lookalike.evaluate.worlds import CURVE

Options = Mapping[str, str | int | float]

FLOOR, CEILING, BASE = "floor", "ceiling", "closed-form"
STEPS = (10, 30, 100, 300)
"""Steps of the curve over learning."""


@dataclass(frozen=True)
class Entrant:
    """One row: a converter with options, and the domains it takes part in (all where empty).

    Floor and ceiling have no converter: they are made from no prompt and from the true caption.
    """

    name: str
    converter: str = ""
    options: Options = field(default_factory=dict)
    domains: tuple[str, ...] = ()

    def enters(self, domain: str) -> bool:
        """Whether the row is part of a domain's table."""
        return not self.domains or domain in self.domains


def entrants(weights: Path | None = None) -> list[Entrant]:
    """Every row, from the ceiling to the floor.

    `weights` is a folder of `DOMAIN.safetensors` files: what `tuned` learnt on a domain, each
    judged on that domain alone.
    """
    return [
        Entrant(CEILING),
        Entrant(BASE, BASE),
        *_tuned(weights),
        *_curve("online"),
        *_curve("textual-inversion"),
        Entrant("dreambooth 400", "dreambooth", {"steps": 400}, (CURVE,)),
        Entrant("gradient", "gradient"),
        Entrant("hard-prompt", "hard-prompt"),
        Entrant(FLOOR),
    ]


def _curve(converter: str) -> list[Entrant]:
    """30 steps in every domain, and other numbers in that of the curve."""
    return [
        Entrant(f"{converter} {n}", converter, {"steps": n}, () if n == 30 else (CURVE,))
        for n in STEPS
    ]


def _tuned(weights: Path | None) -> list[Entrant]:
    files = sorted(weights.glob("*.safetensors")) if weights else []
    return [Entrant("tuned", "tuned", {"weights": str(one)}, (one.stem,)) for one in files]


def chosen_entrants(names: Sequence[str], rows: Sequence[Entrant]) -> list[Entrant]:
    """The rows to make: those named, by their own name or their converter's, or all.

    A registered converter without a row gets one with its default options.

    Raises:
        OptionError: there is neither a row nor a converter of that name.
    """
    planned = {name for row in rows for name in (row.name, row.converter)} - {""}
    others = [Entrant(name, name) for name in converters.names() if name not in planned]
    known = list(dict.fromkeys([*(row.name for row in rows), *converters.names()]))
    for name in names:
        if name not in known:
            near = did_you_mean(name, known)
            raise OptionError(f"there is no method {name}{near}; there are {', '.join(known)}")
    if not names:
        return list(rows)
    return [row for row in [*rows, *others] if {row.name, row.converter} & set(names)]


def fingerprint(options: Options) -> dict[str, str | int | float]:
    """Options as results are kept under them: a file stands for what it holds."""
    return {
        name: sha256(Path(value)) if name == "weights" and isinstance(value, str) else value
        for name, value in options.items()
    }
