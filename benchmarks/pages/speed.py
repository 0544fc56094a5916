"""The page "How fast is it?": every stored figure of time, with the command that prints it."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Mapping
from typing import Any

from benchmarks.memory import NAMES, WEIGHTS
from benchmarks.pages.markdown import ROOT, code, head, table
from benchmarks.studio import page as studio

FIGURES = ROOT / "benchmarks" / "figures"
HEAD = head(
    "How fast is it?",
    "Every figure below was printed by the command that stands above it and is kept in "
    "`benchmarks/figures`; none was typed in. Where two things are compared, they took turns in "
    "one run and the figures are medians, so that what else the machine does hits both alike. "
    "Seconds of one machine say little about another; ratios say more.",
    "What restyle costs stands in [its guide](guides/restyle.md#what-it-costs), what converters "
    "cost in [How good is it?](how-good-is-it.md), and what all of it comes to over a million "
    "pictures in [Scale](scale.md).",
)

Found = Mapping[str, Any]


def page() -> str:
    """The page's text, with a section for each file of figures that there is."""
    parts = [
        f"## {title}\n\n{say}\n\n{write(json.loads(path.read_text('utf-8')))}\n"
        for name, (title, say, write) in SECTIONS.items()
        if (path := FIGURES / f"{name}.json").exists()
    ]
    return "\n".join([HEAD, *parts])


def peers(found: Found) -> str:
    """Our work beside others', part by part, with the machine that each ran on."""
    return "\n\n".join(
        f"### {name}\n\n{_machine(part)}{_peer(part)}" for name, part in found.items()
    )


def _peer(part: Found) -> str:
    rows = [
        [
            row["what"],
            *(_united(row.get(side), row.get("unit", "")) for side in ("ours", "theirs")),
            _cell(row.get("ratio")),
            _goal(row),
            _cell(row.get("note")),
        ]
        for row in part["rows"]
    ]
    return table(("what", "ours", "theirs", "ratio", "goal", "note"), rows)


def _united(value: object, unit: str) -> str:
    """A figure and its unit, which no line ends between."""
    return _cell(value) if value is None else "&nbsp;".join(filter(None, (_cell(value), unit)))


def _goal(row: Found) -> str:
    if row.get("goal") is None:
        return "–"
    return f"{'≥' if row.get('better') == 'more' else '≤'}&nbsp;{_cell(row['goal'])}"


def _machine(part: Found) -> str:
    machine = part.get("machine") or {}
    told = [
        str(machine[name]) if name in ("processor", "gpu") else _several(machine[name], name)
        for name in ("processor", "gpu", "cores", "threads")
        if machine.get(name)
    ]
    return f"{', '.join(told)}.\n\n" if told else ""


def _several(count: int, name: str) -> str:
    return f"{count} {name if count > 1 else name.removesuffix('s')}"


def costs(found: Found) -> str:
    """A row of each job, and what a process takes."""
    rows = [
        (
            "opening a picture of 512 pixels" if one["job"] == "open" else code(one["job"]),
            f"{1000 * one['seconds']:.1f}",
            f"{1000 * one['processor_seconds']:.1f}",
            f"{one['bytes']:,}",
        )
        for one in found["rows"]
    ]
    heads = ("job", "milliseconds a row", "of the processor", "bytes of the result")
    return (
        f"{table(heads, rows)}\n\nMini and its libraries are loaded in "
        f"{found['load_seconds']:.1f} seconds; the process takes "
        f"{found['memory_mib']:,} MiB at most."
    )


def batch(found: Found) -> str:
    """What workers are worth, and what kills cost."""
    rows = [
        (name, f"{one['seconds']:.1f}", f"{one['rows_a_second']:.1f}")
        for name, one in found.items()
        if isinstance(one, dict) and "rows_a_second" in one
    ]
    killed = found["killed"]
    same = "the same rows as" if killed["same_rows_as_unbroken"] else "other rows than"
    return (
        f"{table(('workers', 'seconds', 'rows a second'), rows)}\n\n{found['rows']:,} rows on "
        f"{found['processors']} processors: two workers do {found['speed_up']:.2f} times what one "
        f"does. With {killed['kills']} workers killed at random the run took "
        f"{killed['seconds']:.0f} seconds and ended with {same} the unbroken one "
        f"({killed['rows']:,} rows, {killed['quarantined']} in quarantine)."
    )


