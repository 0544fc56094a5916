"""Names in a text that are read as vectors: `@nadia` stands for a character's pseudo-words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from lookalike.core.embedding import Embedding, join
from lookalike.models.backbone import Backbone
from lookalike.models.spoken import places
from lookalike.models.towers import BATCH, TextTower, batches

NAME = re.compile(r"(?<![\w@])@([a-z0-9][a-z0-9-]{0,39})(?![\w@])")
"""How a name stands among words; not as in me@example."""

Vectors = Float[Tensor, "slots _"]
Words = Sequence[Vectors]
"""What a name is read as: a few token embeddings for each text tower of a model."""

Names = Mapping[str, Words]
"""What is spoken for by names, which are written without @."""


class Place(NamedTuple):
    """Where a text has room for a name: the first character, and what is to be read there."""

    start: int
    words: Words


def names_in(text: str) -> list[str]:
    """The names that stand among the words of a text, in order, without @."""
    return [found[1] for found in NAME.finditer(text)]


def with_room(text: str, names: Names) -> tuple[str, list[Place]]:
    """A text with a word for each vector of the known names in it, and where those stand."""
    pieces: list[str] = []
    found: list[Place] = []
    at = 0
    for name in NAME.finditer(text):
        if name[1] not in names:
            continue
        words = names[name[1]]
        pieces.append(text[at : name.start()])
        found.append(Place(sum(map(len, pieces)), words))
        pieces.append(places(len(words[0])))
        at = name.end()
    return "".join([*pieces, text[at:]]), found


def embed_named(backbone: Backbone, texts: Sequence[str], names: Names) -> Embedding:
    """What a model reads of texts in which names stand for vectors; open to gradients."""
    return embed_each(backbone, texts, [names] * len(texts))


def embed_each(backbone: Backbone, texts: Sequence[str], names: Sequence[Names]) -> Embedding:
    """The same where each text has names of its own."""
    roomy = [with_room(text, own) for text, own in zip(texts, names, strict=True)]
    if not any(found for _, found in roomy):
        return backbone.embed(list(texts))
    read: list[Embedding] = []
    for batch in batches(roomy, BATCH):
        with ExitStack() as stack:
            for number, tower in enumerate(backbone.towers):
                stack.enter_context(standing(tower, number, batch))
            read.append(backbone.embed([text for text, _ in batch]))
    return join(read)


def end_states(
    tower: TextTower, number: int, texts: Sequence[str], names: Sequence[Names], before: int = 0
) -> Float[Tensor, "batch inner"]:
    """A tower's states of the texts' ends, or of that many tokens before them, side by side.

    It reads no further than the longest text. `number` is the tower's among its model's. Open to
    gradients.
    """
    batch = [with_room(text, own) for text, own in zip(texts, names, strict=True)]
    read = [text for text, _ in batch]
    ids, ends = tower.ids(read), tower.ends(read)
    with standing(tower, number, batch):
        states = tower.model(ids[:, : int(ends.max()) + 1]).last_hidden_state
    rows = torch.arange(len(read), device=states.device)[:, None]
    wanted = torch.arange(-before, 0) if before else torch.zeros(1, dtype=torch.long)
    return states[rows, ends[:, None] + wanted.to(ends)].flatten(1)


@contextmanager
def standing(
    tower: TextTower, number: int, batch: Sequence[tuple[str, list[Place]]]
) -> Iterator[None]:
    """Inside, a tower reads vectors where the texts of a batch have room for them."""
    rows: list[int] = []
    slots: list[int] = []
    vectors: list[Tensor] = []
    for row, (text, found) in enumerate(batch):
        for first, words in _tokens(tower, text, found):
            fitting = words[number][: max(0, tower.length - 1 - first)]  # the end is cut off
            rows += [row] * len(fitting)
            slots += range(first, first + len(fitting))
            vectors.append(fitting)
    told = torch.cat(vectors) if vectors else torch.zeros(0, 0)

    def put(_module: object, _inputs: object, found: Tensor) -> Tensor:
        where = (torch.tensor(rows, device=found.device), torch.tensor(slots, device=found.device))
        return found.index_put(where, told.to(found)) if rows else found

    hook = tower.model.get_input_embeddings().register_forward_hook(put)
    try:
        yield
    finally:
        hook.remove()


def _tokens(tower: TextTower, text: str, found: Sequence[Place]) -> Iterator[tuple[int, Words]]:
    """Each place's first token, where the tower reads that far."""
    spans = tower.tokenizer(
        text, truncation=True, max_length=tower.length, return_offsets_mapping=True
    )["offset_mapping"]
    firsts = {start: token for token, (start, end) in enumerate(spans) if end > start}
    for place in found:
        if place.start in firsts:
            yield firsts[place.start], place.words
