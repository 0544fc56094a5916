"""Writes the page "How good is it?" from the figures that the converters' benchmark printed.

`make how-good` runs the benchmark and then this; a test compares the page with the stored figures.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.measuring.which import remark
from lookalike.core.intervals import Interval
from lookalike.core.records import GUIDANCE
from lookalike.evaluate.entrants import BASE, CEILING, FLOOR
from lookalike.evaluate.plots import by_steps
from lookalike.evaluate.showing import COMPARED, axes, cell
from lookalike.evaluate.table import Converters, Line, Table

HERE = Path(__file__).parent
FIGURES = HERE / "figures" / "converters.json"
PAGE = HERE.parent / "docs" / "how-good-is-it.md"
IMAGES = "images/how-good"

GROUPS = {
    "Likeness": ("agreement", "identity", "clip_i", "dino", "diversity", "frechet"),
    "Editing": ("edit_accuracy", "kept", "clip_t", "edit_clip_i", "edit_dino"),
    "Cost": ("seconds", "megabytes"),
}
NAMES = {
    "agreement": "agreement",
    "identity": "identity",
    "clip_i": "CLIP-I",
    "dino": "DINO",
    "diversity": "diversity",
    "frechet": "Fréchet",
    "edit_accuracy": "edits found",
    "kept": "rest kept",
    "clip_t": "CLIP-T",
    "edit_clip_i": "CLIP-I of edits",
    "edit_dino": "DINO of edits",
    "seconds": "seconds",
    "megabytes": "megabytes",
}
ABOUT = {
    "own": "Held-out pictures of the drawn world, in the styles that mini knows.",
    "character": "One picture each of persons that mini never saw, in the styles that it knows.",
    "curve": "The same characters, fewer of them: what more steps of learning buy.",
    "folder": "Photographs from a folder.",
}
FOREIGN = "Held-out pictures in a style that mini never saw."

INTRO = """\
# How good is it?

A converter turns a picture into a prompt. Three things count: how like the picture the new \
pictures are, whether words still change them, and what it costs. `lookalike evaluate converters` \
measures all three; the figures below are what it printed, and `make how-good` makes them anew.
"""

COLUMNS = """\
## What the columns mean

- **agreement**: the share of attributes (style, background, skin, colours of hair and clothes, \
glasses, facial hair) that the judge, a classifier that shares nothing with the model, finds in \
the new pictures as they are in the reference. **identity**: the same of what makes the character.
- **CLIP-I**: the mean cosine of the new pictures with the reference, as the model's own CLIP sees \
them. It is the judge of some converters' training too, so trust agreement first.
- **diversity**: the mean cosine distance between pictures made from one reference with different \
seeds. **Fréchet**: the distance between all new pictures and held-out pictures of the domain, \
each set taken as a Gaussian on CLIP's features. A covariance of hundreds of dimensions cannot be \
had from tens of pictures, so it is taken on the few directions in which held-out pictures differ \
most, one for every four pictures, 16 at most. Less is better. It asks whether pictures are such \
as the domain has, not whether they are like the reference: the floor may do well.
- **edits found**: the share of wanted changes that the judge finds after an edit in words; \
**rest kept**: of what should have stayed, the share that did. **CLIP-T**: the cosine of an edited \
picture with the edit's words. **CLIP-I of edits**: how like the reference edited pictures are.
- **seconds** and **megabytes**: what one reference takes to be learnt and converted, sampling not \
counted, and how large the result is.

