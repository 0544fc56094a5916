"""Phrase banks: what a describer may say, in groups of which a description takes one each."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from lookalike.core.errors import OptionError

if TYPE_CHECKING:
    from torch import Tensor

    from lookalike.models.backbone import Backbone
    from lookalike.models.clip import Clip

LIMIT = 200_000
"""Lines of one bank; more is taken for a mistake."""

MANY = 10_000
"""Texts that are worth sorting before they are read."""


@dataclass(frozen=True)
class Bank:
    """Frames that open a description, and groups of phrases that exclude one another.

    `joint` stands between the frame and the first phrase. `of` names the phrases that make sense
    with a frame (a robot has no beard); a frame that is not in it takes all. `names` calls the
    groups by name, where they have names.
    """

    frames: tuple[str, ...]
    groups: tuple[tuple[str, ...], ...]
    joint: str = ", "
    of: Mapping[str, frozenset[str]] = field(default_factory=dict)
    names: tuple[str, ...] = field(default=(), compare=False)

    def fits(self, frame: str, phrase: str) -> bool:
        """Whether a phrase makes sense with a frame."""
        return frame not in self.of or phrase in self.of[frame]

    @cached_property
    def phrases(self) -> list[str]:
        """All phrases, group after group."""
        return [phrase for group in self.groups for phrase in group]

    def named(self, name: str) -> tuple[str, ...]:
        """The phrases of the group of that name; none where there is no such group."""
        return dict(zip(self.names, self.groups, strict=False)).get(name, ())

    def text(self, frame: str, phrases: tuple[str, ...]) -> str:
        """A description: the frame, then the phrases."""
        return frame + (self.joint + ", ".join(phrases) if phrases else "")


def bank_of(backbone: Backbone, path: str | None) -> Bank:
    """The bank at `path`, else the model's own (`phrases.json` in its folder), else the common one.

    `clip-interrogator` in place of a path stands for the lists of that package.

    Raises:
        OptionError: the file is missing, empty, not text or too long; or there is no such package.
    """
    from lookalike.describe.flavours import NAME, flavours

    if path == NAME:
        return flavours(_common().frames)
    if path is not None:
        return read_bank(Path(path))
    own = backbone.folder / "phrases.json" if backbone.folder else None
    if own is not None and own.exists():
        return stored_bank(own)
    return _common()


def _common() -> Bank:
    """Common words of prompts, behind frames that say what is to be seen."""
    from lookalike.models.texts import words

    kinds = dict(words())
    starts = [f"{frame} {subject}" for frame in kinds.pop("frame") for subject in kinds["subject"]]
    kinds.pop("subject")
    return Bank(tuple(starts), tuple(map(tuple, kinds.values())), names=tuple(kinds))


def stored_bank(path: Path) -> Bank:
    """The bank that a file in JSON holds, as `stored` gives it."""
    from lookalike.core.files import read_json

    told = read_json(path)
    of = {frame: frozenset(phrases) for frame, phrases in told.get("of", {}).items()}
    return Bank(tuple(told["frames"]), tuple(map(tuple, told["groups"])), told["joint"], of)


def stored(bank: Bank) -> dict[str, object]:
    """A bank as plain data."""
    of = {frame: sorted(phrases) for frame, phrases in bank.of.items()}
    groups = [list(group) for group in bank.groups]
    return {"frames": list(bank.frames), "groups": groups, "joint": bank.joint, "of": of}


def read_bank(path: Path) -> Bank:
    """A bank from a text file: a phrase a line; `# name` starts a group, `# frame` the frames."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except FileNotFoundError as fault:
        raise OptionError(f"there is no phrase bank at {path}") from fault
    except (OSError, UnicodeDecodeError) as fault:
        raise OptionError(f"the phrase bank {path} is not readable text in UTF-8") from fault
    if len(lines) > LIMIT:
        raise OptionError(f"the phrase bank {path} has {len(lines)} lines; {LIMIT} is the limit")
    groups: dict[str, list[str]] = {}
    name = "phrases"
    for line in map(str.strip, lines):
        if line.startswith("#"):
            name = line.lstrip("#").strip() or f"group {len(groups)}"
        elif line:
            groups.setdefault(name, []).append(line)
    frames = groups.pop("frame", ["a picture"])
    if not groups:
        raise OptionError(f"the phrase bank {path} holds no phrases")
    # A phrase belongs to the first group that names it, so that no two descriptions read alike.
    first = {phrase: name for name in reversed(groups) for phrase in groups[name]}
    unique = {n: tuple(p for p in dict.fromkeys(groups[n]) if first[p] == n) for n in groups}
    filled = {name: group for name, group in unique.items() if group}
    return Bank(tuple(dict.fromkeys(frames)), tuple(filled.values()), names=tuple(filled))


def embedded(clip: Clip, texts: list[str]) -> Tensor:
    """The texts' places in CLIP's shared space (count, shared), kept on disk for the next time."""
    from lookalike.models.hashing import cache_folder
    from lookalike.models.keeping import keep, kept

    key = hashlib.sha256("\n".join([clip.sha256, *texts]).encode()).hexdigest()
    file = cache_folder() / "texts" / f"{key[:32]}.safetensors"
    if (known := kept(file).get("texts")) is not None:
        return known
    found = _read(clip, texts)
    if clip.sha256:
        keep(file, {"texts": found})
    return found.cpu()


def _read(clip: Clip, texts: list[str]) -> Tensor:
    """The texts' places; of many, those of about one length together, so that little is padded."""
    if len(texts) < MANY:
        return clip.project(texts)
    import torch

    order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
    found = clip.project([texts[place] for place in order])
    return found[torch.tensor(order, device=found.device).argsort()]
