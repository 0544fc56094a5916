"""Arguments and options that several commands share, and what is made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

if TYPE_CHECKING:
    from lookalike.core.png import Sign
    from lookalike.core.records import Settings
    from lookalike.session import Session

MODEL = "mini"

Picture = Annotated[
    str, typer.Argument(metavar="PICTURE", help="A picture: a file, an http(s) address, or @name.")
]
Pictures = Annotated[
    list[str],
    typer.Argument(metavar="PICTURE", help="Pictures: files, http(s) addresses, or @names."),
]
Model = Annotated[
    str,
    typer.Option(
        "--model",
        metavar="MODEL",
        help="A name from `lookalike models`, a hub id, a folder or a .safetensors file.",
    ),
]
OwnModel = Annotated[
    str | None,
    typer.Option(
        "--model", metavar="MODEL", help="As --model of the prompt, which it takes the place of."
    ),
]
Clip = Annotated[
    str | None,
    typer.Option(
        "--clip",
        metavar="CLIP",
        help="The CLIP of a checkpoint that has no vision tower: a hub id or a folder.",
    ),
]
Device = Annotated[
    str, typer.Option("--device", metavar="DEVICE", help="auto, cpu, cuda, cuda:1 or mps.")
]
How = Annotated[
    str | None,
    typer.Option(
        "--compute",
        metavar="WORD,…",
        help="How the model runs: bfloat16, float16, compile, channels-last, tiles, one-by-one, "
        "int8, offload, unipc, lcm, lora=FILE, lora-weight=1.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Out = Annotated[
    Path | None,
    typer.Option(
        "--out",
        metavar="DIR",
        help="The folder to write to, without overwriting anything; lookalike-out if unset.",
    ),
]
Count = Annotated[
    int | None, typer.Option("--count", help="How many pictures to make; 4 if unset.")
]
Seed = Annotated[
    int | None,
    typer.Option("--seed", help="Where chance starts; the same seed, the same pictures."),
]
Steps = Annotated[int | None, typer.Option("--steps", help="Steps of the sampler; 25 if unset.")]
Guidance = Annotated[
    float | None,
    typer.Option("--guidance", help="How strictly to follow the prompt; the model's own if unset."),
]
Aspect = Annotated[
    str | None,
    typer.Option("--aspect", metavar="W:H", help="Width to height; 1:1 if unset."),
]
Pixels = Annotated[
    int | None,
    typer.Option("--pixels", help="Side of a square of the same area; the model's own if unset."),
]
Signed = Annotated[
    tuple[Path, Path] | None,
    typer.Option(
        "--sign",
        metavar="CERT KEY",
        help="Sign what is made (C2PA): a chain of certificates and its key, PEM files.",
    ),
]
By = Annotated[str, typer.Option("--by", metavar="METHOD", help="The method that does it.")]
Strength = Literal["subtle", "strong"]


def signing(files: tuple[Path, Path] | None) -> Sign | None:
    """What signs pictures; `OptionError` at once where those files cannot."""
    if files is None:
        return None
    from lookalike.session.provenance import Signer

    return Signer.of(*files).sign


def own_pixels() -> int:
    """The side of the pictures of the packaged mini, whose world commands draw."""
    from lookalike.core.files import read_json
    from lookalike.models.spec import packaged

    return int(read_json(packaged() / "mini" / "model.json")["pixels"])


def one_line(words: Sequence[str]) -> str:
    """A prompt as it was typed, which the shell took apart: names with blanks are quoted again."""
    from lookalike.core.language.escapes import quote
    from lookalike.core.language.items import is_picture

    first, *rest = words
    return " ".join([first, *(quote(w) if " " in w and is_picture(w) else w for w in rest)])


def settings(
    model: str | None,
    count: int | None = None,
    seed: int | None = None,
    steps: int | None = None,
    guidance: float | None = None,
    aspect: str | None = None,
    pixels: int | None = None,
    more: Mapping[str, str | None] | None = None,
) -> Settings:
    """Settings from what was given on the command line; `OptionError` names the wrong option."""
    given = {
        "model": model,
        "count": count,
        "seed": seed,
        "steps": steps,
        "guidance": guidance,
        "aspect": aspect,
        "pixels": pixels,
        **(more or {}),
    }
    return _valid({name: value for name, value in given.items() if value is not None})


def _valid(given: Mapping[str, Any]) -> Settings:
    from pydantic import ValidationError

    from lookalike.core.errors import OptionError
    from lookalike.core.record import explain
    from lookalike.core.records import Settings

    try:
        return Settings.model_validate(given)
    except ValidationError as fault:
        raise OptionError(f"--{explain(fault, Settings.model_fields)}") from fault


def session(
    model: str, device: str = "auto", clip: str | None = None, compute: str | None = None
) -> Session:
    """A session with a model that is known to be there; importing it takes seconds."""
    from lookalike.core.compute import Compute
    from lookalike.models.catalogue import resolve

    how = Compute.read(compute or "")
    resolve(model)
    from lookalike.session import Session

    return Session(model, device=device, clip=clip, compute=how)


def check_pictures(pictures: list[str]) -> None:
    """Raise `PictureError` for the first that cannot be read, before anything slow begins.

    Addresses are left to the session, which fetches each of them once.
    """
    from lookalike.core.library import Library, is_saved_name
    from lookalike.core.pictures import open_picture

    for picture in pictures:
        if is_saved_name(picture):
            Library().open(picture)
        elif not picture.lower().startswith(("http://", "https://")):
            open_picture(picture)
