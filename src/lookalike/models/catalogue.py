"""The catalogue: which models there are on this machine, and which one a name means."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from lookalike.core.errors import ModelError, did_you_mean
from lookalike.models.about import describe_path
from lookalike.models.hashing import remembered_sha256, weights_sha256
from lookalike.models.hub import HUB_ID, cached_file
from lookalike.models.spec import ModelSpec, packaged
from lookalike.models.weights import refuse_pickle

VARIABLE = "LOOKALIKE_MODELS"


def known() -> list[ModelSpec]:
    """List the models at hand: those in the package, in $LOOKALIKE_MODELS, in the hub's cache.

    What is not a checkpoint of a family we know is left out. `sha256` is filled in for the
    package's own and where the files were hashed before; nothing big is read.
    """
    found: dict[str, ModelSpec] = {}
    for path, name, source in _candidates():
        try:
            spec = describe_path(path, name, source)
            own = spec.kind == "packaged"
            sha256 = weights_sha256(path) if own else remembered_sha256(path)
        except (ModelError, OSError):
            continue
        found.setdefault(name, spec.model_copy(update={"sha256": sha256}))
    return list(found.values())


def resolve(name: str) -> ModelSpec:
    """Give the model that a name means: a catalogue name, a source, a path, or a hub id.

    ModelError names the nearest known model when there is none, or says what is wrong with it.
    """
    for path, known_name, source in _candidates():
        if name in (known_name, source):
            return describe_path(path, known_name, source)
    if name.startswith(("file:", "hub:")):
        kind, place = name.split(":", 1)
        return _file(Path(place)) if kind == "file" else _hub(place)
    if _exists(name):
        return _file(Path(name))
    if _looks_like_a_path(name):
        refuse_pickle(Path(name))
        raise ModelError(f"there is no model {name}")
    if HUB_ID.fullmatch(name):
        return _hub(name)
    raise ModelError(_unknown(name))


def _file(path: Path) -> ModelSpec:
    path = path.expanduser().absolute()
    if not path.exists():
        raise ModelError(f"there is no model {path}")
    return describe_path(path, path.name if path.is_dir() else path.stem, f"file:{path}")


def _hub(place: str) -> ModelSpec:
    if not HUB_ID.fullmatch(place):
        raise ModelError(f"{place} is not a hub id, which reads OWNER/NAME or OWNER/NAME@REVISION")
    return ModelSpec(name=place, source=f"hub:{place}")


def _exists(name: str) -> bool:
    try:
        return bool(name.strip()) and Path(name).expanduser().exists()
    except (OSError, RuntimeError):  # too long for a path, or no such user's home
        return False


def _looks_like_a_path(name: str) -> bool:
    return (
        name.startswith((".", "/", "~", "packaged:"))
        or "\\" in name
        or name.count("/") > 1
        or Path(name).suffix.lower() in {".safetensors", ".ckpt", ".bin", ".pt", ".pth"}
    )


def _unknown(name: str) -> str:
    names = [each for _, each, _ in _candidates()]
    at_hand = f"at hand: {', '.join(names)}" if names else "none is at hand"
    lost = [str(root) for root in _roots() if not root.exists()]
    hint = f"; {VARIABLE} names {lost[0]}, which is not there" if lost else ""
    return (
        f"there is no model {name[:80]!r}{did_you_mean(name, names)} ({at_hand}; "
        f"else a hub id OWNER/NAME, a folder or a .safetensors file){hint}"
    )


def _candidates() -> Iterator[tuple[Path, str, str]]:
    """Give path, name and source of whatever looks like a checkpoint, the package's own first."""
    for path in _checkpoints(packaged()):
        yield path, path.name, f"packaged:{path.name}"
    for root in _roots():
        for path in _checkpoints(root):
            yield path, path.name if path.is_dir() else path.stem, f"file:{path}"
    for place in _cached_ids():
        if index := cached_file(place, "model_index.json"):
            yield index.parent, place, f"hub:{place}"


def _roots() -> list[Path]:
    named = os.environ.get(VARIABLE, "").split(os.pathsep)
    return [Path(each).expanduser().absolute() for each in named if each]


def _checkpoints(root: Path) -> list[Path]:
    """List the checkpoints in a folder, or the one that it is."""
    if root.is_file() or (root / "model_index.json").is_file():
        return [root]
    if not root.is_dir():
        return []
    try:
        inside = sorted(root.iterdir())
    except OSError:
        return []
    return [
        each
        for each in inside
        if each.suffix == ".safetensors" or (each / "model_index.json").is_file()
    ]


def _cached_ids() -> list[str]:
    """List the hub ids of models in the cache, told from its folder names alone."""
    from huggingface_hub import constants

    folders = sorted(Path(constants.HF_HUB_CACHE).glob("models--*--*"))
    return ["/".join(folder.name.split("--")[1:3]) for folder in folders]
