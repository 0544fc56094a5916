"""diffusers' samplers that take predictions of the clean latents, by our names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lookalike.core.compute import Sampler


def sampler(name: Sampler, noise: Mapping[str, Any]) -> Any:
    """A fresh sampler over a model's noise.

    `lcm` is that of latent consistency models (Luo et al., 2023), `unipc` that of Zhao et al.
    (2023).
    """
    if name == "lcm":
        from diffusers.schedulers.scheduling_lcm import LCMScheduler

        return LCMScheduler(**noise, prediction_type="sample")
    if name == "unipc":
        from diffusers.schedulers.scheduling_unipc_multistep import UniPCMultistepScheduler

        return UniPCMultistepScheduler(**noise, prediction_type="sample")
    from diffusers.schedulers.scheduling_dpmsolver_multistep import DPMSolverMultistepScheduler

    return DPMSolverMultistepScheduler(
        **noise, prediction_type="sample", algorithm_type="dpmsolver++"
    )
