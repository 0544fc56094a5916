"""Random checkpoints of the exact shapes of Stable Diffusion 1.5, 2.1 and XL, as diffusers folders.

`python -m benchmarks.shapes make sd15 [--out DIR]`. Their pictures are noise; what they cost, and
what they break, is what the real ones cost and break. Configs say what the published ones say.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import time
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.configs import SHAPES, L, Shape
from lookalike.core.errors import OutputError
from lookalike.core.files import building, write_json, writing

if TYPE_CHECKING:
    import torch

OUT = Path("lookalike-out/shapes")
DTYPES = {"float16": "F16", "bfloat16": "BF16"}
SPARE = 2 * 2**30
"""Bytes that are to stay free on the disk."""

GAIN = 0.7
"""Weights are this share of what keeps a signal's variance: deep stacks stay finite in float16."""


def make(name: str, out: Path, dtype: str = "float16") -> Path:
    """Write a checkpoint into `out`, or find it there; what others there hold of it is shared."""
    folder = out / name
    if folder.exists():
        return folder
    shape = SHAPES[name]
    parts = dict(modules(shape))
    _check_room(out, 2 * sum(_count(module) for module, _, _ in parts.values()))
    with building(folder) as work:
        for part, (module, source, prefix) in parts.items():
            file = "diffusion_pytorch_model" if part in ("unet", "vae") else "model"
            _save_config(module, work / part)
            _fill(module, work / part / f"{file}.safetensors", (source, prefix), dtype, out)
        _save_rest(shape, work)
    return folder


@dataclass(frozen=True)
class _Loaded:
    """A checkpoint's modules, as the original layout's writer takes them."""

    family: str
    unet: Any
    vae: Any
    texts: list[Any]


def single(folder: Path) -> Path:
    """Write a checkpoint's folder as one file of the original layout beside it, or find it there.

    In half precision, as most such files are published.
    """
    import torch
    from diffusers import AutoencoderKL, UNet2DConditionModel
    from transformers import CLIPTextModel, CLIPTextModelWithProjection

    from benchmarks.original_layout import save_original

    file = folder.with_name(f"{folder.name}.safetensors")
    if file.exists():
        return file
    half = {"torch_dtype": torch.float16, "local_files_only": True}
    texts = [CLIPTextModel.from_pretrained(folder / "text_encoder", **half)]
    if double := (folder / "text_encoder_2").exists():
        texts += [CLIPTextModelWithProjection.from_pretrained(folder / "text_encoder_2", **half)]
    made = _Loaded(
        family="sdxl" if double else "sd1" if texts[0].config.hidden_act == L else "sd2",
        unet=UNet2DConditionModel.from_pretrained(folder / "unet", **half),
        vae=AutoencoderKL.from_pretrained(folder / "vae", **half),
        texts=texts,
    )
    with writing(file) as work:
        save_original(made, work, torch.float16)
    return file


def modules(shape: Shape) -> Iterator[tuple[str, tuple[Any, str, str]]]:
    """A checkpoint's parts without weights, each with its source and what its names lack."""
    import torch
    from diffusers import AutoencoderKL, UNet2DConditionModel
    from transformers import (
        CLIPConfig,
        CLIPModel,
        CLIPTextConfig,
        CLIPTextModel,
        CLIPTextModelWithProjection,
    )

    kinds = (CLIPTextModel, CLIPTextModelWithProjection)
    wide = {"block_out_channels": (128, 256, 512, 512)}
    with torch.device("meta"):
        yield "unet", (UNet2DConditionModel(**shape.unet), shape.source, "")
        vae = AutoencoderKL(
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
            layers_per_block=2,
            latent_channels=4,
            sample_size=shape.side,
            scaling_factor=shape.scale,
            **(wide | dict(shape.vae)),
        )
        yield "vae", (vae, "vae", "")
        for number, (clip, config) in enumerate(shape.texts.items()):
            tower = kinds[number](CLIPTextConfig(**config))
            # The published files name a tower's weights so, whatever the library calls them today.
            yield (
                f"text_encoder{'_2' if number else ''}",
                (tower, clip, "" if number else "text_model."),
            )
        read, seen = shape.clips[shape.clip]
        config = CLIPConfig(
            text_config=dict(read), vision_config=dict(seen), projection_dim=seen["projection_dim"]
        )
        yield "clip", (CLIPModel(config), shape.clip, "")


def _count(module: Any) -> int:
    return sum(weight.numel() for weight in module.state_dict().values())


def _check_room(out: Path, need: int) -> None:
    out.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(out).free
    if free < need + SPARE:
        raise OutputError(
            f"{out} has room for {free / 2**30:.1f} GiB, and this takes {need / 2**30:.1f} GiB "
            f"and {SPARE / 2**30:.0f} GiB to spare; name another folder with --out"
        )


