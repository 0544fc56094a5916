"""Runs every command once on a random checkpoint of a real one's shape, and measures its memory.

`python -m benchmarks.rehearse sd15 [--at DIR] [--only NAME …] [--json FILE]`. The model is loaded
once; each command runs in a child process that finds it loaded, so that its peak is the model's
and its own, and what one command leaves behind is not counted for the next.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.commands import COMMANDS, Command
from benchmarks.shapes import OUT, SHAPES, modules, single
from lookalike.core.files import write_json

if TYPE_CHECKING:
    from benchmarks.configs import Shape
    from lookalike.models.backbone import Backbone

FIGURES = Path(__file__).parent / "figures" / "rehearsal.json"
LIMIT = 3600
"""Seconds after which a command is taken for stuck."""

PAUSE = 0.05
"""Seconds between two looks at what a command holds."""

GIB = 2**30
LOADED = {False: "load", True: "load, with eyes"}


@dataclass(frozen=True)
class Measured:
    """How a command ended, and what it took.

    `peak` is in GiB, the loaded model and what had to go to swap included.
    """

    code: int
    seconds: float
    cpu: float
    peak: float


def rehearsed(name: str, at: Path, dtype: str, only: list[str]) -> Iterator[tuple[str, Measured]]:
    """Every command that is wanted: those that load for themselves, the blind ones, the seeing."""
    # A child has none of its parent's threads, and OpenMP would wait for them.
    os.environ |= {"LOOKALIKE_DTYPE": dtype, "OMP_NUM_THREADS": "1"}
    wanted = [each for each in COMMANDS if not only or any(map(each.name.startswith, only))]
    with tempfile.TemporaryDirectory() as folder:
        _prepare(Path(folder), SHAPES[name])
        if any("FILE" in each.line for each in wanted):
            single(at / name)
        for each in (one for one in wanted if one.fresh):
            yield each.name, measured(each, at / name, Path(folder))
        yield from _rehearsed_warm(at / name, Path(folder), wanted)


def _rehearsed_warm(
    checkpoint: Path, folder: Path, wanted: list[Command]
) -> Iterator[tuple[str, Measured]]:
    with _warm(checkpoint) as backbone:
        yield LOADED[False], _own()
        for each in (one for one in wanted if not one.eyes and not one.fresh):
            yield each.name, measured(each, checkpoint, folder)
        seeing = [each for each in wanted if each.eyes]
        if seeing:
            _ = backbone.clip  # loads the eyes, once for all
            yield LOADED[True], _own()
        for each in seeing:
            yield each.name, measured(each, checkpoint, folder)


@contextmanager
def _warm(checkpoint: Path) -> Iterator[Backbone]:
    """A loaded checkpoint that whoever asks for it in this process, or a child, finds loaded."""
    from lookalike.models.store import Models

    load, kept = Models._load, {}

    def found(self: Models, spec: Any) -> Backbone:
        if spec.source not in kept:
            kept[spec.source] = load(self, spec)
        return kept[spec.source]

    Models._load = found
    try:
        with Models("cpu").use(str(checkpoint)) as backbone:
            yield backbone
    finally:
        Models._load = load


def _own() -> Measured:
    """What this process took until now."""
    peak = next(
        line for line in Path("/proc/self/status").read_text().splitlines() if "HWM" in line
    )
    spent = time.process_time()
    return Measured(0, spent, spent, int(peak.split()[1]) * 1024 / GIB)


def measured(command: Command, checkpoint: Path, folder: Path) -> Measured:
    """One command in a child process."""
    began = time.perf_counter()
    child = os.fork()
    if not child:
        os._exit(_inside(command, checkpoint, folder))
    highest = 0
    while not (ended := os.wait4(child, os.WNOHANG))[0]:
        highest = max(highest, _held(child))
        time.sleep(PAUSE)
    _, status, used = ended
    code = os.waitstatus_to_exitcode(status)
    seconds, cpu = time.perf_counter() - began, used.ru_utime + used.ru_stime
    return Measured(code, seconds, cpu, max(highest, used.ru_maxrss) * 1024 / GIB)


def _held(process: int) -> int:
    """KiB that a process holds, what lies in swap included, which its own peak leaves out."""
    told = Path(f"/proc/{process}/status").read_text()
    held = dict(line.split(":", 1) for line in told.splitlines())
    return sum(int(held[name].split()[0]) for name in ("VmRSS", "VmSwap") if name in held)


def _inside(command: Command, checkpoint: Path, folder: Path) -> int:
    """The child's part: what it prints goes to a file, whose end is shown where it fails."""
    from lookalike.cli.main import run

    signal.alarm(LIMIT)
    os.chdir(folder)
    log = folder / "log.txt"
    os.environ |= {"LOOKALIKE_LIBRARY": str(folder / "library"), "LOOKALIKE_TRACEBACK": ""}
    said = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    kept = os.dup(2)
    os.dup2(said, 1)
    os.dup2(said, 2)
    # Whoever started this may have put others in their place.
    sys.stdout, sys.stderr = (os.fdopen(number, "w", closefd=False) for number in (1, 2))
    try:
        code = run(command.arguments(checkpoint))
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    text = log.read_text("utf-8", "replace").strip()
    if right := command.refusal is not None and code == 2 and command.refusal in text:
        code = 0
    if code or right:
        os.write(kept, f"  {text[-1500:]}\n".encode())
    return code


