"""How much work the parts of a model are: multiplications and additions, counted and not timed.

Parts are made without weights (torch's meta device) and asked once; what their matrix products and
convolutions come to is counted by torch. Nothing is measured, and nothing depends on a machine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks.configs import XL_UNET

if TYPE_CHECKING:
    from torch import nn

GIGA = 1e9


@dataclass(frozen=True)
class Shape:
    """What of a checkpoint's shapes decides how much work it is."""

    side: int  # of a picture, in pixels
    told: int  # width of the prompt's vectors
    unet: Mapping[str, Any]
    vision: Mapping[str, int]  # width, layers, heads, inner width and patch of the vision tower


L14 = {"width": 1024, "layers": 24, "heads": 16, "inner": 4096, "patch": 14}
BIGG = {"width": 1664, "layers": 48, "heads": 16, "inner": 8192, "patch": 14}
SHAPES: Mapping[str, Shape] = {
    "SD 1.5": Shape(512, 768, {"attention_head_dim": 8}, L14),
    "SDXL": Shape(1024, 2048, XL_UNET, BIGG),
}


def work() -> dict[str, dict[str, float]]:
    """Gigaflops of one call of each part, for mini and for the large shapes."""
    return {"mini": _mini(), **{name: _large(shape) for name, shape in SHAPES.items()}}


def _large(shape: Shape) -> dict[str, float]:
    import torch
    from diffusers import AutoencoderKL, UNet2DConditionModel
    from transformers import CLIPVisionConfig, CLIPVisionModel

    widths, levels = (128, 256, 512, 512), ("DownEncoderBlock2D",) * 4
    config = CLIPVisionConfig(
        hidden_size=shape.vision["width"],
        num_hidden_layers=shape.vision["layers"],
        num_attention_heads=shape.vision["heads"],
        intermediate_size=shape.vision["inner"],
        patch_size=shape.vision["patch"],
    )
    with torch.device("meta"):
        unet = UNet2DConditionModel(**{**shape.unet, "cross_attention_dim": shape.told})
        vae = AutoencoderKL(
            block_out_channels=widths,
            down_block_types=levels,
            up_block_types=("UpDecoderBlock2D",) * 4,
            layers_per_block=2,
            latent_channels=4,
        )
        vision = CLIPVisionModel(config)
    return _counted(unet, vae, vision, latent=shape.side // 8, told=shape.told, tokens=77)


def _mini() -> dict[str, float]:
    import torch
    from diffusers import AutoencoderKL, UNet2DConditionModel
    from transformers import CLIPVisionConfig, CLIPVisionModel

    from lookalike.models.spec import packaged

    folder = packaged() / "mini"
    unet = UNet2DConditionModel.load_config(folder / "unet")
    vision = CLIPVisionConfig.from_pretrained(folder / "clip")
    with torch.device("meta"):
        return _counted(
            UNet2DConditionModel.from_config(unet),
            AutoencoderKL.from_config(AutoencoderKL.load_config(folder / "vae")),
            CLIPVisionModel(vision),
            latent=int(unet["sample_size"]),
            told=int(unet["cross_attention_dim"]),
            tokens=77,
        )


def _counted(
    unet: nn.Module, vae: Any, vision: nn.Module, *, latent: int, told: int, tokens: int
) -> dict[str, float]:
    import torch

    x = torch.zeros(1, 4, latent, latent, device="meta")
    side = int(vision.config.image_size)  # of one picture, as the tower sees it
    added = {
        "text_embeds": torch.zeros(1, 1280, device="meta"),
        "time_ids": torch.zeros(1, 6, device="meta"),
    }
    words = torch.zeros(1, tokens, told, device="meta")
    level = torch.zeros(1, device="meta")
    return {
        "U-Net": _flops(lambda: unet(x, level, words, added_cond_kwargs=added)),
        "VAE, decoding": _flops(lambda: vae.decode(x)),
        "vision tower": _flops(lambda: vision(torch.zeros(1, 3, side, side, device="meta"))),
    }


def _flops(call: Callable[[], object]) -> float:
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        call()
    return counter.get_total_flops() / GIGA
