"""What the widely used web interface's API takes and gives; what means nothing here says so.

A field that has one value alone is known, and may say what is so anyhow.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from lookalike.core.record import Record
from lookalike.studio import requests as ask

Nothing = Literal[False]


class Common(Record):
    """What both ways of making pictures take, with what they may say of things not known here."""

    prompt: str = Field(default="", max_length=ask.MOST_TEXT, description="Plain words.")
    negative_prompt: str = Field(default="", max_length=ask.MOST_TEXT, description="Plain words.")
    seed: int = Field(default=-1, ge=-1, le=2**32 - 1, description="-1 draws one.")
    steps: int = Field(default=25, ge=1, le=150, description="Of the sampler.")
    cfg_scale: float | None = Field(
        default=None, ge=0, le=50, description="The guidance; the model's own if unset."
    )
    width: int | None = Field(default=None, ge=8, le=4096, description="The model's own if unset.")
    height: int | None = Field(default=None, ge=8, le=4096, description="The model's own if unset.")
    batch_size: int = Field(default=1, ge=1, le=16, description="How many pictures,")
    n_iter: int = Field(default=1, ge=1, le=16, description="times how many.")
    tiling: bool | None = Field(default=None, description="Whether it repeats seamlessly.")
    sampler_name: Literal["DPM++ 2M", "Automatic", ""] | None = Field(
        default=None, description="The one there is."
    )
    sampler_index: Literal["DPM++ 2M", "Automatic", ""] | None = Field(
        default=None, description="The older name of the same."
    )
    scheduler: Literal["Automatic", ""] | None = Field(default=None, description="There is one.")
    override_settings: dict[str, str | int | float | bool | None] = Field(
        default_factory=dict, max_length=32, description="sd_model_checkpoint alone."
    )
    override_settings_restore_afterwards: bool = Field(default=True, description="Always so.")
    send_images: Literal[True] = Field(default=True, description="Always so.")
    save_images: bool = Field(default=True, description="The history keeps them always.")
    do_not_save_samples: bool = Field(default=False, description="As above.")
    do_not_save_grid: bool = Field(default=False, description="As above.")
    styles: tuple[()] | None = Field(default=None, description="There are none.")
    subseed: Literal[-1] | None = Field(default=None, description="There is none.")
    subseed_strength: Literal[0] | None = Field(default=None, description="There is none.")
    seed_resize_from_h: Literal[-1, 0] | None = Field(default=None, description="Not here.")
    seed_resize_from_w: Literal[-1, 0] | None = Field(default=None, description="Not here.")
    restore_faces: Nothing | None = Field(default=None, description="Not here.")
    eta: Literal[0] | None = Field(default=None, description="The sampler has none.")
    s_min_uncond: Literal[0] | None = Field(default=None, description="Not here.")
    s_churn: Literal[0] | None = Field(default=None, description="The sampler has none.")
    s_tmax: Literal[0] | None = Field(default=None, description="The sampler has none.")
    s_tmin: Literal[0] | None = Field(default=None, description="The sampler has none.")
    s_noise: Literal[1] | None = Field(default=None, description="The sampler has none.")
    script_name: Literal[""] | None = Field(default=None, description="There are none.")
    script_args: tuple[()] | None = Field(default=None, description="There are none.")
    alwayson_scripts: dict[str, None] = Field(
        default_factory=dict, max_length=0, description="There are none."
    )


class Text2Image(Common):
    """Pictures of words."""

    enable_hr: Nothing | None = Field(default=None, description="Not here.")
    denoising_strength: float | None = Field(
        default=None, ge=0, le=1, description="Without enable_hr it has no meaning there either."
    )


class Image2Image(Common):
    """Pictures of a picture and words, or of a part of it."""

    init_images: tuple[str, ...] = Field(
        min_length=1, max_length=1, description="One picture, in base64."
    )
    denoising_strength: float | None = Field(
        default=None, gt=0, le=1, description="How much may change; of a part, 0.5 or 1."
    )
    mask: str | None = Field(default=None, description="White where it may change, in base64.")
    mask_blur: int | None = Field(default=None, ge=0, le=512, description="Pixels of its edge.")
    inpainting_mask_invert: Literal[0] | None = Field(default=None, description="Not here.")
    inpainting_fill: Literal[1] | None = Field(default=None, description="From the picture.")
    inpaint_full_res: Nothing | None = Field(default=None, description="The whole picture.")
    resize_mode: Literal[0, 1] | None = Field(default=None, description="Cropped to the shape.")
    include_init_images: Nothing | None = Field(default=None, description="They are not sent.")


class Asked(Record):
    """A picture to be read."""

    image: str = Field(min_length=1, max_length=ask.MOST_INLINE, description="In base64.")
    model: Literal["clip", "interrogate"] = Field(default="clip", description="CLIP.")


class Caption(Record):
    """What a picture shows."""

    caption: str = Field(description="A prompt.")


class Images(Record):
    """What was made."""

    images: tuple[str, ...] = Field(description="PNG files in base64.")
    parameters: dict[str, Any] = Field(description="What was asked.")
    info: str = Field(description="What became of it, as JSON.")


class Options(Record):
    """What can be set."""

    sd_model_checkpoint: str = Field(description="The model that is meant where none is named.")


class State(Record):
    """What is going on."""

    progress: float = Field(description="From 0 to 1.")
    eta_relative: float = Field(description="Seconds that are left, as far as one can tell.")
    state: dict[str, Any] = Field(description="The job.")
    current_image: str | None = Field(description="A preview in base64, where one is at hand.")
    textinfo: str | None = Field(description="Nothing.")


class Sampler(Record):
    """A sampler."""

    name: str = Field(description="What it is called.")
    aliases: tuple[str, ...] = Field(description="And otherwise.")
    options: dict[str, str] = Field(description="None.")


class Checkpoint(Record):
    """A model."""

    title: str = Field(description="What it is called.")
    model_name: str = Field(description="The same.")
    hash: str | None = Field(description="The beginning of its SHA-256.")
    sha256: str | None = Field(description="Its SHA-256, where it is known.")
    filename: str = Field(description="Its name again; where it lies is nobody's business.")
    config: None = Field(default=None, description="None.")