Each mean stands with the interval that it lies in with 95 %: the percentile bootstrap over \
references, as pictures of one reference stand or fall together; for the Fréchet distance, the \
jackknife. Differences are paired: both methods saw the same references, and made pictures from \
the same seeds.
"""


def page(found: Converters) -> str:
    """The whole page."""
    parts = [INTRO, _made(found), COLUMNS]
    for table in found.tables:
        parts += [f"## {table.domain.capitalize()}\n", *_domain(table)]
    return "\n".join(parts)


def _made(found: Converters) -> str:
    made = (
        f"Model: {found.model} (`{found.model_sha256[:12]}`), {found.settings.sampling_steps} "
        f"steps, guidance {found.settings.guided(GUIDANCE):g}. References come from the "
        f"{found.split} split. {_count(found.pictures, 'picture')} like each, and "
        f"{_count(found.edits, 'edit')} of each, drawn from {found.instructions} instructions."
    )
    since = remark(found.model_sha256)
    return f"{made} {since}\n" if since else f"{made}\n"


def _domain(table: Table) -> Iterator[str]:
    about = ABOUT.get(table.domain, FOREIGN)
    yield (
        f"{about} {_count(table.references, 'reference')}; the Fréchet distance is to "
        f"{_count(table.others, 'other picture')}, on {_count(table.directions, 'direction')}.\n"
    )
    for title, names in GROUPS.items():
        shown = [name for name in names if name in table.columns]
        lines = [line for line in table.lines if any(name in line.figures for name in shown)]
        if lines:
            yield _markdown(title, shown, lines)
    if table.skipped:
        yield f"{_count(len(table.skipped), 'file')} could not be read and took no part.\n"
    yield from _said(table)
    yield from _pictures(table)


def _markdown(title: str, names: Sequence[str], lines: Sequence[Line]) -> str:
    heads = [title, *(NAMES[name] for name in names)]
    rows = [[line.method, *(cell(line.figures.get(name)) for name in names)] for line in lines]
    body = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([f"| {' | '.join(heads)} |", "|" + "---|" * len(heads), *body]) + "\n"


def _said(table: Table) -> Iterator[str]:
    """What the figures say, in words that depend on them alone."""
    yield from _between(table)
    others = [line for line in table.lines if line.against and line.converter]
    for line in others:
        yield f"**{line.method}**, compared with the closed form: {_compared(line)}.\n"


def _between(table: Table) -> Iterator[str]:
    """Where the closed form stands between floor and ceiling."""
    floor, base, ceiling = (table.line(name) for name in (FLOOR, BASE, CEILING))
    if floor is None or base is None or ceiling is None:
        return
    for name in reversed(axes(table) or ()):
        low, mine, high = (line.figures[name].mean for line in (floor, base, ceiling))
        if high > low:
            yield (
                f"By {NAMES[name]}, the closed form goes {(mine - low) / (high - low):.0%} of the "
                f"way from no prompt ({low:.2f}) to the true caption ({high:.2f}).\n"
            )


def _compared(line: Line) -> str:
    known = {name: line.against[name] for name in COMPARED if name in line.against}
    more = [_difference(name, one) for name, one in known.items() if one.above]
    less = [_difference(name, one) for name, one in known.items() if one.below]
    same = [NAMES[name] for name, one in known.items() if not (one.above or one.below)]
    told = [
        *([f"more {', '.join(more)}"] if more else []),
        *([f"less {', '.join(less)}"] if less else []),
        *([f"no difference beyond the interval in {', '.join(same)}"] if same else []),
    ]
    return "; ".join(told)


def _difference(name: str, figure: Interval) -> str:
    return f"{NAMES[name]} ({cell(figure, '+')})"


def _pictures(table: Table) -> Iterator[str]:
    place, name = f"{IMAGES}/{table.domain}", table.domain
    if axes(table) is not None:
        yield f"![Likeness against editability, domain {name}]({place}-pareto.svg)\n"
    if by_steps(table):
        yield f"![Likeness over steps of learning, domain {name}]({place}-steps.svg)\n"
    yield (
        f"![References of the domain {name}; below, of each method, a likeness and an edit]"
        f"({place}-sheet.png)\n"
    )


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


def stored() -> Converters:
    """The figures that the page is written from."""
    return Converters.model_validate(json.loads(FIGURES.read_text("utf-8")))


if __name__ == "__main__":
    PAGE.write_text(page(stored()), "utf-8")
