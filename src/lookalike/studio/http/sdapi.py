"""The widely used web interface's API, as far as it maps; the rest is refused, not left out.

Words are plain: what that interface understands inside a prompt (`<lora:…>`, `(word:1.2)`) is
refused or told of, since this one would read it as words.
"""

from __future__ import annotations

import base64
import json
import re
from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool

from lookalike.core.errors import ModelError, OptionError, PromptError
from lookalike.core.records import Recipe, Settings
from lookalike.studio import requests as ask
from lookalike.studio.http.compat import done, encoded, pictures, plain, settings_of, sized
from lookalike.studio.http.sdapi_records import (
    Asked,
    Caption,
    Checkpoint,
    Common,
    Image2Image,
    Images,
    Options,
    Sampler,
    State,
    Text2Image,
)
from lookalike.studio.records import Item, Job
from lookalike.studio.studio import Studio

SAMPLER = "DPM++ 2M"
"""What the sampler of every model here is called there."""

_NETWORK = re.compile(r"<\s*\w+\s*:[^<>]*>")
_WEIGHTED = re.compile(r"\([^()]*:\s*\d+(\.\d+)?\s*\)|\[[^\[\]]*:[^\[\]]*\]")
_MASKED = {1.0: "strong", 0.5: "subtle"}


def sdapi(studio: Studio) -> APIRouter:
    """The addresses below /sdapi/v1."""
    router = APIRouter(prefix="/sdapi/v1", tags=["web interface"])

    @router.post("/txt2img", summary="Pictures of words.")
    async def txt2img(request: Request, asked: Text2Image) -> Images:
        prompt = plain(asked.prompt, _settings(asked), asked.negative_prompt)
        job = await done(studio, "imagine", ask.Imagine(prompt=prompt), request)
        return await run_in_threadpool(_images, studio, job, asked)

    @router.post("/img2img", summary="Pictures of a picture and words.")
    async def img2img(request: Request, asked: Image2Image) -> Images:
        verb, whole = _remade(asked)
        job = await done(studio, verb, whole, request)
        return await run_in_threadpool(_images, studio, job, asked)

    @router.post("/interrogate", summary="The prompt of a picture.")
    async def interrogate(request: Request, asked: Asked) -> Caption:
        whole = ask.Describe(pictures=(_inline(asked.image),), by="interrogator", count=1)
        job = await done(studio, "describe", whole, request)
        return Caption(caption=job.items[0].text if job.items else "")

    @router.get("/options", summary="What is set.")
    def options() -> Options:
        return Options(sd_model_checkpoint=studio.sessions.model)

    @router.post("/options", summary="Nothing can be set for all; it can be asked for.")
    def set_options(asked: Options) -> None:
        if asked.sd_model_checkpoint != studio.sessions.model:
            raise ModelError(
                f"this studio's model is {studio.sessions.model}, for everybody; name another in "
                "override_settings"
            )

    @router.get("/progress", summary="How far the running job is.")
    def progress(skip_current_image: bool = False) -> State:
        return _state(studio, skip_current_image)

    @router.get("/samplers", summary="The sampler.")
    def samplers() -> tuple[Sampler, ...]:
        return (Sampler(name=SAMPLER, aliases=("k_dpmpp_2m",), options={}),)

    @router.get("/sd-models", summary="The models at hand.")
    def sd_models() -> tuple[Checkpoint, ...]:
        return tuple(_checkpoint(one.name, one.sha256) for one in studio.sessions.catalogue())

    return router


def _settings(asked: Common) -> Settings:
    """The settings that mean the same."""
    _check_words(asked.prompt, asked.negative_prompt)
    chosen: dict[str, object] = {
        "count": asked.batch_size * asked.n_iter,
        "steps": asked.steps,
    }
    if asked.cfg_scale is not None:
        chosen["guidance"] = asked.cfg_scale
    if asked.seed >= 0:
        chosen["seed"] = asked.seed
    if asked.tiling:
        chosen["tile"] = True
    if asked.width is not None or asked.height is not None:
        width, height = asked.width or asked.height or 0, asked.height or asked.width or 0
        chosen |= sized(width, height)
    for name, value in asked.override_settings.items():
        if name != "sd_model_checkpoint" or not isinstance(value, str):
            raise OptionError(f"override_settings: {name[:60]} cannot be set here")
        chosen["model"] = value
    return settings_of(chosen)