def _prepare(folder: Path, shape: Shape) -> None:
    """What commands read: pictures, a mask, phrases, prompts, names, rows and an adapter."""
    from itertools import islice

    import pyarrow as pa
    import pyarrow.parquet as pq
    from PIL import Image

    from benchmarks.adapters import save_adapter
    from lookalike.world.look import looks
    from lookalike.world.render import render

    (folder / "domain").mkdir()
    for number, look in enumerate(islice(looks("test"), 3)):
        render(look, 256).save(folder / "domain" / f"{number}.png")
    for name, size in {"hero": (256, 256), "ink": (192, 256), "wide": (256, 128)}.items():
        render(next(looks("test")), 256).resize(size).save(folder / f"{name}.png")
    mask = Image.new("L", (256, 256))
    mask.paste(255, (64, 64, 192, 192))
    mask.save(folder / "mask.png")
    (folder / "bank.txt").write_text("a person\na cat\nred hair\nblue hair\nin the rain\n")
    (folder / "prompts.txt").write_text("a person in the rain\na cat on a chair\n")
    first, last = ("Anna", "Boris", "Clara", "David", "Emma"), ("Smith", "Brown", "Jones", "Hall")
    names = [f"{one} {two}" for one in first for two in last]
    (folder / "names.txt").write_text("\n".join(names) + "\n")
    for name, text in RECIPES.items():
        (folder / name).write_text(text)
    hero = str(folder / "hero.png")
    rows = {"key": ["one", "two"], "picture": [hero, hero], "prompt": ["a cat", "a man"]}
    pq.write_table(pa.table(rows), folder / "rows.parquet")
    width = shape.clips[shape.clip][1]["projection_dim"]
    unet = dict(modules(shape))["unet"][0]
    save_adapter(folder / "adapter.safetensors", unet, width)


def _reading(kind: str, probing: float = 0, batch: int = 1) -> str:
    """A recipe of one reader, for one step, in which all of it learns."""
    return f"""words = 20
ranked = 0
[neighbours]
count = 4
[kernel]
centroids = 8
[readers.{kind}]
kind = "{kind}"
probing = {probing}
snapshots = 1
schedule = {{ steps = 1, batch = {batch}, rate = 1e-4, bf16 = false }}
"""


RECIPES = {
    "characters.toml": """portrait = "a photo of @it"
[names]
source = "file"
[gan]
templates = ["a photo of @it", "@it"]
hidden = 32
[gan.generator]
hidden = 32
[gan.schedule]
steps = 1
batch = 2
rate = 1e-4
""",
    "reverse.toml": _reading("white"),
    "by-clip.toml": _reading("clip", batch=2),
    "head.toml": _reading("white", probing=1),
}


def main() -> None:
    """Rehearse, print a line for each command, and keep the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rehearse", description=__doc__)
    parser.add_argument("name", choices=SHAPES)
    parser.add_argument("--at", type=Path, default=OUT, help="where `shapes make` wrote")
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--only", nargs="*", default=[], help="how names of commands begin")
    parser.add_argument("--json", type=Path, default=FIGURES)
    asked = parser.parse_args()
    failed = []
    key = f"{asked.name}, {asked.dtype}"
    for name, found in rehearsed(asked.name, asked.at.absolute(), asked.dtype, asked.only):
        mark = "" if not found.code else f"  FAILED ({found.code})"
        print(
            f"{name:32s} {found.seconds:7.1f} s {found.cpu:7.1f} s of CPU "
            f"{found.peak:6.2f} GiB{mark}",
            flush=True,
        )
        failed += [name] if found.code else []
        _keep(asked.json, key, name, found)
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


def _keep(file: Path, key: str, name: str, found: Measured) -> None:
    """Put one figure into the file, and leave those of other runs."""
    told: dict[str, Any] = json.loads(file.read_text("utf-8")) if file.is_file() else {}
    row = {"peak": round(found.peak, 2), "cpu": round(found.cpu, 1)}
    rows = told.setdefault(key, {})
    rows[name] = row if not found.code else row | {"failed": found.code}
    write_json(file, told)


if __name__ == "__main__":
    main()
