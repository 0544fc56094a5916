"""Claims: a training's folder says what it learns from, so that no other finds its outcome."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from lookalike.core.errors import OutputError
from lookalike.core.files import read_json, write_json
from lookalike.reverse.features import Features
from lookalike.reverse.training import Lesson

NAME = "learnt.json"


def claim(folder: Path, what: Mapping[str, Any]) -> None:
    """Say what is learnt in a folder; one without a claim is taken as it stands.

    Raises:
        OutputError: the folder holds a training of something else.
    """
    file = folder / NAME
    if not file.is_file():
        write_json(file, dict(what))
        return
    known = read_json(file)
    other = [name for name, value in what.items() if known.get(name) != value]
    if other:
        raise OutputError(
            f"{folder} holds a training of another {other[0]}; name another --run, or delete it"
        )


def lesson_mark(lesson: Lesson) -> str:
    """What a reader learns from, as a short hash."""
    return _hash(fingerprint(lesson.features), lesson.marks)


def fingerprint(features: Features) -> str:
    """Pictures, captions and targets as a short hash."""
    inputs = features.inputs
    return _hash("\n".join([*features.prompts, *inputs.captions]), inputs.seen, features.targets)


def _hash(*parts: str | Tensor) -> str:
    digest = hashlib.sha256()
    for part in parts:
        raw = part.encode() if isinstance(part, str) else part.contiguous().numpy().tobytes()
        digest.update(raw)
    return digest.hexdigest()[:16]
