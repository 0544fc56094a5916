"""What can be asked of the studio: one record a verb, with the names that `Session` has for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from lookalike.core.framing import Direction
from lookalike.core.record import Record, Text
from lookalike.core.records import Prompt, Settings
from lookalike.restyle.options import Preset

MOST_TEXT = 20_000
MOST_PICTURES = 16
MOST_INLINE = 28 * 2**20
MOST_PAINTED = 1024
"""Pixels of a side of what restyle paints: what memory bears beside the model."""

Picture = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MOST_INLINE,
        description="sha256:… of an upload or a result, @name of a saved picture, an http(s) "
        "address, or data:image/png;base64,…",
    ),
]
Words = Annotated[Text, Field(max_length=MOST_TEXT)]
Scalar = str | int | float | bool | None
Pictures = Annotated[tuple[Picture, ...], Field(max_length=MOST_PICTURES)]
Weight = Annotated[float, Field(ge=-1000.0, le=1000.0)]


class Request(Record):
    """What every request has: settings, and pictures that can be changed for others."""

    pictures_in: ClassVar[tuple[str, ...]] = ()
    """The fields that hold pictures."""

    settings: Settings | None = Field(default=None, description="How to make it.")

    def with_pictures(self, change: Callable[[str], str]) -> Mapping[str, object]:
        """The fields that hold pictures, each picture changed."""
        found: dict[str, object] = {}
        for name in self.pictures_in:
            value = getattr(self, name)
            if isinstance(value, str):
                found[name] = change(value)
            elif value:
                found[name] = tuple(change(each) for each in value)
        return found


class Methodical(Request):
    """A request that names a method and its options."""

    by: str = Field(default="closed-form", max_length=64, description="The converter.")
    options: dict[str, Scalar] = Field(
        default_factory=dict, max_length=32, description="The method's options."
    )


class Describe(Methodical):
    """Prompts for pictures."""

    pictures_in = ("pictures",)

    pictures: Pictures = Field(min_length=1, description="The pictures to read.")
    by: str = Field(
        default="",
        max_length=64,
        description="The describer; where it is empty, the model's own trained one, or phrases.",
    )
    count: int = Field(default=4, ge=1, le=64, description="How many prompts for each picture.")
    verify: int = Field(
        default=0, ge=0, le=16, description="Pictures to make of each prompt, to rank them by."
    )


class Convert(Methodical):
    """A prompt embedding of pictures."""

    pictures_in = ("pictures",)

    pictures: Pictures = Field(min_length=1, description="The pictures to read.")


class Imagine(Request):
    """Pictures of a prompt."""

    pictures_in = ("image", "style", "character")

    prompt: Words | Prompt = Field(
        description="A text in the prompt language, or a prompt as a record."
    )
    image: Pictures = Field(default=(), description="Further pictures to lean on.")
    style: Pictures = Field(default=(), description="Further pictures, for their style.")
    character: Pictures = Field(default=(), description="Further pictures, for their person.")
    strict: bool = Field(default=True, description="Refuse weights without pictures.")


class Story(Request):
    """A picture for each of several prompts, with one character."""

    pictures_in = ("character", "style")

    prompts: tuple[Words | Prompt, ...] = Field(
        min_length=2, max_length=12, description="A prompt for each picture."
    )
    character: Pictures = Field(default=(), description="Further pictures, for their person.")
    style: Pictures = Field(default=(), description="Further pictures, for their style.")


class Vary(Methodical):
    """Pictures like a picture, or with a part of it made anew."""

    pictures_in = ("picture", "mask")

    picture: Picture
    text: Words = Field(default="", description="What the part is to show.")
    strength: Literal["subtle", "strong"] | None = Field(default=None, description="How much.")
    mask: Picture | None = Field(default=None, description="White where the picture may change.")
    region: str | None = Field(
        default=None, max_length=100, description="x,y,width,height in pixels or per cent."
    )
    feather: int | None = Field(default=None, ge=0, le=4096, description="Pixels of its edge.")


class Edit(Methodical):
    """Pictures of a picture and a few words."""

    pictures_in = ("picture",)

    picture: Picture
    text: Words = Field(description="What should be different.")
    balance: float | None = Field(default=None, ge=0.0, le=2.0, description="The words' weight.")


class Blend(Methodical):
    """Pictures of two to five pictures together."""

    pictures_in = ("pictures",)

    pictures: Pictures = Field(min_length=2, description="The pictures to blend.")
    weights: tuple[Weight, ...] | None = Field(
        default=None, max_length=MOST_PICTURES, description="How much each counts."
    )


class Remix(Request):
    """A picture's composition with another prompt."""

    pictures_in = ("picture",)

    picture: Picture
    text: Words = Field(description="The other prompt.")
    strength: float = Field(default=0.7, gt=0.0, le=1.0, description="How much may change.")


class Zoom(Methodical):
    """A picture made smaller, with more around it."""

    pictures_in = ("picture",)

    picture: Picture
    factor: float = Field(gt=1.0, le=4.0, description="How much smaller.")
    text: Words = Field(default="", description="What is around it.")
    feather: int | None = Field(default=None, ge=0, le=4096, description="Pixels of its edge.")


class Pan(Methodical):
    """A picture grown in one direction."""

    pictures_in = ("picture",)

    picture: Picture
    direction: Direction = Field(description="Where it grows.")
    text: Words = Field(default="", description="What is there.")
    share: float = Field(default=0.5, gt=0.0, le=1.0, description="By how much of its side.")
    feather: int | None = Field(default=None, ge=0, le=4096, description="Pixels of its edge.")


class Restyle(Request):
    """A picture painted in the manner of others."""

    pictures_in = ("picture", "styles", "masks")

    picture: Picture
    styles: Pictures = Field(min_length=1, description="Whose manner it takes on.")
    weights: tuple[Weight, ...] | None = Field(
        default=None, max_length=MOST_PICTURES, description="How much each counts."
    )
    masks: Pictures = Field(
        default=(), description="White where each style goes; one for each, or one less."
    )
    preset: Preset = Field(default="fast", description="A set of options.")
    options: dict[str, Scalar] = Field(
        default_factory=dict, max_length=32, description="Options in place of the preset's."
    )


class Characters(Request):
    """New characters, each with a portrait and a card; the seed is that of the settings."""

    count: int = Field(default=4, ge=1, le=16, description="How many.")
