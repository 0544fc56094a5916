"""How a diffusers folder is laid out: its components, their configs and their weight files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lookalike.core.errors import LookalikeError, ModelError
from lookalike.core.files import read_json
from lookalike.models.weights import read_header

COMPONENTS = ("unet", "vae", "text_encoder", "text_encoder_2", "clip")
STEMS = ("diffusion_pytorch_model", "model")
# The plain file first: what a folder holds must not depend on the precision asked for.
VARIANTS = (None, "fp16")


def json_of(path: Path) -> dict[str, Any]:
    """Read a JSON object that belongs to a model; ModelError when it is missing or damaged."""
    try:
        value = read_json(path)
    except LookalikeError as fault:
        raise ModelError(str(fault)) from fault
    if not isinstance(value, dict):
        raise ModelError(f"{path} should hold a JSON object")
    return value


def component_weights(folder: Path, component: str) -> tuple[str | None, list[Path]]:
    """Give a component's variant and its checked weight files; ModelError when it has none."""
    here = folder / component
    if not here.is_dir():
        raise ModelError(f"{folder} has no {component}: the checkpoint is incomplete")
    for variant in VARIANTS:
        files = sorted(file for pattern in patterns(variant) for file in here.glob(pattern))
        if files:
            for file in files:
                read_header(file)
            _all_shards(here, files)
            return variant, files
    pickled = [*here.glob("*.bin"), *here.glob("*.ckpt"), *here.glob("*.pt")]
    if pickled:
        raise ModelError(
            f"{pickled[0]} is a pickled checkpoint, which can run programs when opened; "
            "lookalike loads .safetensors only"
        )
    raise ModelError(f"{here} holds no .safetensors weights")


def patterns(variant: str | None) -> list[str]:
    """Name the weight files of a variant, whole or in shards, as file patterns."""
    mark = f".{variant}" if variant else ""
    shard = "-[0-9][0-9][0-9][0-9][0-9]-of-[0-9][0-9][0-9][0-9][0-9]"
    whole = [f"{stem}{mark}.safetensors" for stem in STEMS]
    cut = [f"{stem}{mark}{shard}.safetensors" for stem in STEMS]
    # Before diffusers 0.28 the variant stood behind the number.
    old = [f"{stem}{shard}{mark}.safetensors" for stem in STEMS] if variant else []
    return whole + cut + old


def _all_shards(here: Path, files: list[Path]) -> None:
    for file in files:
        if "-of-" in file.name:
            total = int(file.name.split("-of-")[1][:5])
            if len(files) < total:
                raise ModelError(f"{here} holds {len(files)} of {total} weight files")


def weight_files(path: Path) -> list[Path]:
    """List the weight files that make a model: a single file, or those of a folder's components."""
    if path.is_file():
        return [path]
    present = [name for name in COMPONENTS if (path / name).is_dir()]
    return [file for name in present for file in component_weights(path, name)[1]]
