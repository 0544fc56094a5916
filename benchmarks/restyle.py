"""What restyle costs, and how soon it is where its rivals end.

`python -m benchmarks.restyle [--json] [--size 160] [--only cost|race]`. Seconds are those of one
processor thread, so that other programs count as little as they can. Memory is what a process of
its own takes at most, above what it has when VGG is loaded.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import pairwise, product
from pathlib import Path

import torch
from PIL import Image

from lookalike.evaluate.strokes import Eye
from lookalike.models.vgg import Vgg, precision_on
from lookalike.restyle.options import Restyle, options_of
from lookalike.restyle.pixels import fitted, picture, shrunk
from lookalike.restyle.transfer import Step, Style, transfer
from lookalike.world.look import looks_in
from lookalike.world.render import render

Figures = dict[str, float]
CPU = torch.device("cpu")
STYLES = Path(__file__).parent.parent / "examples" / "styles"
SIDES = (128, 256, 384, 512, 768)
TILED = ((512, 128), (768, 128), (768, 256))
STEPS = 3
ITERATIONS = 250
"""How long the first paper's way is given; its picture hardly changes any more by then."""
OURS = {"scales": 2, "first_steps": 20, "steps": 40}
"""The preset fast for the race's small pictures, which have two sizes as the rival's do."""
PAIRS = {
    "wave": ("avataaars", "hokusai-great-wave.jpg"),
    "auvers": ("micah", "van-gogh-auvers.jpg"),
    "drawn": ("personas", "landscape"),
}
"""A content's style, and the style that it is given: a painting or another drawn style."""
MEASURES = ("style_gram", "style_w2")
RIVALS = ("gatys2016", "adam-gram")
EVERY = 5
"""Steps from one look at the picture to the next; looking is not timed."""


def pictures(side: int, pair: str = "wave") -> tuple[Image.Image, Image.Image]:
    """A content and a style."""
    drawn, style = PAIRS[pair]
    content = render(next(looks_in(drawn, "test")), side)
    if not (STYLES / style).is_file():
        return content, render(next(looks_in(style, "test")), side)
    with Image.open(STYLES / style) as whole:
        return content, shrunk(whole.convert("RGB"), fitted(whole.size, side, grow=True))


def peak() -> float:
    """The most memory that this process has taken so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def one_cost(side: int, tile: int | None) -> Figures:
    """Seconds of a step, and memory, at one size."""
    options = options_of("best", {"size": side, "scales": 1, "first_steps": STEPS, "tile": tile})
    vgg = Vgg.load().to(CPU, precision_on(CPU))
    content, style = pictures(side)
    before, marks = peak(), [time.process_time()]
    for _ in transfer(vgg, content, [Style(style)], options):
        marks.append(time.process_time())
    seconds = min(b - a for a, b in pairwise(marks[1:]))
    megapixels = side * side / 1e6
    return {
        **{"side": side, "tile": tile or 0, "seconds": seconds, "megabytes": peak() - before},
        "seconds_per_megapixel": seconds / megapixels,
        "megabytes_per_megapixel": (peak() - before) / megapixels,
    }


def costs() -> dict[str, Figures]:
    """The cost of a step at several sizes, whole and in tiles, each in a process of its own."""
    asked = [*((side, None) for side in SIDES), *TILED]
    found: dict[str, Figures] = {}
    for side, tile in asked:
        command = [sys.executable, "-m", "benchmarks.restyle", "--cost", f"{side},{tile or 0}"]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        found[f"{side} pixels" + (f", tiles of {tile}" if tile else "")] = json.loads(said)
    return found


def looked(
    eye: Eye, steps: Iterator[Step], style: Image.Image, content: Image.Image
) -> Iterator[Figures]:
    """Every few steps: seconds so far, and the distances by which pictures are compared."""
    spent, began = 0.0, time.process_time()
    for step in steps:
        spent += time.process_time() - began
        if step.step % EVERY == 0 and step.best.shape[3] == content.width:
            made = picture(step.best)
            yield {
                **{"step": step.step, "seconds": spent, "content": eye.content(made, content)},
                **eye.style(made, style),
            }
        began = time.process_time()


def races(
    side: int, iterations: int = ITERATIONS, rivals: Sequence[str] = RIVALS
) -> dict[str, dict[str, Figures]]:
    """The race of every pair, by name."""
    return {pair: race(pair, side, iterations, rivals) for pair in PAIRS}


def race(pair: str, side: int, iterations: int, rivals: Sequence[str]) -> dict[str, Figures]:
    """How soon our preset fast is as near to the style as each rival at its best."""
    content, style = pictures(side, pair)
    eye, found = Eye(Vgg.load()), dict[str, Figures]()

    def run(options: Restyle) -> list[Figures]:
        return list(looked(eye, _steps(options, content, style), style, content))

    precisions = dict.fromkeys((precision_on(CPU), "float32"))
    ours = {
        one: run(options_of("fast", {"size": side, **OURS, "precision": one})) for one in precisions
    }
    for name in rivals:
        theirs = run(rival(name, side, iterations))
        found[name] = theirs[-1]
        for precision, measure in product(ours, MEASURES):
            row = sooner(ours[precision], theirs, measure)
            found[f"fast in {precision}, to {name}'s {measure}"] = row
    return found


def rival(name: str, side: int, iterations: int) -> Restyle:
    """A rival's way of as many steps, half of them at its smaller sizes where it has some."""
    if name == "gatys2016":
        return options_of(name, {"size": side, "first_steps": iterations})
    steps = {"first_steps": iterations // 4, "steps": iterations // 2, "scales": 2}
    return options_of("best", {"size": side, "loss": "gram", "average": 0.9, **steps})


def sooner(ours: Sequence[Figures], theirs: Sequence[Figures], measure: str) -> Figures:
    """Our first look that is as near as their nearest, and how many times sooner it came."""
    goal = min(one[measure] for one in theirs)
    there = next((one for one in ours if one[measure] <= goal), None)
    took = next(one["seconds"] for one in theirs if one[measure] <= goal)
    return {
        **(there or ours[-1]),
        "their_seconds": took,
        "times_sooner": took / there["seconds"] if there else 0.0,
    }


def _steps(options: Restyle, content: Image.Image, style: Image.Image) -> Iterator[Step]:
    vgg = Vgg.load().to(CPU, precision_on(CPU, options.precision), options.pooling)
    return transfer(vgg, content, [Style(style)], options)


def main() -> None:
    """Print tables, or one JSON object."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.restyle", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--size", type=int, default=160, help="side of the race's pictures")
    parser.add_argument("--only", choices=("cost", "race"), help="one of the two parts")
    parser.add_argument("--cost", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    if asked.cost:
        side, tile = map(int, asked.cost.split(","))
        print(json.dumps(one_cost(side, tile or None)))
        return
    found: dict[str, dict[str, Figures]] = {}
    if asked.only != "race":
        found["cost"] = costs()
    if asked.only != "cost":
        found |= races(asked.size)
    print(json.dumps(found, indent=2) if asked.json else _told(found))


def _told(found: dict[str, dict[str, Figures]]) -> str:
    lines: list[str] = []
    for part in found.values():
        for name, row in part.items():
            figures = "  ".join(f"{key} {value:.4g}" for key, value in row.items())
            lines.append(f"{name}  {figures}".strip())
    return "\n".join(lines)


if __name__ == "__main__":
    main()
