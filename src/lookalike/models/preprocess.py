"""Pictures made ready for a CLIP vision tower, with Pillow and torch alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from jaxtyping import Float
from PIL import ImageOps
from PIL.Image import Image, Resampling
from torch import Tensor

from lookalike.core.files import read_json

Fit = Literal["crop", "pad", "squash"]

# The means and deviations of OpenAI's CLIP (Radford et al., 2021), used by every CLIP since.
MEAN = (0.48145466, 0.4578275, 0.40821073)
DEVIATION = (0.26862954, 0.26130258, 0.27577711)
# The means and deviations of ImageNet, which most other vision towers were trained with.
IMAGENET_MEAN, IMAGENET_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
WIDEST = 64  # times the shorter side: the ends of a longer strip are cut off before resizing


@dataclass(frozen=True)
class Preprocess:
    """How one CLIP wants its pictures: side in pixels, mean and deviation of each channel."""

    side: int
    mean: tuple[float, ...] = MEAN
    deviation: tuple[float, ...] = DEVIATION
    resample: int = Resampling.BICUBIC

    @classmethod
    def of(cls, config: Mapping[str, Any], side: int) -> Preprocess:
        """Read a preprocessor_config.json; `side` is that of the vision tower itself."""
        return cls(
            side=side,
            mean=tuple(config.get("image_mean", MEAN)),
            deviation=tuple(config.get("image_std", DEVIATION)),
            resample=int(config.get("resample", Resampling.BICUBIC)),
        )

    def __call__(
        self, pictures: Sequence[Image], fit: Fit = "crop"
    ) -> Float[Tensor, "batch channels side side"]:
        """Fit pictures into the square and normalise them."""
        fitted = [np.asarray(self.fit(picture.convert("RGB"), fit)) for picture in pictures]
        shape = (len(fitted), self.side, self.side, 3)
        pixels = torch.from_numpy(np.stack(fitted) if fitted else np.zeros(shape, np.uint8))
        scaled = pixels.permute(0, 3, 1, 2).float() / 255
        mean, deviation = torch.tensor(self.mean), torch.tensor(self.deviation)
        return (scaled - mean[:, None, None]) / deviation[:, None, None]

    def fit(self, picture: Image, fit: Fit) -> Image:
        """Make a picture square: its middle, or all of it padded, or all of it squashed."""
        size = (self.side, self.side)
        resample = Resampling(self.resample)
        if fit == "squash":
            return picture.resize(size, resample)
        if fit == "pad":
            # The mean colour becomes zero: the least the tower can see of a border.
            ground = tuple(round(255 * value) for value in self.mean)
            return ImageOps.pad(picture, size, resample, color=ground)
        return self.crop(picture)

    def crop(self, picture: Image) -> Image:
        """Resize the shorter side, then cut out the middle, rounding as CLIP's own code does."""
        picture = middle(picture, WIDEST * min(picture.size))
        short, long = sorted(picture.size)
        longer = int(self.side * long / short)
        upright = picture.width <= picture.height
        size = (self.side, longer) if upright else (longer, self.side)
        return middle(picture.resize(size, Resampling(self.resample)), self.side)


def beside(folder: Path | None, side: int) -> Preprocess:
    """How a vision tower that is no CLIP's wants its pictures, by the file beside its weights.

    Without the file, or where it does not tell, ImageNet's means and deviations are taken.
    """
    file = folder and folder / "preprocessor_config.json"
    known = read_json(file) if file and file.is_file() else {}
    usual = {"image_mean": IMAGENET_MEAN, "image_std": IMAGENET_DEVIATION}
    return Preprocess.of({**usual, **known}, side)


def middle(picture: Image, side: int) -> Image:
    """Cut out the middle, at most `side` pixels wide and high."""
    width, height = min(side, picture.width), min(side, picture.height)
    left, top = (picture.width - width) // 2, (picture.height - height) // 2
    return picture.crop((left, top, left + width, top + height))
