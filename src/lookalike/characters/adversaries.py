"""The identity GAN: a generator and a discriminator that learn against each other."""

from __future__ import annotations

from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.func import functional_call

from lookalike.characters.names import Names
from lookalike.characters.recipe import GanRecipe
from lookalike.models.backbone import Backbone
from lookalike.models.maker import Discriminator, Generator
from lookalike.models.named import end_states
from lookalike.train.task import Task

WATCHED = 256
"""Characters whose distances from one another are watched."""
EVERY = 50
"""Steps from look to look."""


class Adversaries(nn.Module):
    """Both networks, so that one checkpoint holds them."""

    def __init__(self, recipe: GanRecipe, wide: int) -> None:
        super().__init__()
        chance = torch.Generator().manual_seed(recipe.schedule.seed)
        self.generator = Generator(recipe.generator, wide, chance)
        self.discriminator = Discriminator(wide, recipe.hidden, recipe.dropout, chance)


class GanTask(Task[GanRecipe]):
    """Least squares (Mao et al. 2017): the discriminator learns in even steps, then the generator.

    CharacterFactory's losses, with three repairs: consistency is the mean over all characters of
    a step, not that of the first; the discriminator's slope at names is held down (R1, Mescheder
    et al. 2018); and how far characters lie from one another, as a share of the names', is told.
    """

    called: ClassVar[str] = "gan"

    def __init__(self, backbone: Backbone, names: Names, kept: float, recipe: GanRecipe) -> None:
        self.recipe = recipe.model_copy(update={"names": names.sha256})
        self.backbone, self.widths = backbone, list(names.widths)
        self.mean, self.directions = names.directions(kept)
        self.names = names.coordinates(self.mean, self.directions)
        self.slots = names.rows.shape[1] // sum(self.widths)
        self.module = Adversaries(recipe, self.names.shape[1])
        self.apart = _apart(self.names[:WATCHED])
        self._told: dict[str, float] = {}

    def pace(self, name: str) -> float:
        """The discriminator's rate is a share of the generator's."""
        return self.recipe.pace if name.startswith("discriminator.") else 1.0

    def loss(self, step: int) -> tuple[Float[Tensor, ""], dict[str, float]]:
        """The discriminator's loss in even steps, the generator's in odd ones."""
        chance = self.chance(step)
        if step % 2 == 0:
            found = self._judging(step, chance)
            self._told["judge"] = float(found.detach())
        else:
            found = self._making(step, chance)
            self._told["maker"] = float(found.detach())
        if step % EVERY == 0:
            self._told["spread"] = self.spread()
        return found, dict(self._told)

    @torch.no_grad()
    def spread(self) -> float:
        """How far characters lie from one another as a share of the names': 0 if alike."""
        generator = self.module.generator.eval()
        found = generator(self._z(WATCHED, torch.Generator().manual_seed(0)))
        generator.train()
        return _apart(found) / self.apart

    def _judging(self, step: int, chance: torch.Generator) -> Float[Tensor, ""]:
        names = self.names[self.order(step // 2, len(self.names))]
        with torch.no_grad():
            made = self.module.generator(self._z(len(names), chance))
        real = self._blurred(names, step, chance).requires_grad_()
        judged = self.module.discriminator(real, chance)
        wrong = self.module.discriminator(self._blurred(made, step, chance), chance)
        found = (judged - 1).square().mean() + wrong.square().mean()
        if not self.recipe.r1:
            return found
        (slope,) = torch.autograd.grad(judged.sum(), real, create_graph=True)
        return found + self.recipe.r1 / 2 * slope.square().sum(1).mean()

    def _making(self, step: int, chance: torch.Generator) -> Float[Tensor, ""]:
        made = self.module.generator(self._z(self.schedule.batch, chance))
        still = {k: v.detach() for k, v in self.module.discriminator.state_dict().items()}
        seen = self._blurred(made, step, chance)
        judged = functional_call(self.module.discriminator, still, (seen, chance))
        found = (judged - 1).square().mean()
        if not self.recipe.consistency:
            return found
        return found + self.recipe.consistency * self._inconsistency(made, chance)

    def _inconsistency(
        self, made: Float[Tensor, "batch wide"], chance: torch.Generator
    ) -> Float[Tensor, ""]:
        """The mean distance between a character's readings in two different sentences."""
        templates = self.recipe.templates
        flat = made[: self.recipe.shared] @ self.directions + self.mean
        rows = flat.reshape(len(flat), self.slots, -1)
        words = [{"it": tuple(row.split(self.widths, -1))} for row in rows]
        first = int(torch.randint(len(templates), (), generator=chance))
        second = (first + int(torch.randint(1, len(templates), (), generator=chance))) % len(
            templates
        )
        found = [
            self._read(number, templates[first], words)
            - self._read(number, templates[second], words)
            for number in range(len(self.widths))
        ]
        return torch.stack([each.square().mean() for each in found]).mean()

    def _read(
        self, number: int, template: str, words: list[dict[str, tuple[Tensor, ...]]]
    ) -> Float[Tensor, "shared _"]:
        """The text encoder's outputs at the placeholders' places, one row for each character."""
        # The text ends where the character's words do: what stands behind them is not read there.
        text = template[: template.index("@it") + len("@it")]
        tower = self.backbone.towers[number]
        return end_states(tower, number, [text] * len(words), words, self.slots)

    def _blurred(
        self, x: Float[Tensor, "batch wide"], step: int, chance: torch.Generator
    ) -> Float[Tensor, "batch wide"]:
        """Noise on all that is judged, as names are points and characters fill space."""
        share = self.recipe.noise * (1 - step / self.schedule.steps)
        return x + share * torch.randn(x.shape, generator=chance)

    def _z(self, count: int, chance: torch.Generator) -> Float[Tensor, "count z"]:
        return torch.randn(count, self.recipe.generator.z, generator=chance)


def _apart(rows: Float[Tensor, "rows wide"]) -> float:
    """The mean distance of rows from one another."""
    return float(torch.pdist(rows).mean())
