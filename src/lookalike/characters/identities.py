"""Characters of the drawn world as pairs of pseudo-words: sums of what each attribute says."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import islice
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import cosine_similarity

from lookalike.characters.recipe import WordsRecipe
from lookalike.models.backbone import Backbone
from lookalike.models.named import Names, end_states
from lookalike.models.spoken import table
from lookalike.train.task import Task
from lookalike.world.caption import COLOUR_OF, phrase
from lookalike.world.look import Look, Split, looks
from lookalike.world.style import styles, values

NOUN, SLOTS = "person", 2
IDENTITY = ("style", "skin", "hair", "hair_colour", "facial_hair", "glasses")
"""What makes a person of the drawn world: all but clothes, expression and background."""

START = 0.6
"""Of the words' own embeddings, as the start; of the sums that this gives, towers read much."""


def people(which: Split, count: int) -> list[Look]:
    """The first `count` persons of a split."""
    found = (one for one in looks(which) if styles()[one.style].noun == NOUN)
    return list(islice(found, count))


def said_of(of: Look, names: Sequence[str]) -> list[str]:
    """Attributes of a look in words: those called `names`, colours with what they are of."""
    known = {k: v for k, v in of.values.items() if k in names and v != "none"}
    colours = set(COLOUR_OF.values())
    return [
        f"{value} style" if name == "style" else phrase(name, value, known.get(_colour(name), ""))
        for name, value in known.items()
        if name not in colours
    ]


def _colour(name: str) -> str:
    return COLOUR_OF.get(name, "")


class Attributes(nn.Module):
    """Two vectors for each value of each identity attribute; a character is their sum."""

    def __init__(self, backbone: Backbone) -> None:
        """Begin with the embeddings of the values' own words."""
        super().__init__()
        known = values()
        pairs = [(name, value) for name in IDENTITY for value in known[name]]
        self.places = {pair: place for place, pair in enumerate(pairs)}
        self.towers = nn.ParameterList(
            torch.stack([_start(backbone, number, value) for _, value in pairs])
            for number in range(len(backbone.towers))
        )

    def forward(self, of: Sequence[Look]) -> list[tuple[Float[Tensor, "slots _"], ...]]:
        """The pseudo-words of characters, for each text tower."""
        chosen = [
            [self.places[name, value] for name, value in one.values.items() if name in IDENTITY]
            for one in of
        ]
        return [tuple(rows[each].sum(0) for rows in self.towers) for each in chosen]


def _start(backbone: Backbone, number: int, value: str) -> Float[Tensor, "slots inner"]:
    tower = backbone.towers[number]
    known = table(tower)
    if value == "none":
        return known.new_zeros(SLOTS, known.shape[1])
    ids = tower.tokenizer(value, add_special_tokens=False)["input_ids"]
    return START * known[ids].mean(0).repeat(SLOTS, 1)


class WordsTask(Task[WordsRecipe]):
    """The pseudo-words of a character say what its caption says: their texts' ends agree."""

    called: ClassVar[str] = "words"

    def __init__(self, backbone: Backbone, of: Sequence[Look], recipe: WordsRecipe) -> None:
        self.recipe, self.backbone, self.looks = recipe, backbone, list(of)
        self.module = Attributes(backbone)

    def loss(self, step: int) -> tuple[Float[Tensor, ""], dict[str, float]]:
        """One less the cosine of the ends' states, averaged over the towers."""
        shown = [self.looks[int(i)] for i in self.order(step, len(self.looks))]
        chance = random.Random(self.schedule.seed * 1_000_003 + step)
        scenes = [_scene(one, chance) for one in shown]
        true = [_caption(one, scene) for one, scene in zip(shown, scenes, strict=True)]
        texts = [_filled(chance.choice(self.recipe.templates), scene) for scene in scenes]
        words = [{"it": each} for each in self.module(shown)]
        found = [self._agreement(number, texts, words, true) for number in self._towers]
        return 1 - torch.stack(found).mean(), {}

    @property
    def _towers(self) -> range:
        return range(len(self.backbone.towers))

    def _agreement(
        self, number: int, texts: Sequence[str], words: Sequence[Names], true: Sequence[str]
    ) -> Float[Tensor, ""]:
        tower = self.backbone.towers[number]
        with torch.no_grad():
            wanted = end_states(tower, number, true, [{}] * len(true))
        return cosine_similarity(end_states(tower, number, texts, words), wanted, dim=-1).mean()


def _scene(of: Look, chance: random.Random) -> list[str]:
    """Some of what a look shows besides the character, in any order."""
    share = chance.random()
    every = said_of(of, [name for name in of.values if name not in IDENTITY])
    kept = [each for each in every if chance.random() < share]
    chance.shuffle(kept)
    return kept


def _caption(of: Look, scene: Sequence[str]) -> str:
    style, *identity = said_of(of, IDENTITY)
    return f"a {NOUN} with {', '.join([*identity, *scene, style])}"


def _filled(template: str, scene: Sequence[str]) -> str:
    """A template with the scene in its place; the character alone where there is none."""
    return template.format(", ".join(scene)) if scene else "@it"
