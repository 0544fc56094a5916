"""The page "Scale": its tables, from measured unit costs, counted work and stated prices."""

from __future__ import annotations

import json
import math
import re
import tomllib
from collections.abc import Mapping
from typing import Any

from benchmarks.pages.markdown import ROOT, table
from benchmarks.pages.speed import FIGURES

PAGE = ROOT / "docs" / "scale.md"
PRICES = ROOT / "benchmarks" / "prices.toml"
MILLION, BILLION = 10**6, 10**9
GIB = 2**30
HOUR, DAY, MONTH = 3600.0, 24.0, 24.0 * 30
OBJECTS = {"imagine": 1.0}
"""Files that a row leaves behind beside its share of a shard's; a shard of 1000 rows is one."""

SHARD = 1000
VECTORS_A_SHARD = 20 * MILLION
"""Vectors in one shard of the index."""

SEEN = ("describe", "convert", "embed", "reverse")
"""Jobs that look at a picture once, by CLIP's vision tower."""

Costs = Mapping[str, Any]
Prices = Mapping[str, Any]


def page() -> str:
    """The page's text with its tables as the figures give them."""
    return filled(PAGE.read_text("utf-8"), costs(), prices())


def costs() -> Costs:
    """What `python -m benchmarks.costs` kept, by job."""
    found = json.loads((FIGURES / "costs.json").read_text("utf-8"))
    return {**found, "jobs": {row["job"]: row for row in found["rows"]}}


def prices() -> Prices:
    """The stated prices."""
    return tomllib.loads(PRICES.read_text("utf-8"))


def filled(text: str, costs: Costs, prices: Prices) -> str:
    """A text with every table in its place."""
    tables = {
        "prices": stated(prices),
        "rows": measured(costs),
        "mini": mini(costs, prices),
        "work": counted(costs),
        "cards": cards(costs, prices),
        "index": index(prices),
    }
    for name, made in tables.items():
        between = re.compile(rf"(<!-- table: {name} -->\n)(?:.*?\n)??(<!-- end -->)", re.DOTALL)
        text, count = between.subn(lambda m, t=made: f"{m[1]}\n{t}\n\n{m[2]}", text)
        if count != 1:
            raise SystemExit(f"{PAGE.name} lacks the place of the table {name}")
    return text


def stated(prices: Prices) -> str:
    """The inputs, as they stand in their file."""
    rows = [(name.replace("_", " "), _said(value)) for name, value in prices.items()]
    return table(("input", "taken as"), rows)


def measured(costs: Costs) -> str:
    """Seconds and bytes of a row."""
    rows = [
        (
            "opening a picture" if job == "open" else f"`{job}`",
            f"{1000 * one['processor_seconds']:.1f}",
            f"{one['bytes']:,}",
        )
        for job, one in costs["jobs"].items()
    ]
    return table(("job", "processor milliseconds a row", "bytes a row"), rows)


def row_seconds(costs: Costs, job: str) -> float:
    """Seconds of one core for a row; pictures must be opened first."""
    jobs = costs["jobs"]
    opening = jobs["open"]["processor_seconds"] if job in SEEN else 0.0
    return float(jobs[job]["processor_seconds"] + opening)


def money(seconds: float, rows: int, hour: float) -> float:
    """What so many rows cost that take so many seconds each, by the hour."""
    return seconds * rows / HOUR * hour


def writing(job: str, rows: int, prices: Prices) -> float:
    """What it costs to read a million pictures and to write what comes of them."""
    written = rows * (OBJECTS.get(job, 0.0) + 1 / SHARD) * prices["write_million"]
    read = rows * (job in SEEN) * prices["read_million"]
    return float((written + read) / MILLION)


