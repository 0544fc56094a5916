"""What a single file's U-Net predicts, and at which size: told by what little the file says."""

from __future__ import annotations

import re
from typing import Any

from lookalike.models.spec import Family, Prediction
from lookalike.models.weights import Header

VAE_FACTOR = 8


def predicts(header: Header, family: Family) -> Prediction:
    """Tell what the U-Net predicts; a ModelSpec or a JSON file beside the weights may overrule it.

    In this order: a tensor named `v_pred` (a custom among SDXL's fine-tunes); the maker's note
    `modelspec.prediction_type` or `modelspec.architecture` in the header; for SD 2.x, `512` or
    `base` in the file's name means epsilon, as in `512-base-ema` and `v2-1_512-ema-pruned`, and
    any other name means velocity, as in `768-v-ema`; SD 1.x and SDXL predict the noise.
    """
    if "v_pred" in header.shapes:
        return "v_prediction"
    noted = header.notes.get("modelspec.prediction_type", "").lower()
    if noted in ("v", "v_prediction", "epsilon"):
        return "epsilon" if noted == "epsilon" else "v_prediction"
    if family != "sd2":
        return "epsilon"
    architecture = header.notes.get("modelspec.architecture", "")
    if architecture.startswith("stable-diffusion-v2"):
        return "v_prediction" if "768-v" in architecture else "epsilon"
    small = re.search(r"512|base", header.path.stem.lower())
    return "epsilon" if small else "v_prediction"


def zero_snr(header: Header) -> dict[str, Any]:
    """Give the scheduler's settings for a file that says its last level is pure noise.

    Such a file holds a tensor `ztsnr`; its levels are then spaced from the last one (Lin et al.,
    2024), or that level would never be used.
    """
    if "ztsnr" not in header.shapes:
        return {}
    return {"rescale_betas_zero_snr": True, "timestep_spacing": "trailing"}


def native_side(header: Header, family: Family, prediction: Prediction) -> dict[str, int]:
    """Give the side of native latents where it is not the family's standard."""
    noted = re.fullmatch(r"(\d+)x\d+", header.notes.get("modelspec.resolution", ""))
    if noted:
        return {"sample_size": int(noted[1]) // VAE_FACTOR}
    # SD 2.x was trained on velocity at 768 pixels, on noise at 512.
    return {"sample_size": 96} if family == "sd2" and prediction == "v_prediction" else {}
