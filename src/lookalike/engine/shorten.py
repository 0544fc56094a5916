"""Which words of a prompt matter: each is left out in turn, and the change of its effect measured.

The measure is ours. A model that is shown noisy latents x at a noise level predicts clean ones,
D(x, level, text). The effect of a prompt there is what guidance makes stronger, e(prompt) =
sum of w (D(x, level, part) - D(x, level, no text)) over its parts, w their weights relative to the
positive ones. How much a change of the prompt changes that is

    |e(prompt) - e(changed)| / |e(prompt)|,

lengths over all values of one picture, averaged over the pictures of a few fixed seeds and the
levels of a short run that makes them from the whole prompt. It is 0 where nothing changes and 1
where no text is left. It may be above 1, where what is left says something else.

Two words that say the same thing hide each other: without either one, little changes. The shorter
prompts are measured as they are, so there the loss of both shows. References and what is avoided
play no part.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence

import torch
from jaxtyping import Float
from pydantic import Field
from torch import Tensor

from lookalike.core.embedding import Embedding
from lookalike.core.errors import OptionError, PromptError
from lookalike.core.language import write
from lookalike.core.pieces import By, pieces, without
from lookalike.core.record import Record, Text
from lookalike.core.records import Part, Prompt
from lookalike.engine.guidance import total_weight
from lookalike.engine.plan import draw_seeds, noise, size_of
from lookalike.engine.run import Progress
from lookalike.models.backbone import Backbone

MOST = 100
"""Pieces of a prompt that are left out one by one; text towers read fewer words."""

OFFERED = 5
"""Shorter prompts that are offered."""

ENOUGH = 0.5
"""The share of the effect that a shorter prompt must keep to be offered; ours, by eye on mini."""

_PICTURES = 2
_BATCH = 16  # rows that the U-Net reads at once
_TRIED = 12  # shorter prompts that are measured
_BARE = ""  # no part of a prompt has this text

Parts = tuple[Part, ...]
Latents = Float[Tensor, "batch channels height width"]


class Weighed(Record):
    """A word or phrase of a prompt, and how much of the prompt's effect changes without it."""

    text: Text = Field(description="The word or phrase.")
    share: float = Field(ge=0, description="The change, 1 being as much as without any text.")


class Shorter(Record):
    """A shorter prompt, and how much of the whole prompt's effect it keeps."""

    text: Text = Field(description="The prompt, with all parameters of the whole one.")
    keeps: float = Field(le=1, description="1 less the change.")
    dropped: tuple[int, ...] = Field(description="The numbers of the pieces it lacks, from 0.")


class Shortened(Record):
    """What every piece of a prompt counts for, and shorter prompts, the longest first."""

    pieces: tuple[Weighed, ...] = Field(description="The words or phrases, in order.")
    prompts: tuple[Shorter, ...] = Field(description="Shorter prompts, without the weakest pieces.")


def shorten(
    backbone: Backbone, prompt: Prompt, *, by: By = "words", levels: int = 4
) -> Generator[Progress, None, Shortened]:
    """Measure step by step, and return what was found; see the module for the measure.

    Raises:
        PromptError: the prompt has no words.
        OptionError: it has too many, or `levels` is not in 1 to 50.
    """
    found = pieces(prompt, by)
    _check(len(found), by, levels)
    alone = [without(prompt, found, {number}) for number in range(len(found))]
    shares = yield from _mean(backbone, prompt, alone, levels, 0)
    order = sorted(range(len(found)), key=shares.__getitem__)
    drops = [tuple(sorted(order[:count])) for count in _spread(range(1, len(found)), _TRIED)]
    fewer = [without(prompt, found, drop) for drop in drops]
    changes = yield from _mean(backbone, prompt, fewer, levels, levels)
    return Shortened(
        pieces=tuple(Weighed(text=f.text, share=s) for f, s in zip(found, shares, strict=True)),
        prompts=tuple(_offered(prompt, drops, fewer, changes)),
    )


def _check(count: int, by: By, levels: int) -> None:
    if not 1 <= levels <= 50:
        raise OptionError(f"a prompt is measured at 1 to 50 noise levels, not {levels}")
    if count == 0:
        raise PromptError("there are no words to leave out of this prompt")
    if count > MOST:
        raise OptionError(f"{count} {by} are more than the {MOST} that are left out one by one")