def _check_words(*texts: str) -> None:
    for text in texts:
        if found := _NETWORK.search(text):
            raise PromptError(f"{found[0][:60]} calls for a network that is not here; leave it out")
        if found := _WEIGHTED.search(text):
            raise PromptError(
                f"{found[0][:60]} would be read as words; weights are for /v1/imagine, as in "
                "cat::2 dog::1"
            )


def _remade(asked: Image2Image) -> tuple[str, ask.Request]:
    """The request that does it: the picture with a new prompt, or a part of it made anew."""
    picture, settings = _inline(asked.init_images[0]), _settings(asked)
    if asked.negative_prompt.strip():
        raise OptionError("negative_prompt is not read where a picture is changed; leave it out")
    if asked.mask is None:
        strength = 0.75 if asked.denoising_strength is None else asked.denoising_strength
        return "remix", ask.Remix(
            picture=picture, text=asked.prompt, strength=strength, settings=settings
        )
    said = 1.0 if asked.denoising_strength is None else asked.denoising_strength
    if said not in _MASKED:
        raise OptionError(f"with a mask, denoising_strength is 0.5 or 1, not {said:g}")
    if asked.width is not None or asked.height is not None:
        raise OptionError("with a mask, a picture keeps its size: leave width and height out")
    return "vary", ask.Vary(
        picture=picture,
        text=asked.prompt,
        mask=_inline(asked.mask),
        strength="strong" if _MASKED[said] == "strong" else "subtle",
        feather=asked.mask_blur,
        settings=settings,
    )


def _inline(picture: str) -> str:
    """A picture in base64, with or without its heading, as a data address."""
    return picture if picture.startswith("data:") else f"data:image/png;base64,{picture}"


def _images(studio: Studio, job: Job, asked: Common) -> Images:
    shown = pictures(job)
    parameters = asked.model_dump(mode="json", exclude={"init_images", "mask"})
    return Images(
        images=tuple(encoded(studio, item) for item in shown),
        parameters=parameters,
        info=json.dumps(_info(job, shown, asked)),
    )


def _info(job: Job, shown: list[Item], asked: Common) -> dict[str, Any]:
    seeds = shown[0].record["seeds"]
    return {
        "prompt": asked.prompt,
        "negative_prompt": asked.negative_prompt,
        "seed": seeds[0],
        "all_seeds": seeds,
        "width": shown[0].width,
        "height": shown[0].height,
        "steps": asked.steps,
        "cfg_scale": Recipe.model_validate(shown[0].record).settings.guidance,
        "batch_size": len(shown),
        "sampler_name": SAMPLER,
        "sd_model_name": job.model,
        "sd_model_hash": shown[0].record["model_sha256"][:10],
        "job": job.id,
        "notes": job.notes,
    }


def _state(studio: Studio, skip: bool) -> State:
    running = studio.queue.newest(state="running", limit=1)
    seen = studio.board.see(running[0].id) if running else None
    step, of = (seen.progress.step, seen.progress.of) if seen and seen.progress else (0, 0)
    preview = seen.preview if seen and not skip else None
    told = {"job": running[0].id if running else "", "job_count": len(running)}
    told |= {"sampling_step": step, "sampling_steps": of, "interrupted": False, "skipped": False}
    return State(
        progress=step / of if of else 0.0,
        eta_relative=0.0,
        state=told,
        current_image=base64.b64encode(preview).decode() if preview else None,
        textinfo=None,
    )


def _checkpoint(name: str, sha256: str | None) -> Checkpoint:
    return Checkpoint(
        title=name,
        model_name=name,
        hash=sha256[:10] if sha256 else None,
        sha256=sha256 or None,
        filename=name,
    )
