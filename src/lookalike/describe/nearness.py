"""How near texts are to a picture in CLIP's shared space."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jaxtyping import Float
    from PIL.Image import Image
    from torch import Tensor

    from lookalike.describe.bank import Bank
    from lookalike.models.clip import Clip


def looked(clip: Clip, pictures: Sequence[Image]) -> Float[Tensor, "pictures shared"]:
    """The pictures' places in the shared space, at length 1, on the CPU."""
    import torch

    with torch.no_grad():
        return torch.nn.functional.normalize(clip.see(pictures).projected, dim=-1).cpu()


class Nearness:
    """The cosines of texts with one picture; every text is read once and remembered."""

    def __init__(self, clip: Clip, vector: Float[Tensor, " shared"]) -> None:
        """Take a CLIP and the place of a picture in its shared space."""
        self.clip, self.vector = clip, vector
        self.known: dict[str, float] = {}

    def of(self, texts: Sequence[str]) -> list[float]:
        """The cosine of each text; those that are new are read in one batch."""
        import torch

        new = [text for text in dict.fromkeys(texts) if text not in self.known]
        if new:
            with torch.no_grad():
                scores = (self.clip.project(new).cpu() @ self.vector).tolist()
            self.known.update(zip(new, scores, strict=True))
        return [self.known[text] for text in texts]

    def gains(self, bank: Bank, frame: str, phrases: Sequence[str]) -> list[float]:
        """What a description loses without each of its phrases in turn."""
        said = tuple(phrases)
        without = [said[:i] + said[i + 1 :] for i in range(len(said))]
        whole, *bare = self.of([bank.text(frame, each) for each in (said, *without)])
        return [round(whole - each, 6) for each in bare]
