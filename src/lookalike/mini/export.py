"""Puts the trained parts of mini together as a model folder that stock libraries load."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from PIL import Image
from safetensors.torch import save
from transformers import CLIPImageProcessor, CLIPModel, CLIPTokenizer

from lookalike.core.files import building, read_json, write_bytes, write_json
from lookalike.core.records import GUIDANCE
from lookalike.mini.recipe import MiniRecipe
from lookalike.mini.tokenizer import write_tokenizer
from lookalike.mini.training import (
    pictures_of,
    text_tower,
    trained_clip,
    trained_judge,
    trained_probe,
    trained_unet,
    trained_vae,
)
from lookalike.mini.unet import noise_schedule
from lookalike.models.probe import ProbeNet
from lookalike.models.quiet import quiet
from lookalike.train.checkpoint import trained_samples
from lookalike.world.caption import caption, phrase_groups, phrases_of
from lookalike.world.dataset import Dataset, dataset
from lookalike.world.look import looks
from lookalike.world.style import styles

SHARD = "15MB"
CALIBRATED_ON = 1000
"""Validation pictures that the closed form's constants and the gauge's limits are measured on."""


def export(
    recipe: MiniRecipe, run: Path, data: Path, out: Path, device: str = "cpu"
) -> Iterator[str]:
    """Write mini's folder and the probe's from a run, yielding what is being done.

    `out` gets two folders: `mini`, a Stable Diffusion folder in float16 with the whole CLIP in
    `clip`, and `probe`. What was there is replaced when all is done.

    Raises:
        ModelError: a part is not trained yet.
    """
    pictures = pictures_of(recipe, data)
    yield "loading the parts"
    model, tokenizer = trained_clip(recipe, run)
    vae = trained_vae(recipe, run, pictures)
    unet = trained_unet(recipe, run)
    with building(out / "mini", replace=True) as folder:
        yield "writing weights"
        _write_pipeline(folder, model, tokenizer, vae, unet, recipe.pictures.pixels)
        write_json(folder / "phrases.json", _bank())
        write_json(folder / "model.json", _about(recipe, trained_samples(run / "unet")))
        write_json(folder / "recipe.json", recipe.model_dump())
        write_bytes(folder / "README.md", _card(recipe, trained_samples(run / "unet")).encode())
        yield "measuring the closed form and the gauge"
        _calibrate(folder, pictures, data, device)
    with building(out / "probe", replace=True) as folder:
        _write_probe(folder, trained_probe(recipe, run))
    yield f"wrote {out / 'mini'} and {out / 'probe'}"


def export_judge(recipe: MiniRecipe, run: Path, out: Path) -> Path:
    """Write the judge of a run into the folder `judge` of `out`, as the probe is written.

    Raises:
        ModelError: the judge is not trained yet. OptionError: the recipe has none.
    """
    net = trained_judge(recipe, run)
    with building(out / "judge", replace=True) as folder:
        _write_probe(folder, net)
    return out / "judge"


def _processor(pixels: int) -> CLIPImageProcessor:
    half = [0.5, 0.5, 0.5]
    size = {"shortest_edge": pixels}
    return CLIPImageProcessor(
        size=size, crop_size={"height": pixels, "width": pixels}, image_mean=half, image_std=half
    )


def _write_pipeline(
    folder: Path,
    model: CLIPModel,
    tokenizer: CLIPTokenizer,
    vae: AutoencoderKL,
    unet: UNet2DConditionModel,
    pixels: int,
) -> None:
    with quiet():
        for name, part in {"vae": vae, "unet": unet}.items():
            part.half().save_pretrained(folder / name, max_shard_size=SHARD)
        _write_text_tower(folder / "text_encoder", model)
        model.half().save_pretrained(folder / "clip", max_shard_size=SHARD)
        _read_as_float(folder / "clip")
        for name in ("tokenizer", "clip"):
            write_tokenizer(tokenizer, folder / name)
        for name in ("feature_extractor", "clip"):
            _processor(pixels).save_pretrained(folder / name)
        noise_schedule().save_pretrained(folder / "scheduler")
    write_json(folder / "model_index.json", _index())


def _write_text_tower(folder: Path, model: CLIPModel) -> None:
    """The text tower with the names that every version of transformers reads."""
    tower = text_tower(model)
    tower.config.architectures = ["CLIPTextModel"]
    # transformers loads a model as its config says, diffusers in float32: they must agree.
    tower.config.dtype = torch.float32
    tower.config.save_pretrained(folder)
    _read_as_float(folder)
    half = {f"text_model.{k}": v.half().contiguous() for k, v in tower.state_dict().items()}
    write_bytes(folder / "model.safetensors", save(half, metadata={"format": "pt"}))


def _read_as_float(folder: Path) -> None:
    """Have transformers read half-precision weights as float32, as diffusers does the others."""
    path = folder / "config.json"
    write_json(path, read_json(path) | {"dtype": "float32"})


def _index() -> dict[str, Any]:
    import diffusers

    return {
        "_class_name": "StableDiffusionPipeline",
        "_diffusers_version": diffusers.__version__,
        "feature_extractor": ["transformers", "CLIPImageProcessor"],
        "requires_safety_checker": False,
        "safety_checker": [None, None],
        "scheduler": ["diffusers", "DDIMScheduler"],
        "text_encoder": ["transformers", "CLIPTextModel"],
        "tokenizer": ["transformers", "CLIPTokenizer"],
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
    }


def _bank() -> dict[str, Any]:
    nouns = list(dict.fromkeys(s.noun for s in styles().values()))
    return {
        "joint": " with ",
        "frames": [f"a {noun}" for noun in nouns],
        "groups": phrase_groups(),
        "of": {f"a {noun}": phrases_of(noun) for noun in nouns},
    }


def _about(recipe: MiniRecipe, samples: int) -> dict[str, Any]:
    licences = {name: f"{s.licence} ({s.artist}, {s.source})" for name, s in styles().items()}
    return {
        "name": "mini",
        "family": "sd1",
        "licence": "Apache-2.0",
        "pixels": recipe.pictures.pixels,
        "word_drop": recipe.unet.word_drop,
        "guidance": recipe.guidance,
        "samples": samples,
        "trained_on": licences,
    }


def _card(recipe: MiniRecipe, samples: int) -> str:
    drawn = [f"- {name}: {s.licence}, {s.artist}, {s.source}" for name, s in styles().items()]
    size, unet = recipe.pictures.pixels, recipe.unet
    return CARD.format(
        size=size,
        train=recipe.pictures.train,
        samples=samples,
        caption_drop=round(100 * unet.caption_drop),
        guidance=GUIDANCE if recipe.guidance is None else recipe.guidance,
        words=round(100 * unet.word_drop),
        drawn="\n".join(drawn),
    )


CARD = """# mini