def nearest(found: Found) -> str:
    """How fast near vectors are found, and how surely."""
    rows = [
        (
            one["vectors"],
            f"{one['rows']:,}",
            str(asked["effort"]),
            f"{asked['recall_at_10']:.3f}",
            f"{asked['median_ms']:.2f}",
            f"{one['index_bytes'] / one['rows']:.0f}",
        )
        for one in found["rows"]
        for asked in sorted(one["asked"], key=lambda asked: asked["effort"])
    ]
    heads = ("vectors", "how many", "effort", "of the ten nearest", "ms a query", "bytes a vector")
    return table(heads, rows)


def near_duplicates(found: Found) -> str:
    """What thinning out prompts takes."""
    return (
        f"{found['rows']:,} prompts, of which {found['kept']:,} stay: {found['cpu_seconds']:.0f} "
        f"seconds of the processor, an index of {found['bytes'] / 2**20:.0f} MiB, and "
        f"{found['missed']:.1%} of the near ones overlooked."
    )


def rehearsal(found: Found) -> str:
    """What each command took of memory and of the processor, a column for each model."""
    runs = {key: rows for key, rows in found.items() if key != WEIGHTS}
    named = {key: key.replace(name, NAMES[name]) for key in runs for name in [key.split(",")[0]]}
    commands = dict.fromkeys(command for rows in runs.values() for command in rows)
    told = [[one, *(_took(rows.get(one)) for rows in runs.values())] for one in commands]
    return table(["command", *named.values()], told)


def _took(row: Found | None) -> str:
    if row is None or row.get("failed") not in (None, -signal.SIGKILL):
        return "–"
    if "failed" in row:
        return f"killed at {row['peak']:.1f} GiB"
    return f"{row['peak']:.1f} GiB, {row['cpu']:.0f} s"


def _cell(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _by(command: str, say: str) -> str:
    return f"{say} {code(command)} prints it."


SECTIONS: Mapping[str, tuple[str, str, Callable[[Any], str]]] = {
    "speed": (
        "Beside others",
        _by(
            "python -m benchmarks.speed",
            "The same work by lookalike and by what people would use instead; the ratio is ours by "
            "theirs. What misses its goal stands here too.",
        ),
        peers,
    ),
    "costs": (
        "One row of each job",
        _by(
            "python -m benchmarks.costs",
            "Mini, one process, one thread of one processor; medians over a warm model. The "
            "arithmetic from here to a million pictures is on [Scale](scale.md).",
        ),
        costs,
    ),
    "batch": (
        "Many workers",
        _by("python -m benchmarks.batch", "`embed` on a Ray cluster."),
        batch,
    ),
    "studio": (
        "The studio under load",
        _by("python -m benchmarks.studio", "What the service costs, and what it bears."),
        studio.table,
    ),
    "nearest": (
        "Finding what is near",
        _by(
            "python -m benchmarks.nearest",
            "Vectors of 384 numbers in a graph, one thread; `noise` is the hardest case there is, "
            "`families` lies as embeddings of prompts do.",
        ),
        nearest,
    ),
    "near-duplicates": (
        "Thinning out prompts",
        _by("python -m benchmarks.near_duplicates", "`lookalike reverse thin` over many prompts."),
        near_duplicates,
    ),
    "rehearsal": (
        "Rehearsed on real shapes",
        _by(
            "python -m benchmarks.rehearse",
            "Every command on random weights of the exact shapes of SD 1.5, SD 2.1 and SDXL: what "
            "it takes, not what it draws. Memory at its highest, the loaded model included, and "
            "seconds of one core, in which only single files and batches load the model; a dash "
            "stands for what was not run. What a machine should have free stands in "
            "[How much memory](guides/memory.md).",
        ),
        rehearsal,
    ),
}
"""The page's sections in their order, by the file of figures: title, what it says, how."""
