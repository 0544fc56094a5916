"""How a model is run: its precision, its sampler, and what trades memory or start-up for speed."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from lookalike.core.errors import OptionError, did_you_mean
from lookalike.core.record import Record, Text, explain

Precision = Literal["auto", "float32", "float16", "bfloat16"]
Sampler = Literal["dpm++", "unipc", "lcm"]


class Compute(Record):
    """How a model is run; all of it is off unless asked for."""

    dtype: Precision = Field(
        default="auto",
        description="Precision; auto is float16 on CUDA where the model bears it, else float32.",
    )
    sampler: Sampler = Field(
        default="dpm++",
        description="How noise is taken out; lcm is for models and LoRAs made for 4 to 8 steps.",
    )
    lora: Text | None = Field(
        default=None, min_length=1, description="A LoRA's .safetensors file, added to the U-Net."
    )
    lora_weight: float = Field(
        default=1.0, ge=-4.0, le=4.0, description="How much of the LoRA is added."
    )
    lora_sha256: str | None = Field(
        default=None, description="The SHA-256 that the LoRA's file must have; any if unset."
    )
    channels_last: bool = Field(
        default=False, description="Keep channels beside each other in memory; for tensor cores."
    )
    compile: bool = Field(
        default=False, description="Compile the U-Net: a minute at first, and faster from then on."
    )
    tiles: bool = Field(
        default=False, description="Decode pictures in tiles: large ones in little memory."
    )
    one_by_one: bool = Field(
        default=False, description="Ask the U-Net once for each text instead of once a step."
    )
    int8: bool = Field(
        default=False,
        description="Keep the U-Net's linear layers in 8 bits a number: less memory, by torchao.",
    )
    offload: bool = Field(
        default=False,
        description="Keep only the part that works on the device; the others wait in main memory.",
    )

    @classmethod
    def read(cls, text: str) -> Compute:
        """What one line says: words as in `bfloat16,compile,lora=lcm.safetensors`.

        Raises:
            OptionError: a word is none of ours, or its value does not fit.
        """
        from pydantic import ValidationError

        said = [_told(word.strip()) for word in text.split(",") if word.strip()]
        given = dict(said)
        for name in (name for name, _ in said if [each for each, _ in said].count(name) > 1):
            raise OptionError(f"--compute: {name} is said twice")
        try:
            return cls.model_validate(given)
        except ValidationError as fault:
            raise OptionError(f"--compute: {explain(fault, cls.model_fields)}") from fault


PLAIN = Compute(dtype="float32")
"""How models run where nothing else is asked for; recipes do not tell of it."""

SHORT = {
    **{name: ("dtype", name) for name in ("float32", "float16", "bfloat16")},
    **{name: ("sampler", name) for name in ("dpm++", "unipc", "lcm")},
    **{
        name: (name, "true")
        for name in ("channels_last", "compile", "tiles", "one_by_one", "int8", "offload")
    },
}
"""Words that stand for a field and its value."""


def _told(word: str) -> tuple[str, str]:
    plain = word.replace("-", "_")
    if plain in SHORT or word in SHORT:
        return SHORT.get(plain) or SHORT[word]
    name, mark, value = word.partition("=")
    if not mark:
        names = [*SHORT, *(f"{name}=" for name in ("lora", "lora_weight"))]
        known = ", ".join(names)
        raise OptionError(f"--compute knows no {word}{did_you_mean(word, names)}; it knows {known}")
    return name.strip().replace("-", "_"), value.strip()
