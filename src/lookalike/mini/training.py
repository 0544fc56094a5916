"""Trains one part of mini by its recipe: data, task and loop put together."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from transformers import CLIPModel, CLIPTextModel, CLIPTokenizer

from lookalike.core.errors import ModelError, OptionError, did_you_mean
from lookalike.core.files import building
from lookalike.mini import clip as clips
from lookalike.mini import vae as vaes
from lookalike.mini.ahead import Captions, Sayings, sayings, training_captions
from lookalike.mini.data import CPU, as_tensor
from lookalike.mini.fitting import fit
from lookalike.mini.recipe import TRAINED, JudgeRecipe, MiniRecipe
from lookalike.mini.unpacking import given
from lookalike.models.probe import ProbeNet
from lookalike.train.checkpoint import trained_weights
from lookalike.train.loop import Step, train
from lookalike.train.task import Task
from lookalike.train.together import first_here
from lookalike.world.dataset import Dataset, dataset, every_dataset
from lookalike.world.style import foreign_values, values

STANDS_ON = {"clip": ("tokenizer",), "unet": ("tokenizer", "clip", "vae")}
"""What must be there, and be the same, before a part can be trained."""

SCALED_BY = 2048
"""Training pictures whose latents decide the scaling factor."""


def pictures_of(recipe: MiniRecipe, data: Path) -> Dataset:
    """The recipe's training pictures, drawn on first use."""
    return dataset("train", recipe.pictures.train, recipe.pictures.pixels, data)


def trained_clip(recipe: MiniRecipe, run: Path) -> tuple[CLIPModel, CLIPTokenizer]:
    """The CLIP that a run has trained so far, with its tokenizer."""
    tokenizer = clips.tokenizer_of(recipe.clip, run / "tokenizer")
    model = clips.build(recipe.clip, tokenizer, recipe.pictures.pixels)
    weights = trained_weights(run / "clip")
    model.load_state_dict(
        {k: v for k, v in weights.items() if not k.startswith(clips.ClipTask.aids)}
    )
    return model.eval(), tokenizer


def trained_vae(
    recipe: MiniRecipe, run: Path, pictures: Dataset, device: torch.device = CPU
) -> AutoencoderKL:
    """The autoencoder that a run has trained so far, its scaling factor measured."""
    model = vaes.build(recipe.vae, recipe.pictures.pixels)
    model.load_state_dict(trained_weights(run / "vae"))
    moved: Any = model
    moved.to(device).eval()
    sample = as_tensor(pictures)[:SCALED_BY]
    model.register_to_config(scaling_factor=round(vaes.latent_scale(model, sample), 5))
    return model


def text_tower(model: CLIPModel) -> CLIPTextModel:
    """CLIP's text tower as the model that a diffusers folder holds."""
    config: Any = model.config.text_config
    tower = CLIPTextModel(config)
    tower.load_state_dict(model.text_model.state_dict())
    tower.set_attn_implementation("eager")
    return tower.eval()


def trained_unet(recipe: MiniRecipe, run: Path) -> UNet2DConditionModel:
    """The U-Net that a run has trained so far."""
    from lookalike.mini.unet import build

    side = recipe.pictures.pixels // 2 ** (len(recipe.vae.widths) - 1)
    unet = build(recipe.unet, side, recipe.vae.latent, recipe.clip.width)
    unet.load_state_dict(trained_weights(run / "unet"))
    return unet.eval()


def trained_probe(recipe: MiniRecipe, run: Path) -> ProbeNet:
    """The probe that a run has trained so far."""
    net = ProbeNet(values(), recipe.probe.widths, recipe.pictures.pixels)
    net.load_state_dict(trained_weights(run / "probe"))
    return net.eval()


def judge_of(recipe: MiniRecipe) -> JudgeRecipe:
    """How a recipe's judge is trained.

    Raises:
        OptionError: the recipe does not say.
    """
    if recipe.judge is None:
        raise OptionError("the recipe has no judge; it needs a part [judge], as in draft")
    return recipe.judge


def trained_judge(recipe: MiniRecipe, run: Path) -> ProbeNet:
    """The judge that a run has trained so far."""
    net = ProbeNet(foreign_values(), judge_of(recipe).widths, recipe.pictures.pixels)
    net.load_state_dict(trained_weights(run / "judge"))
    return net.eval()


