"""Learning online: a few steps on a few pictures, in memory."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PIL.Image import Image

from lookalike.convert.learning.artefact import load_learner, read_domain
from lookalike.convert.learning.denoising import trainable
from lookalike.convert.learning.task import LearningRecipe, LearningTask
from lookalike.core.embedding import Embedding
from lookalike.models.backbone import Backbone
from lookalike.train.loop import train


def learn(
    backbone: Backbone, pictures: Sequence[Image], recipe: LearningRecipe, start: Path | None = None
) -> Embedding:
    """The pictures' prompts after a training on them, with what was learnt of the U-Net.

    `start` is a domain's file to begin from, whose prompts and scope go before the recipe's.

    Raises:
        ModelError: the file to start from cannot be read, or is for another model.
    """
    if start is not None:
        domain = read_domain(start.expanduser())
        own = {"prompts": domain.recipe.prompts, "scope": domain.recipe.scope}
        recipe = recipe.model_copy(update=own)
        task = LearningTask(backbone, pictures, recipe)
        task.module.load_state_dict(load_learner(domain, backbone).state_dict())
    else:
        task = LearningTask(backbone, pictures, recipe)
    with trainable(backbone, recipe):
        for _ in train(task, None):
            pass
    task.module.eval()
    return task.converted()
