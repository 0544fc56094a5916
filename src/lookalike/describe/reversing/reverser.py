"""Reverser: a trained reverse model in use, and the folder that it is kept in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakKeyDictionary

import torch
from jaxtyping import Float
from PIL.Image import Image
from pydantic import Field
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor
from torch.nn.functional import normalize

from lookalike.core.about import about_of
from lookalike.core.errors import LookalikeError, ModelError
from lookalike.core.files import building, read_json, write_json
from lookalike.core.nearest import Nearest
from lookalike.core.record import Record
from lookalike.core.tensors import write_tensors
from lookalike.describe.bank import stored, stored_bank
from lookalike.describe.reversing.lists import Lists
from lookalike.describe.reversing.readers import Inputs, Kind, Reader, inputs_of, reader_of
from lookalike.models.portions import at_once

if TYPE_CHECKING:
    from lookalike.models.backbone import Backbone

FORMAT = "lookalike-reverse-2"
CONFIG, WEIGHTS = "config.json", "model.safetensors"
PROMPTS, BANK = "prompts.json", "bank.json"
INDEX = "nearest.bin"
"""The graph of the prompts' places, where there are so many that one is needed."""
FOLDER = "reverse"
"""Where a model's own reverse model lies, beside its weights."""

HALVES = 32
"""Pictures read at once; fewer where they are larger than mini's."""

Mark = tuple[Path, int, int, int]


class Shape(Record):
    """One reader of a reverse model, and its share in what the model says."""

    kind: Kind = Field(description="What it reads.")
    options: Mapping[str, Any] = Field(default_factory=dict, description="Its shape.")
    share: float = Field(ge=0, le=1, description="Its weight in the ensemble.")


class About(Record):
    """What a reverse model says of itself."""

    format: str = Field(description="The kind of file.")
    base: str = Field(description="The Backbone that it was trained on.")
    base_sha256: str = Field(description="Of that Backbone's weights.")
    clip_sha256: str = Field(default="", description="Of its CLIP, which most readers read alone.")
    width: int = Field(ge=1, description="Of the sentence space.")
    words: tuple[str, ...] = Field(description="The vocabulary.")
    readers: tuple[Shape, ...] = Field(min_length=1, description="The readers.")
    captioner: str = Field(description="The describer whose captions the white box reads.")
    caption: Mapping[str, Any] = Field(default_factory=dict, description="Its options.")
    weights: Mapping[str, float] = Field(description="Of the terms that rank texts.")
    notes: Mapping[str, Any] = Field(
        default_factory=dict, description="How it was trained, on what, and how good it is."
    )

    def fits(self, backbone: Backbone) -> bool:
        """Whether it reads pictures for a Backbone: the same one, or one with the same CLIP.

        A white-box reader looks with the U-Net, which must then be the same too.
        """
        if self.base_sha256 == backbone.sha256:
            return True
        if not self.clip_sha256 or self.is_white:
            return False
        return self.clip_sha256 == backbone.clip.sha256

    @property
    def is_white(self) -> bool:
        """Whether one of its readers is a white box, which reads captions beside pictures."""
        return any(reader.kind == "white" for reader in self.readers)


