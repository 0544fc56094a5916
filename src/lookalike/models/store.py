"""Models: chooses device and precision, keeps backbones warm and lends them out."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from lookalike.core.compute import PLAIN, Compute, Precision
from lookalike.core.errors import ModelError
from lookalike.models import catalogue
from lookalike.models.backbone import Backbone
from lookalike.models.computing import as_run, check_compiler, prepared
from lookalike.models.offloading import REST
from lookalike.models.spec import ModelSpec

Key = tuple[str, str | None, bool | None, float | None]
PRECISION = "LOOKALIKE_DTYPE"
"""What precision models run in where none is asked for: half takes half the memory."""

DTYPES = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}


class Models:
    """The one place that knows devices and precisions; everything else follows the tensors.

    A backbone is lent to one thread at a time, since what bends a picture patches a shared U-Net;
    the thread that holds it may borrow it again. `device` is "auto", "cpu", "cuda", "cuda:1" or
    "mps"; `clip` is the path or hub id of the CLIP for checkpoints without a vision tower;
    `compute` says how models are run.
    """

    def __init__(
        self,
        device: str = "auto",
        dtype: Precision = "auto",
        clip: str | None = None,
        compute: Compute | None = None,
    ) -> None:
        """Load nothing yet, and ask no device; `dtype` goes before that of `compute`."""
        self.compute = compute or Compute()
        if dtype != "auto":
            self.compute = self.compute.model_copy(update={"dtype": dtype})
        self._asked_device, self._clip = device, clip
        self._loaded: dict[Key, Backbone] = {}
        self._locks: dict[Key, threading.RLock] = {}
        self._door, self._borrowed = threading.Lock(), threading.local()

    @contextmanager
    def use(self, model: str | ModelSpec) -> Iterator[Backbone]:
        """Lend a backbone by catalogue name, hub id, folder, .safetensors path or ModelSpec.

        Within the block its name means the same model, and is not looked up again.
        """
        spec = self._resolved(model) if isinstance(model, str) else model
        with self._door:
            lock = self._locks.setdefault(_key(spec), threading.RLock())
        with lock, self._meant(model, spec):
            if _key(spec) not in self._loaded:
                self._loaded[_key(spec)] = self._load(spec)
            yield self._loaded[_key(spec)]

    def at_hand(self, model: str) -> Backbone | None:
        """A backbone that is loaded, whoever has borrowed it: to be asked about, not to be run."""
        return self._loaded.get(_key(self._resolved(model)))

    def _resolved(self, name: str) -> ModelSpec:
        """What a name means: to a thread that has borrowed it the same as before."""
        return self._names().get(name) or catalogue.resolve(name)

    @contextmanager
    def _meant(self, model: str | ModelSpec, spec: ModelSpec) -> Iterator[None]:
        names = self._names()
        if not isinstance(model, str) or model in names:
            yield
            return
        names[model] = spec
        try:
            yield
        finally:
            del names[model]

    def _names(self) -> dict[str, ModelSpec]:
        """The names that this thread has borrowed."""
        return vars(self._borrowed).setdefault("names", {})

    def free(self) -> None:
        """Let go of every backbone that no other thread has borrowed, and of its memory."""
        with self._door:
            for key, lock in self._locks.items():
                if lock.acquire(blocking=False):
                    self._loaded.pop(key, None)
                    lock.release()
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    @property
    def device(self) -> torch.device:
        """The device in use: the one asked for, or the best that is there."""
        name = self._asked_device
        if name == "auto":
            apple = "mps" if torch.backends.mps.is_available() else "cpu"
            return torch.device("cuda" if torch.cuda.is_available() else apple)
        try:
            device = torch.device(name)
        except RuntimeError as fault:
            raise ModelError(f"there is no device {name!r}; try auto, cpu, cuda or mps") from fault
        present = {"cpu": 1, "cuda": torch.cuda.device_count(), "mps": _apple_gpus()}
        if (device.index or 0) >= present.get(device.type, 0):
            raise ModelError(f"there is no device {name!r} on this machine; try auto or cpu")
        return device

    def dtype(self, spec: ModelSpec) -> torch.dtype:
        """Choose a precision: the one asked for, here or by the variable for all commands.

        Where none is, float16 on CUDA if the model bears it, else float32.
        """
        named = os.environ.get(PRECISION) or "auto"
        name = named if self.compute.dtype == "auto" else self.compute.dtype
        if name not in ("auto", *DTYPES):
            raise ModelError(f"{PRECISION} is {name!r}; it can be auto, {', '.join(DTYPES)}")
        if name == "auto":
            half = self.device.type == "cuda" and "float16" in spec.dtypes
            return torch.float16 if half else torch.float32
        if name not in spec.dtypes:
            raise ModelError(f"{spec.name} does not bear {name}; it bears {', '.join(spec.dtypes)}")
        return DTYPES[name]

    def running(self, compute: Compute | None, model: str) -> Models:
        """Models on this device that run a model so; these ones where they do already.

        None is plainly, as recipes say it, however these here run.
        """
        compute = compute or PLAIN
        own = as_run(self.compute, self.dtype(catalogue.resolve(model)), compute.lora_sha256)
        if own == compute:
            return self
        return Models(self._asked_device, clip=self._clip, compute=compute)

    def _load(self, spec: ModelSpec) -> Backbone:
        from lookalike.models.loader import found, load_backbone

        half = self.dtype(spec) is not torch.float32
        path, spec = found(spec, half=half)
        if self.compute.compile:
            check_compiler(self.device, offload=self.compute.offload)
        place = REST if self.compute.offload else self.device
        backbone = load_backbone(path, spec, place, self.dtype(spec), self._clip)
        return prepared(backbone, self.compute, self.device)


def _key(spec: ModelSpec) -> Key:
    """Tell models apart by what changes their pictures, not by what is known of them."""
    return spec.source, spec.prediction, spec.zero_snr, spec.guidance


def _apple_gpus() -> int:
    return int(torch.backends.mps.is_available())
