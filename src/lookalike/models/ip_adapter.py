"""IP-Adapters: weights that let a U-Net look at pictures, read through diffusers' own loader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import torch
from jaxtyping import Float
from PIL.Image import Image
from torch import Tensor

from lookalike.core.errors import ModelError, OptionError
from lookalike.models.backbone import Backbone
from lookalike.models.eye import Eye, Reads, eye_sha256, load_eye
from lookalike.models.folder import loading
from lookalike.models.hashing import files_sha256
from lookalike.models.parts import settled
from lookalike.models.weights import Header, read_header

TOKENS = 4
"""How many tokens an adapter of the first kind makes of a picture."""

Told = Float[Tensor, "pictures tokens width"]


@dataclass(frozen=True)
class AdapterFile:
    """What an IP-Adapter's file says of itself in its header."""

    header: Header
    reads: Reads
    width: int  # of what it reads of a vision tower
    told: int  # of the tokens that it tells the U-Net

    @property
    def path(self) -> Path:
        """Where it lies."""
        return self.header.path


@dataclass(frozen=True, eq=False)
class Adapter:
    """A loaded IP-Adapter: the eye that it looks through, and what it adds to a U-Net's layers.

    `layers` holds diffusers' processors by the path of their cross-attention layer; each has the
    projections of a picture's tokens to keys and values, `to_k_ip` and `to_v_ip`.
    """

    eye: Eye
    reads: Reads
    projection: Any
    layers: Mapping[str, Any]

    @torch.no_grad()
    def tokens(self, pictures: Sequence[Image]) -> Told:
        """Pictures as the tokens that the U-Net attends to."""
        return self.projection(self.eye.look(pictures, self.reads))

    @torch.no_grad()
    def blank(self) -> Told:
        """The tokens that stand for no picture."""
        return self.projection(self.eye.blank(self.reads))


def fingerprints(weights: str, encoder: str | None) -> dict[str, str]:
    """SHA-256 of an adapter's file and of its encoder's weights, by their names.

    Raises:
        ModelError: one is not there, or is not what it should be.
    """
    file = _path(weights)
    read_adapter(file)
    found = {weights: files_sha256([file], file)}
    return found if encoder is None else found | {encoder: eye_sha256(_path(encoder))}


