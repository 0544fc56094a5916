"""The pictures of OpenAI's interface, as far as they map: made anew, edited, varied.

What has no meaning here is refused, and never left out without a word.
"""

from __future__ import annotations

import io
import time
from collections.abc import Sequence
from typing import Literal

from fastapi import APIRouter, Request
from PIL import Image
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from lookalike.core.errors import OptionError, PictureError
from lookalike.core.pictures import open_picture, png_bytes
from lookalike.core.record import Record
from lookalike.core.records import Prompt, Settings
from lookalike.studio import requests as ask
from lookalike.studio.http.compat import done, encoded, pictures, plain, settings_of, size_in, sized
from lookalike.studio.http.forms import Files, form, form_body
from lookalike.studio.records import Item
from lookalike.studio.studio import Studio

Answer = Literal["url", "b64_json"]
MOST = 10
_QUALITIES = {"auto": 1.0, "standard": 1.0, "medium": 1.0, "low": 0.5, "high": 2.0, "hd": 2.0}


class Common(Record):
    """What all three take."""

    model: str | None = Field(default=None, max_length=200, description="A model of this studio.")
    n: int | None = Field(default=None, ge=1, le=MOST, description="How many pictures.")
    size: str | None = Field(
        default=None, max_length=20, description="WIDTHxHEIGHT; the model's own if auto."
    )
    response_format: Answer | None = Field(default=None, description="Both if unset.")
    user: str | None = Field(default=None, max_length=1000, description="Is not kept.")

    def settings(self) -> Settings:
        """How to make them."""
        chosen: dict[str, object] = {"count": self.n or 1}
        if self.model is not None:
            chosen["model"] = self.model
        if self.size not in (None, "auto"):
            chosen |= sized(*size_in(self.size))
        return settings_of(chosen)


class Worded(Common):
    """What the two with words take besides."""

    prompt: str = Field(min_length=1, max_length=ask.MOST_TEXT, description="Plain words.")
    quality: Literal["auto", "standard", "low", "medium", "high", "hd"] | None = Field(
        default=None, description="How much work to spend."
    )
    background: Literal["auto", "opaque"] | None = Field(
        default=None, description="There are no transparent ones."
    )
    output_format: Literal["png"] | None = Field(default=None, description="Always png.")
    output_compression: Literal[100] | None = Field(default=None, description="None.")
    partial_images: Literal[0] | None = Field(default=None, description="See /v1/jobs for those.")
    stream: Literal[False] | None = Field(default=None, description="See /v1/jobs for that.")
    safety_identifier: str | None = Field(default=None, max_length=1000, description="Is not kept.")

    def settings(self) -> Settings:
        """How to make them."""
        chosen = super().settings()
        quality = _QUALITIES[self.quality or "auto"]
        return chosen if quality == 1 else chosen.model_copy(update={"quality": quality})


class Edit(Worded):
    """A picture changed by words, in the part that a mask leaves transparent if there is one."""

    input_fidelity: None = Field(default=None, description="Means nothing here.")


class Generate(Worded):
    """Pictures of words."""

    moderation: Literal["auto", "low"] | None = Field(
        default=None, description="The model's own checker has the word."
    )


class Picture(Record):
    """One picture, by its address or in base64."""

    url: str | None = Field(default=None, description="Where it is.")
    b64_json: str | None = Field(default=None, description="What it is.")


class Made(Record):
    """What was made."""

    created: int = Field(description="When, in seconds since 1970.")
    data: tuple[Picture, ...] = Field(description="The pictures.")
    output_format: Literal["png"] = Field(default="png", description="What files they are.")


