"""What the published checkpoints of Stable Diffusion 1.5, 2.1 and XL say of their shapes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

# The tokens that CLIP's first release gave, which the published configs still say.
WORDS = {"vocab_size": 49408, "bos_token_id": 0, "eos_token_id": 2, "pad_token_id": 1}


def text(width: int, layers: int, act: str, shared: int) -> dict[str, Any]:
    return {
        "hidden_size": width,
        "intermediate_size": 4 * width,
        "num_hidden_layers": layers,
        "num_attention_heads": width // 64,
        "hidden_act": act,
        "projection_dim": shared,
        **WORDS,
    }


def eye(width: int, inner: int, layers: int, act: str, shared: int) -> dict[str, Any]:
    return {
        "hidden_size": width,
        "intermediate_size": inner,
        "num_hidden_layers": layers,
        "num_attention_heads": 16,
        "hidden_act": act,
        "patch_size": 14,
        "projection_dim": shared,
    }


L, H, G = "quick_gelu", "gelu", "gelu"  # what OpenAI's and OpenCLIP's towers bend by
CLIPS = {
    "L": (text(768, 12, L, 768), eye(1024, 4096, 24, L, 768)),
    "H": (text(1024, 24, H, 1024), eye(1280, 5120, 32, H, 1024)),
    "bigG": (text(1280, 32, G, 1280), eye(1664, 8192, 48, G, 1280)),
}
SD_UNET = {"sample_size": 64, "attention_head_dim": 8, "cross_attention_dim": 768}
SD2_UNET = {
    "sample_size": 96,
    "attention_head_dim": (5, 10, 20, 20),
    "cross_attention_dim": 1024,
    "use_linear_projection": True,
    "upcast_attention": True,
}
XL_UNET = {
    "sample_size": 128,
    "block_out_channels": (320, 640, 1280),
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    "attention_head_dim": (5, 10, 20),
    "cross_attention_dim": 2048,
    "transformer_layers_per_block": (1, 2, 10),
    "use_linear_projection": True,
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 256,
    "projection_class_embeddings_input_dim": 2816,
}
NOISE = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
PNDM = {"_class_name": "PNDMScheduler", **NOISE, "skip_prk_steps": True, "steps_offset": 1}
DDIM = {"_class_name": "DDIMScheduler", **NOISE, "clip_sample": False, "steps_offset": 1}
EULER = {
    "_class_name": "EulerDiscreteScheduler",
    **NOISE,
    "steps_offset": 1,
    "timestep_spacing": "leading",
    "prediction_type": "epsilon",
}


@dataclass(frozen=True)
class Shape:
    """One checkpoint: its configs, and the names of the CLIPs that it was made with.

    Components of one `source` and shape are the same to the last bit, and share their files.
    """

    source: str
    unet: Mapping[str, Any]
    texts: Mapping[str, Mapping[str, Any]]  # by the name of the CLIP whose tower it is
    clip: str
    scheduler: Mapping[str, Any]
    side: int
    scale: float = 0.18215
    pads: tuple[str, ...] = ("<|endoftext|>",)
    vae: Mapping[str, Any] = field(default_factory=dict)
    clips: Mapping[str, tuple[dict[str, Any], dict[str, Any]]] = field(
        default_factory=lambda: CLIPS
    )


SD15 = Shape("sd15", SD_UNET, {"L": CLIPS["L"][0]}, "L", PNDM, 512)
# Stored without the last of its tower's layers, and with a projection that nobody uses.
SD21 = Shape(
    "sd21",
    SD2_UNET,
    {"H": {**CLIPS["H"][0], "num_hidden_layers": 23, "projection_dim": 512}},
    "H",
    {**DDIM, "prediction_type": "v_prediction"},
    768,
    pads=("!",),
)
SHAPES = {
    "sd15": SD15,
    "sd15-inpainting": Shape(
        "sd15-inpainting", {**SD_UNET, "in_channels": 9}, SD15.texts, "L", PNDM, 512
    ),
    "sd21": SD21,
    "sd21-base": Shape(
        "sd21", {**SD2_UNET, "sample_size": 64}, SD21.texts, "H", PNDM, 768, pads=SD21.pads
    ),
    "sdxl": Shape(
        "sdxl",
        XL_UNET,
        {"L": CLIPS["L"][0], "bigG": CLIPS["bigG"][0]},
        "bigG",
        EULER,
        1024,
        scale=0.13025,
        pads=("<|endoftext|>", "!"),
        vae={"force_upcast": True},
    ),
}


NARROW_CLIPS = {
    "L": (text(64, 2, L, 64), eye(80, 160, 2, L, 64)),
    "H": (text(128, 3, H, 128), eye(96, 192, 2, H, 128)),
    "bigG": (text(192, 3, G, 192), eye(112, 224, 2, G, 192)),
}
NARROW_UNETS = {
    "L": {"block_out_channels": (32, 32, 64, 64), "cross_attention_dim": 64},
    "H": {
        "block_out_channels": (64, 64, 128, 128),
        "attention_head_dim": (1, 1, 2, 2),
        "cross_attention_dim": 128,
    },
    "bigG": {
        "block_out_channels": (64, 64, 128),
        "attention_head_dim": (1, 1, 2),
        "transformer_layers_per_block": (1, 1, 2),
        "cross_attention_dim": 64 + 192,
        "addition_time_embed_dim": 8,
        "projection_class_embeddings_input_dim": 192 + 6 * 8,
    },
}


def narrow(shape: Shape) -> Shape:
    """The same levels, towers and quirks in a few million weights, no two widths alike.

    What is native to it is a quarter as wide and high: commands that ask for no size are quick.
    """
    texts = {name: dict(NARROW_CLIPS[name][0]) for name in shape.texts}
    if shape.clip == "H":
        texts["H"] |= {"num_hidden_layers": 2, "projection_dim": 72}
    return replace(
        shape,
        source=f"narrow {shape.source}",
        unet={
            **shape.unet,
            **NARROW_UNETS[shape.clip],
            "sample_size": shape.unet["sample_size"] // 4,
        },
        texts=texts,
        vae={**shape.vae, "block_out_channels": (32, 32, 64, 64)},
        clips=NARROW_CLIPS,
    )


SHAPES |= {f"narrow-{name}": narrow(shape) for name, shape in SHAPES.items()}