def task_of(
    part: str, recipe: MiniRecipe, run: Path, data: Path, device: torch.device = CPU
) -> Task[Any]:
    """What training a part needs, drawn and loaded, on its device.

    Raises:
        OptionError: there is no such part. ModelError: a part it stands on is not trained yet.
    """
    if part not in TRAINED:
        known, near = ", ".join(TRAINED), did_you_mean(part, TRAINED)
        raise OptionError(f"mini has no part {part!r}{near}; it has {known}")
    _ready(device)
    if part == "judge":
        return _judge_task(recipe, data, device)
    with first_here():
        pictures = pictures_of(recipe, data)
    if part == "clip":
        return _clip_task(recipe, run, pictures, device)
    if part == "vae":
        return vaes.VaeTask(recipe.vae, pictures, device)
    if part == "probe":
        from lookalike.mini.probe import ProbeTask

        return ProbeTask(recipe.probe, pictures, values(), device)
    return _unet_task(recipe, run, pictures, device)


def _ready(device: torch.device) -> None:
    """Let a GPU choose its fastest kernels; a CPU has no such choice.

    A resumed run may then differ from an unbroken one in the last digits.
    """
    if device.type == "cuda":
        torch.backends.cudnn.benchmark = True
        torch.set_float32_matmul_precision("high")


def _judge_task(recipe: MiniRecipe, data: Path, device: torch.device) -> Task[Any]:
    from lookalike.mini.probe import ProbeTask

    own = judge_of(recipe)
    with first_here():
        drawn = every_dataset("train", own.pictures, recipe.pictures.pixels, data)
    return ProbeTask(own, drawn, foreign_values(), device)


def _clip_task(recipe: MiniRecipe, run: Path, pictures: Dataset, device: torch.device) -> Task[Any]:
    with first_here():
        tokenizer = clips.tokenizer_of(recipe.clip, run / "tokenizer")
        kept = said_by(recipe, run, pictures)
    return clips.ClipTask(recipe.clip, pictures, tokenizer, kept, device)


def said_by(recipe: MiniRecipe, run: Path, pictures: Dataset) -> Sayings | None:
    """What CLIP learns from, drawn ahead; None where its recipe draws in every step."""
    own, words = recipe.clip, run / "tokenizer"
    clips.tokenizer_of(own, words)
    return sayings(pictures, own.captions, words, run / "captions") if own.captions else None


def captions_of(recipe: MiniRecipe, run: Path, pictures: Dataset) -> Captions | None:
    """What the U-Net reads, drawn ahead; None where its recipe draws in every step."""
    own, words = recipe.unet, run / "tokenizer"
    if not own.captions:
        return None
    return training_captions(pictures, own.captions, words, run / "captions")


def _unet_task(recipe: MiniRecipe, run: Path, pictures: Dataset, device: torch.device) -> Task[Any]:
    from lookalike.mini.unet import UnetTask, cached_latents

    with first_here():
        model, tokenizer = trained_clip(recipe, run)
        vae = trained_vae(recipe, run, pictures, device)
        latents = cached_latents(vae, pictures, run / "latents.safetensors")
        kept = captions_of(recipe, run, pictures)
    return UnetTask(recipe.unet, pictures, latents, text_tower(model), tokenizer, kept, device)


def train_part(
    part: str,
    recipe: MiniRecipe,
    run: Path,
    data: Path,
    every: float = 120.0,
    start: Path | None = None,
    device: torch.device = CPU,
    compiled: bool = False,
    seconds: float | None = None,
) -> Iterator[Step]:
    """Train a part in `run`, step by step; the same call goes on where the last one stopped.

    A new training may `start` from the weights of another run's part, or of a mini that `export`
    wrote, and takes from there what the part stands on, if `run` has none of its own. With
    `compiled`, torch compiles the part where it can. A training that would take longer than
    `seconds` does fewer steps of the same schedule, chosen once, by its speed at the start.

    Raises:
        OptionError: there is no such part. ModelError: a part it stands on, or that it is to start
            from, is not trained yet or does not fit.
    """
    if start is not None:
        with first_here():
            start = given(start, run)
            _take(part, start, run)
    begun = None if start is None else start / part
    began = time.monotonic()
    task = task_of(part, recipe, run, data, device)
    if compiled:
        task.compile()
    if seconds is not None:
        fit(task, run / part, seconds - (time.monotonic() - began))
    yield from train(task, run / part, every, begun)


def _take(part: str, start: Path, run: Path) -> None:
    """Copy what a part stands on from the run to start from, where this one has none yet.

    With a U-Net comes the probe, if there is one: what was all of a mini can be exported again.
    """
    for name in (*STANDS_ON.get(part, ()), *(("probe",) if part == "unet" else ())):
        if (run / name).exists() or (name == "probe" and not (start / name).is_dir()):
            continue
        if not (start / name).is_dir():
            raise ModelError(f"{start} holds no {name}; name the folder of a mini or of its run")
        with building(run / name) as folder:
            shutil.copytree(start / name, folder, dirs_exist_ok=True)
