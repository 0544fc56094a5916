"""The command that compares describers over a data set of pictures with their prompts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from lookalike.cli import output
from lookalike.cli.options import MODEL, Device, Guidance, Json, Model, Steps, session, settings

if TYPE_CHECKING:
    from lookalike.evaluate.describing import Describers
    from lookalike.reverse.manifest import Manifest

FIGURES = ("precision", "recall", "f1", "micro_f1", "clip_i", "agreement", "seconds")

Data = Annotated[
    Path, typer.Argument(metavar="DATA", help="A data set's folder, or its manifest.parquet.")
]
Methods = Annotated[
    str,
    typer.Option(
        "--methods",
        metavar="NAME,…",
        help="phrases, interrogator-best, -fast or -classic, retrieval, reverse, or a describer.",
    ),
]
Many = Annotated[
    int, typer.Option("--count", min=1, max=1_000_000, help="Pictures, each of another prompt.")
]
PartName = Annotated[
    Literal["train", "validation", "test"], typer.Option("--part", help="The data set's part.")
]
Words = Annotated[
    Path | None,
    typer.Option(
        "--words",
        metavar="FILE",
        help="The vocabulary, a list in JSON; the words of the training prompts if unset.",
    ),
]
Weights = Annotated[
    str | None,
    typer.Option("--weights", metavar="FILE", help="The trained model of retrieval and reverse."),
]
Seeds = Annotated[
    int, typer.Option("--seeds", min=1, max=64, help="Pictures made of each description.")
]


def describers(
    data: Data,
    methods: Methods = "phrases,interrogator-best,interrogator-fast",
    count: Many = 100,
    part: PartName = "test",
    words: Words = None,
    weights: Weights = None,
    seeds: Seeds = 2,
    steps: Steps = None,
    guidance: Guidance = None,
    json: Json = False,
    model: Model = MODEL,
    device: Device = "auto",
) -> None:
    """Measure what describers find of the prompts that made pictures, and what comes of it.

    Of each method's best prompt: the share of its words that are true, and of true words that it
    has; how like the picture those are that it makes, for CLIP and for the probe; and its time.
    Every mean has the interval that it lies in with 95 %.
    """
    chosen = settings(model, steps=steps, guidance=guidance)
    from lookalike.evaluate.describing import Describers, judge_describers, methods_of
    from lookalike.reverse.manifest import TRUTH, read

    asked = methods_of([name.strip() for name in methods.split(",")], weights)
    manifest = read(data)
    known = _words(words, manifest)
    shown = _different(manifest.part(part), count)
    pictures = [shown.picture(row) for row in range(len(shown))]
    has_truth = TRUTH in shown.rows.column_names
    truths = shown.column(TRUTH) if has_truth else [None] * len(shown)
    with session(model, device).models.use(model) as backbone:
        work = judge_describers(
            backbone, pictures, shown.prompts, truths, known, asked, seeds, chosen
        )
        found = output.staged(work, Describers)
    if json:
        output.show_json(found.model_dump(mode="json"))
    else:
        _show(found)


def _words(path: Path | None, manifest: Manifest) -> tuple[str, ...]:
    """The vocabulary of a file, else that of the training part."""
    from lookalike.core.errors import OptionError
    from lookalike.core.files import read_json
    from lookalike.reverse.vocabulary import vocabulary_of

    if path is None:
        return vocabulary_of(manifest.part("train").prompts).words
    if not path.is_file():
        raise OptionError(f"there is no vocabulary at {path}")
    listed: object = read_json(path)
    if not isinstance(listed, list) or not listed or not all(isinstance(w, str) for w in listed):
        raise OptionError(f"{path} should hold a list of words in JSON")
    return tuple(map(str, listed))


def _different(manifest: Manifest, count: int) -> Manifest:
    """The first picture of each of the first `count` prompts: pictures of one are not two."""
    from lookalike.reverse.manifest import firsts

    return manifest.take(firsts(manifest.prompts)[:count])


def _show(found: Describers) -> None:
    from lookalike.evaluate.showing import cell

    names = [name for name in FIGURES if any(name in row.figures for row in found.rows)]
    heads = tuple(name.replace("_", " ") for name in names)
    rows = [(r.method, *(cell(r.figures.get(name)) for name in names)) for r in found.rows]
    output.table(("describer", *heads), rows)
    compared = [row for row in found.rows if row.against]
    if compared:
        typer.echo()
        head = f"minus {found.rows[0].method}"
        some = [name for name in names if any(name in row.against for row in compared)]
        told = [(r.method, *(cell(r.against.get(n), "+") for n in some)) for r in compared]
        output.table((head, *(name.replace("_", " ") for name in some)), told)
    typer.echo(f"\n{found.pictures} pictures, a vocabulary of {found.words} words")
