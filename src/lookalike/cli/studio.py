"""The command that starts the studio."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated

import typer

from lookalike.cli.options import MODEL, Clip, Device, How, Model, Signed, signing

Port = Annotated[int, typer.Option("--port", min=0, max=65535, help="0 is any that is free.")]
Data = Annotated[
    Path | None,
    typer.Option(
        "--data", metavar="DIR", help="Where jobs and history are kept; $LOOKALIKE_STUDIO if unset."
    ),
]
ShareOn = Annotated[
    str | None,
    typer.Option(
        "--share-on",
        metavar="ADDRESS",
        help="Let others in through this address of the machine; they need the token.",
    ),
]
NewToken = Annotated[
    bool, typer.Option("--new-token", help="Make a token for --share-on, and show it once.")
]
Disk = Annotated[
    float,
    typer.Option(
        "--disk",
        metavar="GIB",
        min=0.1,
        help="How much the files of the history may take; the oldest without a star go first.",
    ),
]
SafetyChecker = Annotated[
    bool,
    typer.Option(
        "--safety-checker/--no-safety-checker",
        help="Blank pictures that a checkpoint's own safety checker flags, where it has one.",
    ),
]
Together = Annotated[
    int,
    typer.Option(
        "--together",
        metavar="COUNT",
        min=1,
        max=64,
        help="How many pictures of several jobs are made at once, where that is quicker; 1: none.",
    ),
]


def studio(
    port: Port = 7860,
    data: Data = None,
    share_on: ShareOn = None,
    new_token: NewToken = False,
    model: Model = MODEL,
    disk: Disk = 20.0,
    safety_checker: SafetyChecker = True,
    sign: Signed = None,
    together: Together = 8,
    clip: Clip = None,
    device: Device = "auto",
    compute: How = None,
) -> None:
    """Start the studio: jobs, a history and an HTTP interface, for this machine alone.

    It runs until Ctrl-C. What was asked of it and is not done yet is done at the next start.
    """
    from lookalike.core.compute import Compute
    from lookalike.models.catalogue import resolve
    from lookalike.studio.extra import check_extra

    how = Compute.read(compute or "")
    check_extra()
    resolve(model)
    logging.basicConfig(level=logging.WARNING, format="lookalike: %(message)s")
    from lookalike.studio.serving import serve

    serve(
        typer.echo,
        port=port,
        data=data,
        share_on=share_on,
        make_token=new_token,
        model=model,
        device=device,
        clip=clip,
        compute=how,
        disk=disk,
        safety_checker=safety_checker,
        sign=signing(sign),
        together=together,
    )