def read_adapter(path: Path) -> AdapterFile:
    """What an adapter's file is; ModelError where it is none that we can use."""
    header = read_header(path)
    shapes = {k.removeprefix("image_proj."): v for k, v in header.shapes.items()}
    if not header.has("image_proj.") or not header.has("ip_adapter."):
        raise ModelError(f"{path} is not an IP-Adapter: it lacks image_proj or ip_adapter weights")
    if "proj.weight" in shapes:
        told, width = shapes["proj.weight"]
        found = AdapterFile(header, "projected", width, told // TOKENS)
    elif "proj.3.weight" in shapes and "proj.0.weight" in shapes:
        found = AdapterFile(
            header, "states", shapes["proj.0.weight"][1], shapes["proj.3.weight"][0]
        )
    elif {"latents", "proj_in.weight", "proj_out.weight"} <= shapes.keys():
        width, told = shapes["proj_in.weight"][1], shapes["proj_out.weight"][0]
        found = AdapterFile(header, "states", width, told)
    elif "norm.weight" in shapes:
        raise ModelError(
            f"{path} is a FaceID adapter: it reads a face model, which is for research only and "
            "not used here; name an adapter that reads CLIP"
        )
    else:
        raise ModelError(f"{path} is an IP-Adapter of a kind that is not known here")
    return found


_loaded: WeakKeyDictionary[Backbone, tuple[dict[str, str], Adapter]] = WeakKeyDictionary()


def adapter_of(backbone: Backbone, weights: str, encoder: str | None) -> Adapter:
    """The adapter of a backbone, kept with it until another one is asked for.

    Raises:
        OptionError: no weights are named. ModelError: they cannot be had, or do not fit the model.
    """
    if not weights:
        raise OptionError("ip-adapter has no weights of its own; name a file with --adapter")
    marks = fingerprints(weights, encoder)
    known, adapter = _loaded.get(backbone, (None, None))
    if adapter is None or known != marks:
        adapter = _load(backbone, read_adapter(_path(weights)), encoder)
        _loaded[backbone] = (marks, adapter)
    return adapter


def _load(backbone: Backbone, file: AdapterFile, encoder: str | None) -> Adapter:
    _check_layers(backbone, file)
    eye = _eye(backbone, file, encoder)
    state = _state(file)
    unet = backbone.unet
    # Modules that are about to be filled draw their first weights from the common generator.
    with loading(file.path), torch.random.fork_rng(devices=[]):
        made = unet._convert_ip_adapter_attn_to_diffusers([state], low_cpu_mem_usage=True)
        projection = unet._convert_ip_adapter_image_proj_to_diffusers(
            state["image_proj"], low_cpu_mem_usage=True
        )
        _check_filled(file, projection)
        settle = (backbone.device, backbone.dtype)
        layers = {path: settled(made[f"{path}.processor"], *settle) for path in _paths(backbone)}
        return Adapter(eye, file.reads, settled(projection, *settle), layers)


def _state(file: AdapterFile) -> dict[str, dict[str, Tensor]]:
    """The weights as diffusers' loader takes them: in two groups, without their prefixes."""
    from safetensors import safe_open

    state: dict[str, dict[str, Tensor]] = {"image_proj": {}, "ip_adapter": {}}
    with loading(file.path), safe_open(file.path, framework="pt", device="cpu") as stored:
        for name in file.header.shapes:
            group, _, rest = name.partition(".")
            if group in state:
                state[group][rest] = stored.get_tensor(name)
    return state


def _paths(backbone: Backbone) -> list[str]:
    """The cross-attention layers in the order in which adapters count them: diffusers' own."""
    names = [name.removesuffix(".processor") for name in backbone.unet.attn_processors]
    return [name for name in names if not name.endswith("attn1")]


def _check_layers(backbone: Backbone, file: AdapterFile) -> None:
    """Raise ModelError unless an adapter has the very layers that a backbone has."""
    shapes, paths = file.header.shapes, _paths(backbone)
    other = f"{file.path} is an IP-Adapter for another model than {backbone.name}"
    if file.told != backbone.width:
        raise ModelError(f"{other}: its tokens are {file.told} wide, not {backbone.width}")
    count = sum(name.endswith(".to_k_ip.weight") for name in shapes)
    if count != len(paths):
        raise ModelError(f"{other}: it is for {count} cross-attention layers, not {len(paths)}")
    for number, path in enumerate(paths):
        wanted = tuple(backbone.unet.get_submodule(path).to_k.weight.shape)
        for kind in ("k", "v"):
            # Odd numbers: the even ones belong to self-attention, which adapters leave alone.
            name = f"ip_adapter.{2 * number + 1}.to_{kind}_ip.weight"
            if shapes.get(name) != wanted:
                raise ModelError(f"{other}: {name} should be {_by(wanted)}")


def _check_filled(file: AdapterFile, projection: Any) -> None:
    """Raise ModelError where a file leaves weights of its own projection out."""
    empty = [name for name, weight in projection.named_parameters() if weight.is_meta]
    if empty:
        raise ModelError(f"{file.path} lacks weights that it should have, such as {min(empty)}")


def _by(shape: Sequence[int]) -> str:
    return " x ".join(map(str, shape))


def _eye(backbone: Backbone, file: AdapterFile, encoder: str | None) -> Eye:
    """The eye that an adapter was made for: the one named, or else the model's own if it fits."""
    if encoder is not None:
        eye, owner = load_eye(_path(encoder), backbone.device, backbone.dtype), encoder
    else:
        eye, owner = Eye(backbone.clip.vision, backbone.clip.preprocess), f"{backbone.name}'s CLIP"
    if eye.width(file.reads) == file.width:
        return eye
    what = "projection" if file.reads == "projected" else "states"
    raise ModelError(
        f"{file.path} reads a vision tower whose {what} are {file.width} wide; those of {owner} "
        f"are {eye.width(file.reads)}: name the tower's folder with --adapter-encoder"
    )


def _path(name: str) -> Path:
    return Path(name).expanduser()
