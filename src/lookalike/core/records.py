"""A prompt, a description and a recipe as plain data: the same in Python, JSON and a PNG."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, Field, model_validator

from lookalike.core.compute import Compute
from lookalike.core.errors import PromptError
from lookalike.core.record import Record, Text


def _ratio(text: str) -> str:
    if not re.fullmatch(r"[1-9]\d{0,5}:[1-9]\d{0,5}", text, re.ASCII):
        raise ValueError("should be width:height in whole numbers, as in 3:2")
    return text


Aspect = Annotated[str, AfterValidator(_ratio)]
Seed = Annotated[int, Field(ge=0, le=2**32 - 1)]
Tiles = Annotated[int, Field(ge=1, le=4096)]
Together = Annotated[int, Field(ge=0, le=64)]


Role = Literal["image", "style", "character", "region"]
ROLES: tuple[Role, ...] = get_args(Role)
"""The roles of references, in the order in which a prompt holds them."""


class Part(Record):
    """A piece of a prompt's text with its own weight."""

    text: Text = Field(description="The words of this part.")
    weight: float = Field(
        default=1.0,
        ge=-1000.0,
        le=1000.0,
        description="How much this part counts against the others; negative pushes away.",
    )


CODE = "code:"
"""How the source of a reference begins that is a style's code, and no picture."""


class Reference(Record):
    """A picture that a prompt leans on, and in which role."""

    source: Text = Field(
        min_length=1,
        description="A path, a URL, @name of a saved picture or character, or code:7, a style.",
    )
    role: Role = Field(
        description="What the picture gives: everything, its style, its person, or a place."
    )
    weight: float = Field(
        default=1.0,
        ge=-1000.0,
        le=1000.0,
        description="How much this picture counts against others of its role.",
    )
    by: str | None = Field(
        default=None, description="The mechanism; chosen by role and model where none is named."
    )

    @property
    def code(self) -> str | None:
        """The number of a style that is called by its code; None for pictures."""
        return self.source.removeprefix(CODE) if self.source.startswith(CODE) else None


Style = Literal["raw", "4a", "4b", "4c", "cute", "expressive", "original", "scenic"]


class Settings(Record):
    """Everything about making a picture that is not what the picture shows."""

    model: Text = Field(
        default="mini",
        min_length=1,
        description="The model: mini, a name from `lookalike models`, a hub id, a folder or file.",
    )
    adapter: Text | None = Field(
        default=None,
        min_length=1,
        description="An IP-Adapter's .safetensors file, which then reads images and styles.",
    )
    adapter_encoder: Text | None = Field(
        default=None,
        min_length=1,
        description="The folder of the CLIP vision tower that it reads; the model's own if unset.",
    )
    profile: str | None = Field(
        default=None, description="The prompt language's version profile, such as 6 or niji 6."
    )
    aspect: Aspect = Field(default="1:1", description="Width to height, as in 3:2.")
    pixels: int | None = Field(
        default=None,
        ge=8,
        le=4096,
        description="The side, in pixels, of a square of the same area; the model's own if unset.",
    )
    count: int = Field(default=4, ge=1, le=64, description="How many pictures to make.")
    seed: Seed | None = Field(
        default=None, description="Where chance starts; drawn anew for each run if unset."
    )
    steps: int = Field(default=25, ge=1, le=1000, description="How many steps the sampler takes.")
    guidance: float | None = Field(
        default=None,
        ge=0.0,
        le=50.0,
        description="How strictly to follow the prompt, 1 is plain; as its model has it if unset.",
    )
    image_weight: float = Field(
        default=1.0, ge=0.0, le=3.0, description="Weight of image references against the text."
    )
    style_weight: float = Field(
        default=100.0, ge=0.0, le=1000.0, description="How much of a style reference to take."
    )
    character_weight: float = Field(
        default=100.0,
        ge=0.0,
        le=100.0,
        description="0 keeps a character's face alone, 100 its hair and clothes too.",
    )
    chaos: float = Field(
        default=0.0, ge=0.0, le=100.0, description="How much the pictures of one run differ."
    )
    omni_weight: float = Field(
        default=100.0,
        ge=1.0,
        le=1000.0,
        description="How strongly a character reference holds in version 7.",
    )
    stylize: int = Field(
        default=100, ge=0, le=1000, description="How much of the model's own taste to add."
    )
    weird: int = Field(default=0, ge=0, le=3000, description="How far to stray from the usual.")
    quality: float = Field(
        default=1.0, ge=0.25, le=4.0, description="How much work to spend on a picture; 1 is usual."
    )
    repeat: int = Field(default=1, ge=1, le=40, description="How many times to run the prompt.")
    stop: int = Field(
        default=100, ge=10, le=100, description="The percentage of the steps after which to stop."
    )
    tile: bool = Field(
        default=False, description="Whether the picture repeats seamlessly side by side."
    )
    style: Style | None = Field(
        default=None, description="A variant of the version's look; raw adds the least."
    )

    def settled(self, guidance: float) -> Settings:
        """These settings with the guidance that is usual for their model, if they name none."""
        return self.model_copy(update={"guidance": self.guided(guidance)})

    def guided(self, usual: float) -> float:
        """How strictly to follow the prompt, which is as usual where no guidance is named."""
        return usual if self.guidance is None else self.guidance

    @property
    def sampling_steps(self) -> int:
        """How many steps the sampler takes at this quality."""
        return max(1, round(self.steps * self.quality))