def openai(studio: Studio) -> APIRouter:
    """The addresses below /v1/images."""
    router = APIRouter(prefix="/v1/images", tags=["OpenAI"])

    @router.post("/generations", summary="Pictures of words.", response_model_exclude_none=True)
    async def generations(request: Request, asked: Generate) -> Made:
        Prompt.of(asked.prompt)  # an empty one is refused
        prompt = plain(asked.prompt, asked.settings())
        return await made("imagine", ask.Imagine(prompt=prompt), asked, request)

    @router.post(
        "/edits",
        summary="A picture changed by words.",
        response_model_exclude_none=True,
        openapi_extra=form_body(Edit, required=("image",), optional=("mask",)),
    )
    async def edits(request: Request) -> Made:
        asked, files = await form(request, Edit, ("image", "mask"))
        verb, whole = await run_in_threadpool(_edit, studio, asked, files)
        return await made(verb, whole, asked, request)

    @router.post(
        "/variations",
        summary="Pictures like one.",
        response_model_exclude_none=True,
        openapi_extra=form_body(Common, required=("image",)),
    )
    async def variations(request: Request) -> Made:
        asked, files = await form(request, Common, ("image",))
        [image] = _one(files)
        picture = await run_in_threadpool(studio.shelf.receive, image, "image")
        whole = ask.Vary(picture=picture, settings=asked.settings())
        return await made("vary", whole, asked, request)

    async def made(verb: str, whole: ask.Request, asked: Common, request: Request) -> Made:
        job = await done(studio, verb, whole, request)
        shown = [_shown(studio, item, asked.response_format, request) for item in pictures(job)]
        return Made(created=int(time.time()), data=tuple(shown))

    return router


def _shown(studio: Studio, item: Item, form: Answer | None, request: Request) -> Picture:
    address = f"{str(request.base_url).rstrip('/')}/v1/files/{item.file}"
    return Picture(
        url=None if form == "b64_json" else address,
        b64_json=None if form == "url" else encoded(studio, item),
    )


def _one(files: Files) -> Sequence[bytes]:
    images = files.get("image", [])
    if len(images) != 1:
        raise OptionError(f"image is one picture, not {len(images)}")
    return images


def _edit(studio: Studio, asked: Edit, files: Files) -> tuple[str, ask.Request]:
    """The request that does it: a part made anew, a picture with words, or words with pictures."""
    images, masks = files.get("image", []), files.get("mask", [])
    if not images:
        raise OptionError("image: field required")
    marks = [studio.shelf.receive(image, "image") for image in images]
    mask = _mask(masks[0], "mask") if masks else _mask(images[0], "") if len(images) == 1 else None
    if mask is not None:
        if len(images) > 1:
            raise OptionError("a mask is for one picture, not for several")
        _check_size(asked, mask)
        kept = studio.shelf.receive(_png(mask), "mask")
        chosen = asked.settings()
        said = chosen.model_fields_set - {"aspect", "pixels"}
        settings = settings_of({name: getattr(chosen, name) for name in said})
        whole = ask.Vary(picture=marks[0], text=asked.prompt, mask=kept, settings=settings)
        return "vary", whole
    if len(marks) == 1:
        edit = ask.Edit(picture=marks[0], text=asked.prompt, settings=asked.settings())
        return "edit", edit
    prompt = plain(asked.prompt, asked.settings())
    return "imagine", ask.Imagine(prompt=prompt, image=tuple(marks))


def _mask(data: bytes, name: str) -> Image.Image | None:
    """White where a picture is transparent; None where an unnamed one is not."""
    open_picture(data)  # whatever is no picture is told for what it is
    with Image.open(io.BytesIO(data)) as shown:
        alpha = shown.convert("RGBA").getchannel("A")
    lowest, _ = alpha.getextrema()
    if lowest == 0:
        return alpha.point(lambda value: 0 if value else 255)
    if name:
        raise PictureError(f"the {name} is transparent nowhere: that is where a picture may change")
    return None


def _check_size(asked: Common, mask: Image.Image) -> None:
    if asked.size not in (None, "auto") and size_in(asked.size or "") != mask.size:
        width, height = mask.size
        raise OptionError(
            f"a picture that is changed in part keeps its size, {width}x{height}; not {asked.size}"
        )


def _png(picture: Image.Image) -> bytes:
    return png_bytes(picture.convert("RGB"))
