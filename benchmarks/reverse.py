"""Writes the page "How well it reads prompts back" from the figures that the commands printed.

`make how-well` runs the commands and then this; a test compares the page with the stored figures.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.measuring.which import remark

HERE = Path(__file__).parent
FIGURES = HERE / "figures"
PAGE = HERE.parent / "docs" / "how-well-it-reads.md"

INTRO = """\
# How well it reads prompts back

Given a picture alone, which prompt made it? Two answers count: the place of the prompt among \
sentences (the cosine to the true prompt's place, as all-MiniLM-L6-v2 has it), and text that a \
person can use. The figures below are what `lookalike reverse ablate`, `lookalike evaluate \
describers` and `lookalike reverse reuse` printed; `make how-well` makes them anew.

All pictures were made by mini, from prompts of the drawn world, two seeds a prompt. Prompts were \
split by clusters of like ones: no part knows another's. Nothing was trained or tuned on the test \
part. Each mean stands with the interval that it lies in with 95 %: the percentile bootstrap over \
prompts, as pictures of one prompt stand or fall together; differences are paired.
"""

PLACES = """\
## Where the prompt lies

Each reader alone, then with the vocabulary's loss, then with its curriculum too; means over \
{seeds} seeds. "caption" is the place of an automatic caption (a quick `phrases`), and the floor \
the mean of all training prompts. "first level" is the blend that the kernel (DAKL) goes by: all \
but the neighbours. Each reader joins the blends with the pieces that did best on validation. The \
foreign sets are drawings in styles that neither mini nor \
the readers ever saw, with full captions: another domain.
"""

WORDS = """\
## Which words it says

{pictures} test pictures, described by each method; modifiers are the {words} adjectives, nouns \
and verbs of the training prompts. `f1` is the mean over pictures, `clip_i` and `agreement` are \
about {made} pictures made of each first description: their likeness to the given one, and the \
share of its attributes that the probe finds in them. The seconds of `phrases` and `reverse` were \
taken on a busier machine than those of the others: compare these two with one another.
"""

REUSE = """\
## Put back into text-to-image

The white-box reader's U-Net encoder and middle block, which learnt to tell prompts, moved back \
into the U-Net by a share of the way, its decoder kept (our reproduction of the paper's claim that \
this makes better-aligned pictures). {prompts} test prompts, {seeds} seeds each, the same for \
every share.
"""

INDEX = """\
## The index

Prompts by the thousand are all looked at; beyond 50,000 a graph of them is walked (HNSW in half \
precision, here with connectivity {connectivity} and expansion {expansion}). Made-up vectors, as \
`python -m benchmarks.nearest` tells: in families, as prompts come, and as noise, where "nearest" \
means nothing. More candidates looked at find more and take longer.
"""

NEAREST = """\
{rows:,} vectors of 384 numbers ({vectors}), on one core: built in {minutes:.0f} minutes \
({cpu:.0f} of the processor's), \
{index:,.0f} MB, {memory:,.0f} MB of the process in all.
"""

ALIGNMENT = {"clip_t": "CLIP-T", "agreement": "agreement"}

FIGURES_OF_WORDS = {
    "f1": "F1",
    "precision": "precision",
    "recall": "recall",
    "clip_i": "CLIP-I",
    "agreement": "agreement",
    "seconds": "seconds",
}


def stored(name: str) -> Any:
    """The figures that a command printed; None where it was not run."""
    path = FIGURES / f"{name}.json"
    return json.loads(path.read_text("utf-8")) if path.exists() else None


def page() -> str:
    """The whole page."""
    ablation, described = stored("reverse"), stored("describers")
    reuse, nearest = stored("reuse"), stored("nearest")
    parts = [INTRO]
    if described and (since := remark(described["model_sha256"])):
        parts.append(f"{since}\n")
    if ablation:
        parts += _places(ablation)
    if described:
        parts += _words(described)
    if reuse:
        parts += _reuse(reuse)
    if nearest:
        parts += [INDEX.format(**nearest["graph"]), *_nearest(nearest)]
    return "\n".join(parts)


def _places(ablation: Mapping[str, Any]) -> Iterator[str]:
    yield PLACES.format(seeds=len(ablation["chosen"]))
    for table in ablation["tables"]:
        yield f"### {table['of']}\n"
        yield f"{table['pictures']} pictures of {table['prompts']} prompts.\n"
        rows = [
            (row["name"], _cell(row["cosine"]), " ".join(f"{s:.3f}" for s in row["seeds"]))
            for row in table["rows"]
        ]
        yield _table(("", "cosine", "by seed"), rows)
        gains = [(name, _cell(each, "+")) for name, each in table["gains"].items()]
        yield _table(("difference", "cosine"), gains)


def _words(described: Mapping[str, Any]) -> Iterator[str]:
    yield WORDS.format(
        pictures=described["pictures"], words=described["words"], made=described["seeds"]
    )
    names = [name for name in FIGURES_OF_WORDS if name in described["rows"][0]["figures"]]
    rows = [
        (row["method"], *(_cell(row["figures"][name]) for name in names))
        for row in described["rows"]
    ]
    yield _table(("", *(FIGURES_OF_WORDS[name] for name in names)), rows)
    first, *others = described["rows"]
    yield f"Differences to {first['method']}:\n"
    told = [name for name in names if name != "seconds"]
    gains = [(row["method"], *(_cell(row["against"][n], "+") for n in told)) for row in others]
    yield _table(("", *(FIGURES_OF_WORDS[name] for name in told)), gains)


def _reuse(reuse: Mapping[str, Any]) -> Iterator[str]:
    yield REUSE.format(prompts=reuse["prompts"], seeds=reuse["seeds"])
    rows = [
        (
            f"{row['share']:g}",
            *(_cell(row["figures"][name]) for name in ALIGNMENT),
            *(_cell(row["against"][name], "+") if row["against"] else "" for name in ALIGNMENT),
        )
        for row in reuse["rows"]
    ]
    heads = [*ALIGNMENT.values(), *(f"{name} against share 0" for name in ALIGNMENT.values())]
    yield _table(("share", *heads), rows)


def _nearest(nearest: Mapping[str, Any]) -> Iterator[str]:
    for outcome in nearest["rows"]:
        yield NEAREST.format(
            rows=outcome["rows"],
            vectors=outcome["vectors"],
            minutes=outcome["build_seconds"] / 60,
            cpu=outcome["build_cpu_seconds"] / 60,
            index=outcome["index_bytes"] / 1e6,
            memory=outcome["rss_bytes"] / 1e6,
        )
        rows = [
            (
                str(each["effort"]),
                f"{each['recall_at_10']:.3f}",
                f"{each['median_ms']:.2f}",
                f"{each['p95_ms']:.2f}",
            )
            for each in outcome["asked"]
        ]
        yield _table(("candidates", "recall@10", "ms a query", "95th percentile"), rows)


def _cell(found: Mapping[str, float], sign: str = "") -> str:
    mean, low, high = (f"{found[key]:{sign}.3f}" for key in ("mean", "low", "high"))
    return f"{mean} [{low}, {high}]"


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [columns, ["---", *["---:"] * (len(columns) - 1)], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
