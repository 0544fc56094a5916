"""Which pictures and prompts of a published data set are wanted, by what is known of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache

from pydantic import Field

from lookalike.core.errors import OptionError
from lookalike.core.record import Record, explain
from lookalike.models.backbone import Backbone
from lookalike.reverse.diffusiondb import Entry
from lookalike.reverse.extra import check_extra

BLURRED = 2.0
"""The score of pictures that were blurred before they were published."""

Count = Callable[[str], int]
"""How long a prompt is."""


class Wanted(Record):
    """What a picture and its prompt must be like; what is None may be anything."""

    smallest_width: int | None = Field(default=None, ge=1, description="In pixels.")
    largest_width: int | None = Field(default=None, ge=1, description="In pixels.")
    smallest_height: int | None = Field(default=None, ge=1, description="In pixels.")
    largest_height: int | None = Field(default=None, ge=1, description="In pixels.")
    language: str | None = Field(
        default=None, pattern="^[a-z]{2}$", description="Of the prompt, such as en."
    )
    image_nsfw: float | None = Field(default=None, ge=0, description="The picture's score at most.")
    prompt_nsfw: float | None = Field(default=None, ge=0, description="The prompt's score at most.")
    fewest_tokens: int | None = Field(default=None, ge=0, description="Of the prompt.")
    most_tokens: int | None = Field(default=None, ge=0, description="Of the prompt.")
    model: str | None = Field(
        default=None, description="Whose tokens they are; words are counted where it is None."
    )

    def against(self, entry: Entry, count: Count) -> str | None:
        """Why an entry is not wanted, in a few words; None where it is.

        What nobody said is not held against it.
        """
        return next(self._against(entry, count), None)

    def _against(self, entry: Entry, count: Count) -> Iterator[str]:
        if entry.prompt is None or not entry.prompt.strip():
            yield "no prompt"
            return
        if entry.image_nsfw is not None and entry.image_nsfw >= BLURRED:
            yield "blurred picture"
        if _above(entry.image_nsfw, self.image_nsfw):
            yield "NSFW score of the picture"
        if _above(entry.prompt_nsfw, self.prompt_nsfw):
            yield "NSFW score of the prompt"
        yield from self.against_size(entry.width, entry.height)
        if self.fewest_tokens is not None or self.most_tokens is not None:
            tokens = count(entry.prompt)
            if _above(self.fewest_tokens, tokens) or _above(tokens, self.most_tokens):
                yield "length of the prompt"
        if self.language is not None and language(entry.prompt) != self.language:
            yield "language"

    def against_size(self, width: int | None, height: int | None) -> Iterator[str]:
        """Why a picture's size is not wanted."""
        if _above(self.smallest_width, width) or _above(width, self.largest_width):
            yield "width"
        if _above(self.smallest_height, height) or _above(height, self.largest_height):
            yield "height"

    @property
    def asks_scores(self) -> bool:
        """Whether it says anything of NSFW scores, which only the tables hold."""
        return self.image_nsfw is not None or self.prompt_nsfw is not None


def _above(value: float | None, bound: float | None) -> bool:
    return value is not None and bound is not None and value > bound


def wanted_of(**given: str | float | None) -> Wanted:
    """What is wanted, from options; `OptionError` names the wrong one."""
    from pydantic import ValidationError

    try:
        return Wanted.model_validate(given)
    except ValidationError as fault:
        raise OptionError(f"--{explain(fault, Wanted.model_fields).replace('_', '-')}") from fault


def words(prompt: str) -> int:
    """How many words a prompt has."""
    return len(prompt.split())


def tokens_of(backbone: Backbone) -> Count:
    """Counts a prompt in the tokens that a model reads, start and end excluded.

    What is longer than the model reads is one token longer than the longest that it does.
    """

    def tokens(prompt: str) -> int:
        return int(backbone.ends([prompt])[0]) - 1 + bool(backbone.cut(prompt))

    return tokens


def check_langid() -> None:
    """Raise OptionError where languages cannot be told."""
    check_extra("py3langid", "telling languages")


@lru_cache(maxsize=200_000)
def language(prompt: str) -> str:
    """The language of a prompt, as two letters; people repeat prompts, and so it is kept."""
    import py3langid

    return py3langid.classify(prompt)[0]
