"""Versions of the language: which parameters each of them knows, and with which ranges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from lookalike.core.records import Style

_STYLE = frozenset({"sref", "sw"})
_CHARACTER = frozenset({"cref", "cw"})
_OMNI = frozenset({"oref", "ow"})


@dataclass(frozen=True)
class Profile:
    """What one version of the language allows."""

    name: str
    """As `Settings.profile` holds it: "6", "niji 6", or empty where no version was named."""

    lacks: frozenset[str] = frozenset()
    """The parameters that this version does not know."""

    image_weight: float = 3.0
    """The largest `--iw`."""

    qualities: tuple[float, ...] = (0.25, 0.5, 1.0, 2.0)
    """What `--quality` may be; anything in its range where this is empty."""

    styles: tuple[str, ...] = ("raw",)
    """What `--style` may be."""

    @property
    def said(self) -> str:
        """How the version is named in a message: `--version 6`, `--niji 6`."""
        return f"--{self.name}" if self.name.startswith("niji") else f"--version {self.name}"


FREE = Profile("", qualities=(), styles=get_args(Style))
"""No version named: every parameter that any version knows, each with its widest range."""

_EARLY = _STYLE | _CHARACTER | _OMNI
_V5_STYLED = ("5.1", "5.2")
_ALL = (
    Profile("4", _EARLY | {"iw", "tile", "weird"}, styles=("4a", "4b", "4c")),
    Profile("5", _EARLY | {"style"}, image_weight=2.0, styles=()),
    *(Profile(name, _EARLY, image_weight=2.0) for name in _V5_STYLED),
    Profile("6", _OMNI),
    Profile("6.1", _OMNI),
    Profile("7", _CHARACTER | {"stop"}, qualities=(1.0, 2.0, 4.0)),
    Profile("niji 5", _EARLY, 2.0, styles=("cute", "expressive", "original", "scenic")),
    Profile("niji 6", _OMNI),
)
PROFILES = {profile.name: profile for profile in _ALL}
"""The versions by name: "4" to "7", "niji 5" and "niji 6"."""

NIJI = tuple(name.removeprefix("niji ") for name in PROFILES if name.startswith("niji "))
"""What `--niji` may be."""

VERSIONS = tuple(name for name in PROFILES if not name.startswith("niji "))
"""What `--version` may be."""


def profile_of(name: str | None) -> Profile | None:
    """The profile that `Settings.profile` names, `FREE` for None; None where there is none."""
    return FREE if name is None else PROFILES.get(name)
