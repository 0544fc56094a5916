"""A single file's prediction is told by what it says of itself, in the documented order."""

from __future__ import annotations

from pathlib import Path

import pytest

from lookalike.models.prediction import native_side, predicts, zero_snr
from lookalike.models.weights import Header

V, E = "v_prediction", "epsilon"


def header(name: str = "x", *tensors: str, **notes: str) -> Header:
    dotted = {key.replace("__", "."): value for key, value in notes.items()}
    return Header(Path(f"{name}.safetensors"), dict.fromkeys(tensors, ()), dotted)


@pytest.mark.parametrize(
    ("file", "family", "prediction"),
    [
        (header("v1-5-pruned-emaonly"), "sd1", E),
        (header("sd_xl_base_1.0"), "sdxl", E),
        (header("anime", "v_pred", "ztsnr"), "sdxl", V),
        (header("768-v-ema"), "sd2", V),
        (header("v2-1_768-ema-pruned"), "sd2", V),
        (header("512-base-ema"), "sd2", E),
        (header("v2-1_512-ema-pruned"), "sd2", E),
        (header("my-mix"), "sd2", V),
        (header("my-mix", modelspec__prediction_type="epsilon"), "sd2", E),
        (header("base", modelspec__prediction_type="v"), "sd2", V),
        (header("base", modelspec__architecture="stable-diffusion-v2-768-v"), "sd2", V),
        (header("mix", modelspec__architecture="stable-diffusion-v2-512"), "sd2", E),
    ],
)
def test_prediction_is_told_as_documented(file: Header, family: str, prediction: str) -> None:
    assert predicts(file, family) == prediction  # type: ignore[arg-type]


def test_pure_noise_is_used_only_where_the_file_was_trained_so() -> None:
    assert zero_snr(header("x", "v_pred")) == {}
    told = zero_snr(header("x", "v_pred", "ztsnr"))
    assert told == {"rescale_betas_zero_snr": True, "timestep_spacing": "trailing"}


def test_the_native_side_follows_the_makers_note_then_the_prediction() -> None:
    assert native_side(header("x", modelspec__resolution="640x640"), "sd2", V)["sample_size"] == 80
    assert native_side(header(), "sd2", V) == {"sample_size": 96}
    assert native_side(header(), "sd2", E) == {}
    assert native_side(header(), "sdxl", E) == {}