def _offered(
    prompt: Prompt, drops: Sequence[tuple[int, ...]], fewer: Sequence[Parts], changes: list[float]
) -> Iterator[Shorter]:
    fits = [
        number
        for number, change in enumerate(changes)
        # A prompt is one only as long as its weights have a positive sum.
        if 1 - change >= ENOUGH and sum(part.weight for part in fewer[number]) > 0
    ]
    for number in _spread(fits, OFFERED):
        text = write(prompt.model_copy(update={"parts": fewer[number]}), strict=False)
        yield Shorter(text=text, keeps=1 - changes[number], dropped=drops[number])


def _spread(items: Sequence[int], most: int) -> list[int]:
    """Up to `most` of the items, evenly spread, the first and the last among them."""
    if len(items) <= most:
        return list(items)
    return [items[round(i * (len(items) - 1) / (most - 1))] for i in range(most)]


def _mean(
    backbone: Backbone, prompt: Prompt, wordings: Sequence[Parts], levels: int, before: int
) -> Generator[Progress, None, list[float]]:
    """The change that each wording brings, averaged; `before` counts the steps done already."""
    total = torch.zeros(len(wordings))
    if wordings:
        for number, (clean, changes) in enumerate(_changes(backbone, prompt, wordings, levels), 1):
            total += changes
            yield Progress(before + number, 2 * levels, clean)
    return (total / levels).tolist()


@torch.no_grad()
def _changes(
    backbone: Backbone, prompt: Prompt, wordings: Sequence[Parts], levels: int
) -> Iterator[tuple[Latents, Float[Tensor, " wordings"]]]:
    """At each level, the clean prediction and how much each wording changes the effect."""
    settings = prompt.settings
    guidance = settings.guided(backbone.guidance)
    scheduler = backbone.scheduler(levels)
    seeds = draw_seeds(settings.seed or 0, _PICTURES)
    x = noise(backbone, seeds, size_of(backbone, settings)) * scheduler.init_noise_sigma
    texts = _Texts(backbone, prompt, wordings)
    for level in scheduler.timesteps:
        seen = texts.seen(x, level)
        whole = effect(seen, prompt.parts)
        size = _length(whole).clamp_min(torch.finfo(whole.dtype).tiny)
        changes = [(_length(whole - effect(seen, one)) / size).mean() for one in wordings]
        clean = seen[_BARE] + guidance * whole
        x = scheduler.step(clean, level, x, return_dict=False)[0]
        yield clean, torch.stack(changes).cpu()


def effect(seen: Mapping[str, Latents], parts: Parts) -> Latents:
    """What the parts of a prompt do together, of what the model sees with each of their texts."""
    total = total_weight([part.weight for part in parts])
    done = torch.zeros_like(seen[_BARE])
    for part in parts:
        if part.weight:
            done = done + part.weight / total * (seen[part.text] - seen[_BARE])
    return done


def _length(effects: Latents) -> Float[Tensor, " batch"]:
    return effects.flatten(1).norm(dim=1)


class _Texts:
    """All texts that some wordings are made of, read once."""

    def __init__(self, backbone: Backbone, prompt: Prompt, wordings: Sequence[Parts]) -> None:
        every = (part.text for parts in (prompt.parts, *wordings) for part in parts)
        self.backbone, self.names = backbone, list(dict.fromkeys(every))
        self.bare = backbone.unconditional()
        self.read = backbone.embed(self.names)

    def seen(self, x: Latents, level: Tensor) -> dict[str, Latents]:
        """What the model sees in `x` with each text, and without any."""
        bare = self.backbone.denoise(x, level, self.bare)
        step = max(1, _BATCH // len(x))
        told = [
            self._denoised(x, level, slice(start, start + step))
            for start in range(0, len(self.names), step)
        ]
        return {_BARE: bare, **dict(zip(self.names, torch.cat(told), strict=True))}

    def _denoised(
        self, x: Latents, level: Tensor, rows: slice
    ) -> Float[Tensor, "texts batch channels height width"]:
        pooled = self.read.pooled
        some = Embedding(
            self.read.tokens[rows], None if pooled is None else pooled[rows], self.read.space
        )
        many = x.repeat(len(some), 1, 1, 1)
        seen = self.backbone.denoise(many, level, some.repeat(len(x)))
        return seen.unflatten(0, (len(some), len(x)))