GUIDANCE = 5.0
"""How strictly prompts are followed where neither settings nor a model's owner say."""


def _by_role(references: Iterable[Reference]) -> Iterable[Reference]:
    return tuple(sorted(references, key=lambda reference: ROLES.index(reference.role)))


class Prompt(Record):
    """What to make: weighted words, words to avoid, references and settings; hashable.

    References are put in the order of their roles: only among those of one role is it said which
    comes first, so that two prompts which say the same are equal.
    """

    parts: tuple[Part, ...] = Field(description="The weighted parts of the text, in order.")
    avoid: Text = Field(default="", description="What must not be in the picture.")
    references: Annotated[tuple[Reference, ...], AfterValidator(_by_role)] = Field(
        default=(), description="Pictures to lean on, in the order of their roles."
    )
    settings: Settings = Field(default_factory=Settings, description="How to make it.")

    @property
    def text(self) -> str:
        """The words of all parts, without their weights."""
        return " ".join(part.text for part in self.parts if part.text)

    @classmethod
    def of(cls, text: str, *, settings: Settings | None = None) -> Prompt:
        """A prompt of one part; `PromptError` where `text` is blank."""
        if not text.strip():
            raise PromptError("the prompt is empty; say what the picture should show")
        chosen = Settings() if settings is None else settings
        return cls(parts=(Part(text=text),), settings=chosen)


class Description(Record):
    """What a picture shows, as a prompt that could have made it."""

    text: Text = Field(description="The prompt.")
    score: float = Field(description="How well it fits the picture; more is better.")
    parts: tuple[tuple[str, float], ...] = Field(
        default=(), description="The phrases that make up the text, each with its score."
    )
    aspect: Aspect = Field(default="1:1", description="The picture's width to height.")
    by: str = Field(description="The describer that wrote it.")
    likeness: float | None = Field(
        default=None,
        description="How like the picture those are that were made of the text; none if unasked.",
    )


class Recipe(Record):
    """All that is needed to make a picture again; every saved picture carries its own."""

    made_by: str = Field(
        pattern=r"^[a-z][a-z0-9-]*$", description="The verb: imagine, vary, edit, …"
    )
    version: str = Field(description="The version of lookalike that made the picture.")
    prompt: Prompt = Field(description="The prompt as it was asked for.")
    model: str = Field(description="The name of the model.")
    model_sha256: str = Field(
        pattern=r"^[0-9a-f]{64}$", description="The SHA-256 of the model's files."
    )
    seeds: tuple[Seed, ...] = Field(min_length=1, description="One seed for each picture.")
    index: int = Field(default=0, ge=0, le=4096, description="Which picture of the run this is.")
    among: tuple[Together, Together] | None = Field(
        default=None,
        description="How many pictures were made at once with the run's, and how many of them "
        "before its own; none where it ran alone.",
    )
    tiles: tuple[Tiles, Tiles] | None = Field(
        default=None,
        description="Columns and rows of a grid that shows the whole run; none for one picture.",
    )
    options: dict[str, Text | int | float | bool | None] = Field(
        default_factory=dict, description="The verb's own options, such as strength or balance."
    )
    references: dict[Text, str] = Field(
        default_factory=dict, description="SHA-256 of each reference, by its source."
    )
    adapters: dict[Text, str] = Field(
        default_factory=dict, description="SHA-256 of an adapter's files, by their names."
    )
    guidance: float | None = Field(
        default=None,
        ge=0.0,
        le=50.0,
        description="How strictly the prompt was followed, where it does not say so itself.",
    )
    resolved: Text = Field(default="", description="The text as the model read it.")
    cut: Text = Field(default="", description="What was too long for the model and was cut off.")
    libraries: dict[str, str] = Field(
        default_factory=dict, description="Versions of the libraries that took part."
    )
    compute: Compute | None = Field(
        default=None, description="How the model was run, where not plainly in float32."
    )
    seconds: float = Field(default=0.0, ge=0.0, le=1e9, description="How long it took.")

    @property
    def settings(self) -> Settings:
        """The prompt's settings, with the guidance that it was followed with."""
        own = self.prompt.settings
        return own if self.guidance is None else own.settled(self.guidance)

    @model_validator(mode="after")
    def _picture_has_a_seed(self) -> Recipe:
        if self.index >= len(self.seeds):
            raise ValueError(f"picture {self.index} has no seed; there are {len(self.seeds)}")
        return self

    @model_validator(mode="after")
    def _batch_has_room(self) -> Recipe:
        if self.among is not None and self.among[1] + len(self.seeds) > self.among[0]:
            raise ValueError(f"{len(self.seeds)} pictures have no room among {self.among[0]}")
        return self

    @model_validator(mode="after")
    def _grid_has_room(self) -> Recipe:
        if self.tiles is not None and self.tiles[0] * self.tiles[1] < len(self.seeds):
            columns, rows = self.tiles
            raise ValueError(f"a grid of {columns} x {rows} cannot show {len(self.seeds)} pictures")
        return self
