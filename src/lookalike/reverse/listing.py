"""Lists learnt: which phrase of each list of a bank is said, from pictures and their prompts."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from lookalike.describe.bank import Bank
from lookalike.describe.reversing.lists import ByList, Lists, cosines, logits, told_by
from lookalike.describe.reversing.words import words_of
from lookalike.models.clip import Clip

ROWS = 20_000
"""Training pictures that are looked at; more would tell little more of so few numbers."""

RIDGE, SLIGHT = 0.3, 1e-3
"""How strongly weights are held to 0, features being of unit variance over all of them together;
and biases, which are held at all only so that they stay finite."""

STEPS = 80

UNSAID = -1

Places = Int[Tensor, "prompts lists"]


def learnt_lists(
    clip: Clip, bank: Bank, seen: Float[Tensor, "pictures shared"], prompts: Sequence[str]
) -> Lists:
    """Lists of a bank, fitted to CLIP's features of pictures and to what their prompts say.

    What a prompt leaves out teaches only how often that happens, not which phrase is meant.
    """
    rows = torch.arange(0, len(seen), max(1, -(-len(seen) // ROWS)))
    some, told = seen[rows], said_in([prompts[int(i)] for i in rows], bank)
    mean, spread = some.mean(0), some.std(0, correction=0).clamp_min(1e-6) * some.shape[1] ** 0.5
    found = _fitted(bank, (some - mean) / spread, cosines(clip, bank, some), told)
    weight = found.weight / spread
    return Lists(bank, weight, found.bias - weight @ mean, found.trust)


def said_in(prompts: Sequence[str], bank: Bank) -> Places:
    """Which phrase of each list each prompt says, by its place; UNSAID where none.

    It is said where all words that it is known by stand between two commas, in any order; of
    several, the one of most words.
    """
    known = [_by_word(phrases) for phrases in told_by(bank)]
    found = torch.full((len(prompts), len(known)), UNSAID)
    for row, prompt in enumerate(prompts):
        parts = [frozenset(words_of(part)) for part in prompt.split(",")]
        for place, phrases in enumerate(known):
            held = [
                (-len(words), number)
                for part in parts
                for word in part
                for number, words in phrases.get(word, ())
                if words <= part
            ]
            found[row, place] = min(held)[1] if held else UNSAID
    return found


def _by_word(phrases: Sequence[frozenset[str]]) -> dict[str, list[tuple[int, frozenset[str]]]]:
    """Phrases by their rarest word, so that few are looked at for each word of a prompt."""
    counts: dict[str, int] = {}
    for words in phrases:
        for word in words:
            counts[word] = counts.get(word, 0) + 1
    found: dict[str, list[tuple[int, frozenset[str]]]] = {}
    for number, words in enumerate(phrases):
        if words:
            rarest = min(words, key=lambda word: (counts[word], word))
            found.setdefault(rarest, []).append((number, words))
    return found


def _fitted(bank: Bank, x: Float[Tensor, "rows shared"], near: ByList, told: Places) -> Lists:
    start = Lists.blank(bank, x.shape[1])
    values = [each.requires_grad_(True) for each in (start.weight, start.bias, start.trust)]
    optimiser = torch.optim.LBFGS(
        values, max_iter=STEPS, history_size=10, line_search_fn="strong_wolfe"
    )

    def closure() -> Tensor:
        optimiser.zero_grad()
        loss = _loss(start, x, near, told)
        loss.backward()
        return loss

    optimiser.step(closure)
    return Lists(bank, *(each.detach() for each in values))


def _loss(lists: Lists, x: Float[Tensor, "rows shared"], near: ByList, told: Places) -> Tensor:
    """The log loss of which phrase, where one is said, and of whether one is; and the ridge."""
    *parts, said = lists.split(x @ lists.weight.T + lists.bias)
    known = told != UNSAID
    loss = binary_cross_entropy_with_logits(said, known.to(said), reduction="sum")
    for place, (each, words, cosine) in enumerate(zip(parts, lists.words, near, strict=True)):
        rows = known[:, place]
        if rows.any():
            likely = logits(each[rows], words, cosine[rows], lists.trust[place])
            loss = loss + cross_entropy(likely, told[rows, place], reduction="sum")
    held = RIDGE / 2 * lists.weight.square().sum()
    return loss + held + SLIGHT * (lists.bias.square().sum() + lists.trust.square().sum() / 1e3)
