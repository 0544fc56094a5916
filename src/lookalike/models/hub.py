"""The hub's door: a snapshot of what is needed and no more, from the cache where it can be."""

from __future__ import annotations

import re
from pathlib import Path

from lookalike.core.errors import ModelError
from lookalike.models.layout import COMPONENTS, patterns

HUB_ID = re.compile(r"\w[\w.-]*/\w[\w.-]*(@\w[\w./-]*)?")
ABOUT = ["model_index.json", "model.json", "README.md"]
TEXT_FILES = [
    "config.json",
    "vocab.txt",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
]
CLIP_FILES = [
    "config.json",
    "preprocessor_config.json",
    "vocab.json",
    "merges.txt",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "model.safetensors.index.json",
]


def fetch_checkpoint(place: str, *, half: bool = False) -> Path:
    """Give the folder of a diffusers checkpoint OWNER/NAME[@REVISION], fetching what lacks.

    With `half` the float16 files are preferred, which are half the size.
    """
    found: Path | None = None
    fault: ModelError | None = None
    for variant in ("fp16", None) if half else (None, "fp16"):
        weights = [f"{part}/{name}" for part in COMPONENTS for name in patterns(variant)]
        try:
            found = _snapshot(place, [*ABOUT, "*/*.json", "*/*.txt", *weights])
        except ModelError as error:
            fault = fault or error
            continue
        if any(file for name in patterns(variant) for file in (found / "unet").glob(name)):
            return found
    if found is None and fault is not None:
        raise fault
    assert found is not None
    return found


def fetch_checker(place: str) -> Path:
    """Give the folder of OWNER/NAME[@REVISION] with its safety checker, fetching what lacks."""
    weights = [f"safety_checker/{name}" for name in patterns(None)]
    return _snapshot(place, ["safety_checker/*.json", "feature_extractor/*.json", *weights])


def fetch_clip(place: str) -> Path:
    """Give the folder of a transformers CLIP OWNER/NAME[@REVISION], fetching what lacks."""
    return _snapshot(place, [*CLIP_FILES, *patterns(None)])


def fetch_sentences(place: str) -> Path:
    """Give the folder of a transformers sentence encoder OWNER/NAME[@REVISION]."""
    return _snapshot(place, [*TEXT_FILES, *patterns(None)])


def cached_file(place: str, file: str) -> Path | None:
    """Give a file of OWNER/NAME[@REVISION] when it was fetched before; the network is not asked."""
    from huggingface_hub import try_to_load_from_cache

    name, _, revision = place.partition("@")
    found = try_to_load_from_cache(name, file, revision=revision or None)
    return Path(found) if isinstance(found, str) else None


def _snapshot(place: str, wanted: list[str]) -> Path:
    from huggingface_hub import snapshot_download

    name, _, revision = place.partition("@")
    try:
        return Path(snapshot_download(name, revision=revision or None, allow_patterns=wanted))
    except Exception as fault:  # the hub's client lets its HTTP library's errors through
        raise ModelError(f"cannot fetch {place} from the hub: {_reason(fault)}") from fault


def _reason(fault: Exception) -> str:
    from huggingface_hub import errors

    if isinstance(fault, errors.GatedRepoError):
        return "its owner asks for an agreement first; accept it on its page, then: hf auth login"
    if isinstance(fault, errors.RepositoryNotFoundError):
        return "there is no model of that name, or it is private"
    if isinstance(fault, errors.RevisionNotFoundError):
        return "it has no such revision"
    if isinstance(fault, errors.HFValidationError):
        return "that is not a hub id, which reads OWNER/NAME"
    if isinstance(fault, errors.EntryNotFoundError | ConnectionError):
        return "the hub cannot be reached, and no complete copy is in the cache"
    lines = str(fault).strip().splitlines() or [type(fault).__name__]
    return lines[0][:160]
