"""What is known of a model before it is loaded: where it lies, whose it is, and what it may do."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from lookalike.core.record import Record

Family = Literal["sd1", "sd2", "sdxl"]
Prediction = Literal["epsilon", "v_prediction", "sample"]
Precision = Literal["float32", "float16", "bfloat16"]


class ModelSpec(Record):
    """One model: its name, source and licence, and what its files cannot say of themselves."""

    name: str = Field(description="The name to call it by.")
    source: str = Field(
        pattern=r"^(packaged|hub|file):.+",
        description="packaged:NAME, hub:OWNER/NAME[@REVISION] or file:PATH (a folder or one file).",
    )
    family: Family | None = Field(default=None, description="sd1, sd2 or sdxl, where it is known.")
    licence: str = Field(default="unknown", description="The licence that its maker states.")
    sha256: str | None = Field(default=None, description="The SHA-256 of its weight files.")
    bytes: int | None = Field(default=None, ge=0, description="The size of its weight files.")
    dtypes: tuple[Precision, ...] = Field(
        default=("float32", "float16", "bfloat16"), description="The precisions it bears."
    )
    prediction: Prediction | None = Field(
        default=None,
        description="What its U-Net predicts, where the files do not say or say wrong.",
    )
    zero_snr: bool | None = Field(
        default=None,
        description="Whether its last noise level is pure noise, where the files do not say.",
    )
    guidance: float | None = Field(
        default=None,
        ge=0,
        le=50,
        description="How strictly its prompts are followed where nothing else is asked; 5 if "
        "unset.",
    )

    @property
    def kind(self) -> str:
        """The source's first word: packaged, hub or file."""
        return self.source.split(":", 1)[0]

    @property
    def place(self) -> str:
        """The source without its first word: a name, a hub id or a path."""
        return self.source.split(":", 1)[1]

    @property
    def path(self) -> Path | None:
        """The folder or file, where it is on this machine for sure."""
        if self.kind == "packaged":
            return packaged() / self.place
        return Path(self.place) if self.kind == "file" else None


def packaged() -> Path:
    """Give the folder of the models that ship inside the package."""
    return Path(__file__).parent.parent / "weights"