def _save_config(module: Any, folder: Path) -> None:
    save = getattr(module, "save_config", None) or module.config.save_pretrained
    save(folder)


def _fill(module: Any, file: Path, named: tuple[str, str], dtype: str, out: Path) -> None:
    """Write a module's weights as safetensors, one at a time: 5 GB take the memory of one layer.

    A weight's values depend on its source and name alone, so that a text tower is its CLIP's.
    """
    source, prefix = named
    shapes = {f"{prefix}{k}": tuple(v.shape) for k, v in module.state_dict().items()}
    header, end = _header(shapes, dtype)
    mark = file.with_name("made.json")
    wanted = {"source": source, "header": zlib.crc32(header)}
    for other in sorted(out.glob(f"*/{file.parent.name}/made.json")):
        if json.loads(other.read_text()) == wanted:
            os.link(other.with_name(file.name), file)
            break
    else:
        with file.open("wb") as sink:
            sink.write(len(header).to_bytes(8, "little") + header)
            for name, shape in shapes.items():
                values = _values(source, name, shape, dtype)
                sink.write(values.numpy().tobytes())
            assert sink.tell() == 8 + len(header) + end
    write_json(mark, wanted)


def _header(shapes: Mapping[str, tuple[int, ...]], dtype: str) -> tuple[bytes, int]:
    entries: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, shape in shapes.items():
        begin, end = end, end + 2 * math.prod(shape)
        entries[name] = {
            "dtype": DTYPES[dtype],
            "shape": shape,
            "data_offsets": (begin, end),
        }
    header = json.dumps(entries).encode()
    return header + b" " * (-len(header) % 8), end


def _values(source: str, name: str, shape: tuple[int, ...], dtype: str) -> torch.Tensor:
    """The bits of one weight, drawn in half precision from a generator of its own."""
    import torch

    made = torch.zeros(shape, dtype=getattr(torch, dtype))
    chance = torch.Generator().manual_seed(zlib.crc32(f"{source} {name}".encode()))
    if name.endswith("logit_scale"):
        made.fill_(math.log(100))
    elif "embedding" in name and "time_" not in name and "add_" not in name:
        made.normal_(0, 0.02, generator=chance)
    elif len(shape) > 1:
        made.normal_(0, GAIN * math.prod(shape[1:]) ** -0.5, generator=chance)
    elif name.endswith("weight"):
        made.fill_(1)
    return made.view(torch.int16)


def _save_rest(shape: Shape, folder: Path) -> None:
    """Everything of a diffusers folder that is no weight."""
    from diffusers import __version__

    double = len(shape.texts) > 1
    index: dict[str, Any] = {
        "_class_name": f"StableDiffusion{'XL' if double else ''}Pipeline",
        "_diffusers_version": __version__,
        "feature_extractor": [None, None],
        "scheduler": ["diffusers", shape.scheduler["_class_name"]],
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
    }
    for number, pad in enumerate(shape.pads):
        mark, kind = ("_2", "CLIPTextModelWithProjection") if number else ("", "CLIPTextModel")
        _save_tokenizer(pad, folder / f"tokenizer{mark}")
        index[f"tokenizer{mark}"] = ["transformers", "CLIPTokenizer"]
        index[f"text_encoder{mark}"] = ["transformers", kind]
    if double:
        index |= {"image_encoder": [None, None], "force_zeros_for_empty_prompt": True}
    else:
        index |= {"safety_checker": [None, None], "requires_safety_checker": False}
    schedule = {"num_train_timesteps": 1000, "set_alpha_to_one": False, **shape.scheduler}
    write_json(folder / "scheduler" / "scheduler_config.json", schedule)
    write_json(folder / "model_index.json", index)


def _save_tokenizer(pad: str, folder: Path) -> None:
    """CLIP's vocabulary in the two files that the published checkpoints hold, and no third."""
    from lookalike.models.vocabulary import clip_tokenizer

    made = clip_tokenizer(pad)
    made.save_pretrained(folder)
    whole = folder / "tokenizer.json"
    model = json.loads(whole.read_text("utf-8"))["model"]
    merges = "".join(f"{' '.join(pair)}\n" for pair in model["merges"])
    write_json(folder / "vocab.json", model["vocab"])
    (folder / "merges.txt").write_text(f"#version: 0.2\n{merges}", "utf-8")
    whole.unlink()


def main() -> None:
    """Make one checkpoint, and say what it takes."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.shapes", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    making = verbs.add_parser("make", help="write a random checkpoint of a real one's shape")
    making.add_argument("name", choices=SHAPES, nargs="+")
    making.add_argument("--out", type=Path, default=OUT)
    making.add_argument("--dtype", choices=DTYPES, default="float16")
    asked = parser.parse_args()
    for name in asked.name:
        began = time.perf_counter()
        folder = make(name, asked.out, asked.dtype)
        size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
        print(f"{folder}: {size / 1e9:.2f} GB, {time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
