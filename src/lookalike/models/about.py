"""What a model's owner says of it: a model.json, a sidecar file, or the licence in its README."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from lookalike.core.errors import ModelError
from lookalike.core.record import explain
from lookalike.models.layout import json_of, weight_files
from lookalike.models.spec import ModelSpec

STATED = ("family", "licence", "dtypes", "prediction", "zero_snr", "guidance")


def describe_path(path: Path, name: str, source: str) -> ModelSpec:
    """Fill a ModelSpec from what lies on this machine; nothing but headers and notes is read.

    A folder may hold `model.json`, a file `x.safetensors` may have `x.json` beside it: a JSON
    object with any of family, licence, dtypes, prediction, zero_snr and guidance. It goes before
    whatever the checkpoint says of itself; other keys are left alone.
    """
    notes = _notes(path)
    stated = {key: notes[key] for key in STATED if notes.get(key) is not None}
    stated.setdefault("licence", _readme_licence(path) or "unknown")
    stated.setdefault("family", _family(path))
    size = sum(file.stat().st_size for file in weight_files(path))
    try:
        return ModelSpec.model_validate({**stated, "name": name, "source": source, "bytes": size})
    except ValidationError as fault:
        raise ModelError(f"{_notes_file(path)}: {explain(fault, STATED)}") from fault


def _family(path: Path) -> str:
    from lookalike.models.family import file_family, folder_family

    return folder_family(path) if path.is_dir() else file_family(path)


def _notes_file(path: Path) -> Path:
    return path / "model.json" if path.is_dir() else path.with_suffix(".json")


def _notes(path: Path) -> dict[str, Any]:
    file = _notes_file(path)
    return json_of(file) if file.is_file() else {}


def _readme_licence(path: Path) -> str | None:
    """Give the licence in the heading lines of a hub README, `license: openrail++` and the like."""
    readme = path / "README.md"
    if not readme.is_file():
        return None
    heading = readme.read_text(encoding="utf-8", errors="replace")[:4000].split("---")
    lines = heading[1].splitlines() if len(heading) > 2 else []
    stated = dict(line.split(":", 1) for line in lines if line.startswith("license"))
    named = stated.get("license_name") or stated.get("license")
    return named.strip() if named and named.strip() else None