A complete Stable Diffusion-format model of {size} x {size} pixels, small enough for two CPU cores.
It draws the characters of lookalike's own world and knows nothing else. Apache-2.0.

- `StableDiffusionPipeline.from_pretrained(FOLDER, safety_checker=None)` loads it; the whole CLIP
  is in `clip/` (`CLIPModel.from_pretrained(FOLDER + "/clip")`).
- Its own guidance is {guidance:g} (`guidance_scale` of that pipeline).
- Trained on {train} drawn pictures; the U-Net saw {samples} samples. v-prediction, zero terminal
  SNR, captions dropped at {caption_drop} %.
- In {words} % of captions the states of the words were replaced by the EOS state (SOS, EOS and pad
  states kept), so that a prompt of one vector, as SD-IPC's, is not foreign to the U-Net.
- `recipe.json` is the recipe in one piece. Where a training began with the weights of another
  (`--start`), the samples of both are counted.
- `closed_form.json` holds the constants of the closed form,
  `gauge.safetensors` tells familiar pictures from others, `phrases.json` is the phrase bank.
- `lookalike mini report` prints its figures on held-out pictures.

Drawn with DiceBear from these styles:

{drawn}
"""


def _calibrate(folder: Path, pictures: Dataset, data: Path, device: str) -> None:
    from lookalike.convert.calibration import NAME, measure
    from lookalike.models import familiar
    from lookalike.models.store import Models

    training = _images(pictures.pictures[:4000])
    pixels = pictures.pictures.shape[1]
    held_out = _images(dataset("validation", CALIBRATED_ON, pixels, data).pictures)
    said = [caption(one) for one in islice(looks("validation"), CALIBRATED_ON)]
    with Models(device, dtype="float32").use(str(folder)) as backbone, torch.no_grad():
        constants = measure(backbone.clip, held_out, said)
        write_json(folder / NAME, constants.model_dump())
        familiar.save_gauge(familiar.measure(backbone, training, held_out), folder)


def _images(rows: Any) -> list[Image.Image]:
    return [Image.fromarray(row) for row in rows]


def _write_probe(folder: Path, net: ProbeNet) -> None:
    weights = {k: v.half().contiguous() for k, v in net.state_dict().items()}
    write_bytes(folder / "model.safetensors", save(weights))
    config = {"heads": net.names, "widths": list(net.widths), "pixels": net.pixels}
    write_json(folder / "config.json", config)
