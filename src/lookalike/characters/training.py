"""Training of a generator of characters, from the names to the folder that it is kept in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import torch

from lookalike.characters.adversaries import Adversaries, GanTask
from lookalike.characters.names import Names, file_names, world_names
from lookalike.characters.recipe import CharactersRecipe
from lookalike.core.errors import OptionError
from lookalike.models.backbone import Backbone
from lookalike.models.maker import FORMAT, About, Generator, Maker
from lookalike.train.checkpoint import trained_weights
from lookalike.train.loop import Step, train

SETTLING = 8192
"""Characters that the final statistics of a generator's outputs are taken of."""
KEPT = 2000
"""Training identities that a generator keeps, to tell how near to them a character is."""


def trained(
    backbone: Backbone, recipe: CharactersRecipe, run: Path, file: Path | None = None
) -> Iterator[tuple[str, Step] | Maker]:
    """Train a generator; a run that was stopped goes on. Yields steps, and the generator last.

    `file` holds the names where the recipe wants them from a file.

    Raises:
        OptionError: the recipe and `file` do not fit, or the file holds too few names.
        ModelError: the run is another recipe's, or damaged.
    """
    names = None
    if recipe.names.source == "file":
        if file is None:
            raise OptionError("this recipe learns from names in a file; name one with --names")
        names = file_names(backbone, file)
    elif file is not None:
        raise OptionError("this recipe learns from the drawn world's characters, not from --names")
    else:
        for each in world_names(backbone, recipe.names, run):
            if isinstance(each, Names):
                names = each
            else:
                yield "words", each
    assert names is not None  # by the contract of `world_names`
    task = GanTask(backbone, names, recipe.names.kept, recipe.gan)
    for step in train(task, run / task.called):
        yield task.called, step
    yield _made(backbone, recipe, task, names, run / task.called)


def _made(
    backbone: Backbone, recipe: CharactersRecipe, task: GanTask, names: Names, run: Path
) -> Maker:
    both = Adversaries(recipe.gan, task.names.shape[1])
    both.load_state_dict(trained_weights(run))
    settled(both.generator)
    task.module = both
    about = About(
        format=FORMAT,
        base=backbone.name,
        space=backbone.space,
        shape=recipe.gan.generator,
        judge=recipe.gan.hidden,
        slots=task.slots,
        portrait=recipe.portrait,
        licence=recipe.licence,
        notes={
            "recipe": recipe.model_dump(mode="json"),
            "names": len(names.rows),
            "spread": round(task.spread(), 4),
        },
    )
    generator = both.generator.eval().requires_grad_(False)
    judge = both.discriminator.requires_grad_(False)
    judge.dropout = 0.0
    kept = task.names[:KEPT]
    return Maker(about, generator, judge, task.mean, task.directions, kept, list(names.widths))


@torch.no_grad()
def settled(generator: Generator) -> None:
    """Take the statistics of a generator's outputs anew: averaged weights have others."""
    z = torch.randn(SETTLING, generator.z, generator=_chance())
    generator.mean.zero_()
    generator.variance.fill_(1)
    found = generator.eval().raw(z)
    generator.mean.copy_(found.mean(0))
    generator.variance.copy_(found.var(0))


def _chance() -> torch.Generator:
    return torch.Generator().manual_seed(1)