def mini(costs: Costs, prices: Prices) -> str:
    """Machines, hours, storage and money with mini on rented cores."""
    rows = []
    for job in (*SEEN, "imagine"):
        seconds, size = row_seconds(costs, job), costs["jobs"][job]["bytes"]
        hours = seconds * MILLION / HOUR
        machines = math.ceil(1000 * hours / prices["machine_cores"] / MONTH)
        kept = size * BILLION / GIB * prices["storage_gib_month"]
        rows.append(
            (
                f"`{job}`",
                f"{hours:,.1f}",
                f"{machines:,}",
                f"{_size(size * MILLION)}, {_size(size * BILLION)} ({_money(kept)} a month)",
                _money(money(seconds, MILLION, prices["processor_hour"])),
                _money(writing(job, MILLION, prices)),
            )
        )
    heads = (
        *("job", "core hours, 10⁶", "machines for 10⁹ in 30 days", "results, 10⁶ and 10⁹"),
        *("computing a million", "object store a million"),
    )
    return table(heads, rows)


def counted(costs: Costs) -> str:
    """Gigaflops of each part."""
    models = costs["gigaflops"]
    parts = list(models["mini"])
    rows = [
        (
            part,
            *(
                f"{models[model][part]:,.3g}"
                if models[model][part] < 1000
                else f"{models[model][part]:,.0f}"
                for model in models
            ),
        )
        for part in parts
    ]
    return table(("gigaflops of one call", *models), rows)


def flops(costs: Costs, model: str, job: str) -> float:
    """Floating-point operations of a row: one look, or all steps with guidance and the decoding."""
    parts = costs["gigaflops"][model]
    if job != "imagine":
        return float(parts["vision tower"] * 1e9)
    return float((2 * costs["steps"] * parts["U-Net"] + parts["VAE, decoding"]) * 1e9)


def cards(costs: Costs, prices: Prices) -> str:
    """Hours and money of cards with the large shapes, by arithmetic."""
    speed = prices["card_teraflops"] * 1e12 * prices["card_share"]
    rows = []
    for model in (name for name in costs["gigaflops"] if name != "mini"):
        for job, told in (("embed", "one look (`embed`, `convert`)"), ("imagine", "`imagine`")):
            seconds = flops(costs, model, job) / speed
            rows.append(
                (
                    model,
                    told,
                    f"{seconds:.4f}",
                    f"{seconds * MILLION / HOUR:,.1f}",
                    f"{math.ceil(seconds * BILLION / HOUR / MONTH):,}",
                    _money(money(seconds, MILLION, prices["card_hour"])),
                )
            )
    heads = ("model", "job", "seconds a row", "card hours, 10⁶", "cards for 10⁹ in 30 days")
    return table((*heads, "money a million"), rows)


def index(prices: Prices) -> str:
    """Memory and machines of the index."""
    families = [
        one
        for one in json.loads((FIGURES / "nearest.json").read_text("utf-8"))["rows"]
        if one["vectors"] == "families"
    ]
    largest = max(families, key=lambda one: one["rows"])
    each = largest["index_bytes"] / largest["rows"]
    built = largest["build_cpu_seconds"] / largest["rows"]
    rows = []
    for count, name in ((MILLION, "10⁶"), (BILLION, "10⁹")):
        shards = math.ceil(count / VECTORS_A_SHARD)
        a_machine = int(prices["machine_memory_gib"] * GIB // (each * min(count, VECTORS_A_SHARD)))
        rows.append(
            (
                name,
                f"{each:.0f}",
                _size(each * count),
                str(shards),
                str(math.ceil(shards / max(1, a_machine))),
                f"{built * count / HOUR:,.1f}",
            )
        )
    heads = (
        "vectors",
        "bytes each",
        "index",
        "shards",
        "machines to hold it",
        "core hours to build",
    )
    return table(heads, rows)


def _said(value: object) -> str:
    return f"{value:,}" if isinstance(value, int | float) else str(value)


def _money(value: float) -> str:
    return f"{value:,.2f}" if value < 100 else f"{value:,.0f}"


def _size(size: float) -> str:
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1000:
            return f"{size:,.3g} {unit}"
        size /= 1024
    return f"{size:,.3g} TiB" if size < 1000 else f"{size:,.0f} TiB"