@dataclass(frozen=True, eq=False)
class Reverser:
    """Readers, detectors of words and of phrases, and an index of prompts, which belong together.

    `detector` is a linear layer over a predicted place (scaled to unit variance), calibrated.
    """

    about: About
    readers: Sequence[Reader]
    detector: tuple[Float[Tensor, "words width"], Float[Tensor, " words"]]
    lists: Lists
    prompts: tuple[str, ...]
    places: Float[Tensor, "prompts width"] = field(repr=False)
    found: Nearest | None = field(default=None, repr=False)  # the index, where one was kept

    @property
    def words(self) -> tuple[str, ...]:
        """The vocabulary."""
        return self.about.words

    @property
    def index(self) -> Nearest:
        """The prompts by their places: exact while they are few, a graph when they are many."""
        return self._index

    @cached_property
    def _index(self) -> Nearest:
        return self.found or Nearest.of(self.places.numpy())

    @property
    def weights(self) -> Mapping[str, float]:
        """What counts how much when candidates are ranked."""
        return self.about.weights

    def predict(
        self, backbone: Backbone, pictures: Sequence[Image]
    ) -> Float[Tensor, "pictures width"]:
        """Where the prompts of pictures lie in the sentence space, at length 1."""
        if not pictures:
            return torch.zeros(0, self.about.width)
        captions = [""] * len(pictures)
        if self.about.is_white:
            captions = self._captions(backbone, pictures)
        inputs = inputs_of(backbone, pictures, captions)
        size = at_once(backbone, HALVES)
        pieces = [slice(i, i + size) for i in range(0, len(inputs), size)]
        return torch.cat([self._read(backbone, inputs.take(piece)) for piece in pieces])

    @torch.no_grad()
    def _read(self, backbone: Backbone, inputs: Inputs) -> Float[Tensor, "batch width"]:
        said = [
            shape.share * reader(backbone, inputs)[0].cpu()
            for shape, reader in zip(self.about.readers, self.readers, strict=True)
        ]
        return normalize(torch.stack(said).sum(0), dim=-1)

    def _captions(self, backbone: Backbone, pictures: Sequence[Image]) -> list[str]:
        from lookalike.describe import describers

        captioner = describers.make(self.about.captioner, self.about.caption)
        found = captioner.describe(backbone, pictures, 1)
        return [each[0].text if each else "" for each in found]

    def modifiers(
        self, predicted: Float[Tensor, "pictures width"]
    ) -> Float[Tensor, "pictures words"]:
        """How likely each word of the vocabulary is in each prompt: calibrated probabilities."""
        weight, bias = self.detector
        return torch.sigmoid(predicted * self.about.width**0.5 @ weight.T + bias)


def reverser_of(backbone: Backbone, path: str | None = None) -> Reverser:
    """The reverse model in the folder `path`, else the Backbone's own, else the packaged one.

    The last one of a Backbone is kept, until its file is another.

    Raises:
        ModelError: there is none, it is damaged, or it was trained on another model.
    """
    found = own_folder(backbone) if path is None else Path(path)
    if found is None:
        raise ModelError(
            f"there is no reverse model of {backbone.name}; `lookalike reverse train` makes one, "
            "and --weights names its folder"
        )
    mark = _mark(found)
    if mark is None:
        return load_reverser(found, backbone)
    last = _last.get(backbone)
    if last is None or last[0] != mark:
        last = _last[backbone] = mark, load_reverser(found, backbone)
    return last[1]


# Weak, so that a model that is freed takes its memory with it.
_last: WeakKeyDictionary[Backbone, tuple[Mark, Reverser]] = WeakKeyDictionary()


def _mark(folder: Path) -> Mark | None:
    """What tells a model's folder from another, and from itself after another training."""
    try:
        state = (folder / WEIGHTS).stat()
    except OSError:
        return None  # loading tells what is wrong with it
    return folder.resolve(), state.st_ino, state.st_mtime_ns, state.st_size


def own_folder(backbone: Backbone) -> Path | None:
    """Where the Backbone's own reverse model lies: beside its weights, or in the package."""
    from lookalike.models.spec import packaged

    places = [place / FOLDER for place in (backbone.folder, packaged()) if place is not None]
    kept = [each for each in places if (each / CONFIG).is_file()]
    return next((each for each in kept if _about(each).fits(backbone)), None)


