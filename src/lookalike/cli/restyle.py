"""The command that paints a picture in the manner of others."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lookalike.cli import output
from lookalike.cli.main import STOPPED
from lookalike.cli.methods import method_options
from lookalike.cli.options import MODEL, Device, Out, Signed, check_pictures, signing

if TYPE_CHECKING:
    from lookalike.engine.run import Progress

Content = Annotated[
    str, typer.Argument(metavar="CONTENT", help="The picture to paint: a file, address or @name.")
]
Styles = Annotated[
    list[str],
    typer.Argument(
        metavar="STYLE…", help="Pictures to paint it like; wave.jpg::2 counts twice as much."
    ),
]
Preset = Annotated[
    str,
    typer.Option(
        "--preset",
        metavar="best|fast|gatys2016|seed-document",
        help="A set of options; those that are given take the place of its own.",
    ),
]
Masks = Annotated[
    list[str] | None,
    typer.Option(
        "--mask",
        metavar="PICTURE",
        help="Where a style goes (white): one for each style in order, or one less.",
    ),
]
Features = Annotated[
    Path | None,
    typer.Option(
        "--features",
        metavar="FILE",
        help="A VGG-16 or VGG-19 in .safetensors; the packaged VGG-16 if unset.",
    ),
]
Preview = Annotated[
    Path | None,
    typer.Option(
        "--preview", metavar="FILE", help="A PNG that shows the best so far while it is painted."
    ),
]
SECONDS = 5.0
"""How often the preview is written, in seconds."""


def restyle(
    content: Content,
    styles: Styles,
    preset: Preset = "best",
    mask: Masks = None,
    features: Features = None,
    preview: Preview = None,
    out: Out = None,
    sign: Signed = None,
    device: Device = "auto",
) -> None:
    """Paint a picture in the manner of others: their strokes and colours, its content.

    Ctrl-C stops it and keeps the best picture so far. Defaults shown are those of the preset best.
    """
    from lookalike.restyle.asking import style_weights
    from lookalike.restyle.options import options_of

    place, given, signer = output.folder(out), method_options(), signing(sign)
    options_of(preset, given)  # refused before anything heavy is loaded
    names, weights = weighed(styles)
    style_weights(len(names), weights)
    check_pictures([content, *names, *(mask or ())])
    show = _shows(preview)
    from lookalike.session import Session

    run = Session(MODEL, device=device).start_restyle(
        content,
        names,
        weights=weights,
        masks=mask or (),
        preset=preset,
        features=features,
        options=given,
    )
    try:
        output.save(output.finished(run, "restyle", show), place, sign=signer)
    except KeyboardInterrupt:
        so_far = run.so_far()
        if so_far is None:
            raise
        output.save(so_far, place, sign=signer)
        typer.echo("lookalike: stopped; this is the best so far", err=True)
        raise typer.Exit(STOPPED) from None


def weighed(styles: Sequence[str]) -> tuple[list[str], list[float]]:
    """Names and weights of styles, each written as NAME or NAME::WEIGHT.

    Raises:
        OptionError: what stands behind the colons is no number.
    """
    from lookalike.core.errors import OptionError

    names, weights = list[str](), list[float]()
    for style in styles:
        name, colons, said = style.rpartition("::")
        try:
            weights.append(float(said) if colons else 1.0)
        except ValueError as fault:
            raise OptionError(f"{said!r} in {style} is no weight, such as ::2 or ::0.5") from fault
        names.append(name if colons else style)
    return names, weights


def _shows(preview: Path | None) -> Callable[[Progress], None] | None:
    """What writes the best picture so far every few seconds."""
    if preview is None:
        return None
    path, last = output.new_file(preview), [0.0]

    def show(progress: Progress) -> None:
        if time.monotonic() - last[0] < SECONDS:
            return
        from lookalike.core.files import write_bytes
        from lookalike.core.pictures import png_bytes
        from lookalike.restyle.pixels import picture

        write_bytes(path, png_bytes(picture(progress.preview)))
        last[0] = time.monotonic()

    return show
