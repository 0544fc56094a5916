"""Training of the attribute probe, and of the judge, on real renderings only."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int64
from torch import Tensor
from torch.nn import functional

from lookalike.mini.data import CPU, as_tensor, placed, scaled, sent
from lookalike.mini.recipe import ProbeRecipe
from lookalike.models.probe import Heads, ProbeNet
from lookalike.train.task import Task
from lookalike.train.together import dealt, joined
from lookalike.world.dataset import Dataset

ABSENT = -100
"""The label of an attribute that a picture does not show: cross entropy leaves it out."""


def labels(data: Dataset, heads: Heads) -> dict[str, Int64[Tensor, " count"]]:
    """Class numbers of every attribute for every picture."""
    places = {name: {v: i for i, v in enumerate(words)} for name, words in heads.items()}
    known = [look.values for look in data.looks]
    return {
        name: torch.tensor([of[row[name]] if name in row else ABSENT for row in known])
        for name, of in places.items()
    }


def blurred(
    pictures: Float[Tensor, "batch 3 height width"], chance: torch.Generator
) -> Float[Tensor, "batch 3 height width"]:
    """Pictures a little softer, noisier and shifted, so that no verdict hangs on a crisp edge."""
    soft = functional.avg_pool2d(functional.pad(pictures, (1, 1, 1, 1), mode="replicate"), 3, 1)
    place = pictures.device
    share = sent(torch.rand((len(pictures), 1, 1, 1), generator=chance), place)
    noise = sent(torch.randn(pictures.shape, generator=chance), place) * 0.08
    mixed = torch.lerp(pictures, soft, share) + noise * share.flip(0)
    shift = torch.randint(-2, 3, (2,), generator=chance).tolist()
    return torch.roll(mixed, shift, (2, 3))


class ProbeTask(Task[ProbeRecipe]):
    """The mean cross entropy over attributes: those of `heads`, with their values."""

    called = "probe"
    shared = True

    def __init__(
        self, recipe: ProbeRecipe, data: Dataset, heads: Heads, device: torch.device = CPU
    ) -> None:
        self.recipe = recipe
        torch.manual_seed(recipe.schedule.seed)
        self.module = placed(ProbeNet(heads, recipe.widths, data.pictures.shape[1]), device)
        self.pictures = as_tensor(data).to(device)
        # On the CPU, which knows without asking a device which heads a batch concerns.
        self.labels = labels(data, heads)

    def loss(self, step: int) -> tuple[Float[Tensor, ""], dict[str, Tensor]]:
        """The error of one batch, with the mean accuracy over the attributes that it shows."""
        which = self.order(step, len(self.pictures))
        shown = scaled(self.pictures[sent(which, self.pictures.device)])
        losses, right = [], []
        for name, own in self.module(dealt(blurred(shown, self.chance(step)))).items():
            logits, rows = joined(own.float()), self.labels[name][which]
            seen = (rows != ABSENT).nonzero()[:, 0]
            if len(seen):
                found = logits[sent(seen, logits.device)]
                target = sent(rows[seen], logits.device)
                losses.append(functional.cross_entropy(found, target))
                right.append((found.argmax(1) == target).float().mean())
        return torch.stack(losses).mean(), {"accuracy": torch.stack(right).mean()}