def load_reverser(folder: Path, backbone: Backbone) -> Reverser:
    """The reverse model of a folder, ready to read pictures.

    Raises:
        ModelError: the folder holds none, it is damaged, or it was trained on another model.
    """
    about = _about(folder)
    if not about.fits(backbone):
        raise ModelError(
            f"{folder} was trained on {about.base} ({about.base_sha256[:8]}…), not on "
            f"{backbone.name} ({backbone.sha256[:8]}…); train again on this model"
        )
    try:
        tensors = {k: v.float() for k, v in load_file(folder / WEIGHTS).items()}
        prompts = _prompts(folder, len(tensors["places"]))
        readers = [
            _reader(place, each, about, backbone, tensors)
            for place, each in enumerate(about.readers)
        ]
        detector = tensors["detector.weight"], tensors["detector.bias"]
        lists = _lists(folder, tensors)
        kept, places = folder / INDEX, tensors["places"]
        found = Nearest.load(kept, rows=len(prompts), width=about.width) if kept.exists() else None
        return Reverser(about, readers, detector, lists, prompts, places, found)
    except KeyError as fault:
        raise ModelError(f"the reverse model in {folder} is damaged: {fault} lacks") from fault
    except (SafetensorError, OSError, RuntimeError, ValueError, TypeError, LookalikeError) as fault:
        line = " ".join(str(fault).split())[:160]
        raise ModelError(f"the reverse model in {folder} is damaged: {line}") from fault


def _prompts(folder: Path, count: int) -> tuple[str, ...]:
    found = read_json(folder / PROMPTS)
    if not isinstance(found, list) or len(found) != count:
        raise ModelError(f"{PROMPTS} should hold a list of {count} prompts")
    return tuple(map(str, found))


def _lists(folder: Path, tensors: Mapping[str, Tensor]) -> Lists:
    bank = stored_bank(folder / BANK)
    found = Lists(bank, *(tensors[f"lists.{name}"] for name in ("weight", "bias", "trust")))
    wanted = Lists.blank(bank, found.weight.shape[1])
    if found.weight.shape != wanted.weight.shape or found.trust.shape != wanted.trust.shape:
        raise ModelError(f"{BANK} holds other lists than {WEIGHTS}")
    return found


def _about(folder: Path) -> About:
    found = about_of(folder, CONFIG, About, what="reverse model")
    if found.format != FORMAT:
        raise ModelError(f"{folder} is not a folder that `lookalike reverse train` wrote")
    return found


def _reader(
    place: int, shape: Shape, about: About, backbone: Backbone, tensors: Mapping[str, Tensor]
) -> Reader:
    made = reader_of(shape.kind, backbone, about.width, 0, shape.options)
    prefix = f"reader.{place}."
    state = {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
    # Counters of batches are whole numbers, which were rounded like all else.
    known = made.state_dict()
    made.load_state_dict({k: v.to(known[k].dtype) for k, v in state.items() if k in known})
    return cast(Reader, made.to(backbone.device).eval().requires_grad_(False))


def save_reverser(reverser: Reverser, folder: Path) -> None:
    """Write a reverse model into a new folder, at once; weights in half precision.

    Raises:
        OutputError: the folder is there and is not empty.
    """
    tensors = {
        f"reader.{place}.{name}": tensor
        for place, reader in enumerate(reverser.readers)
        for name, tensor in reader.state_dict().items()
        if not name.startswith("words.")
    }
    tensors |= {
        "detector.weight": reverser.detector[0],
        "detector.bias": reverser.detector[1],
        "lists.weight": reverser.lists.weight,
        "lists.bias": reverser.lists.bias,
        "lists.trust": reverser.lists.trust,
        "places": reverser.places,
    }
    with building(folder) as work:
        write_tensors(work / WEIGHTS, {k: _half(v) for k, v in tensors.items()})
        write_json(work / PROMPTS, list(reverser.prompts))
        write_json(work / BANK, stored(reverser.lists.bank))
        if not reverser.index.exact:
            reverser.index.save(work / INDEX)
        write_json(work / CONFIG, reverser.about.model_dump(mode="json"))


def _half(tensor: Tensor) -> Tensor:
    return tensor.half() if tensor.is_floating_point() else tensor
