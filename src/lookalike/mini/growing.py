"""Grows a whole mini unattended, in a given time: pictures, all parts, export and report."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lookalike.core.errors import ModelError
from lookalike.core.files import write_bytes
from lookalike.mini.fitting import fitted_steps
from lookalike.mini.recipe import MiniRecipe
from lookalike.mini.training import captions_of, pictures_of, said_by
from lookalike.train.checkpoint import NAME, trained_steps

STAGES: Sequence[Sequence[str]] = (("clip", "vae", "probe"), ("unet",))
"""What is trained at the same time: parts of one stage share the device."""

SHARES, END = (0.37, 0.55), 0.08
"""Shares of the time after the pictures are drawn: of either stage, and of export and report."""

LAST_STEP = 60.0
"""Seconds that a process gets to keep its last step."""

OUT = "out"
"""The folder in a run that export and report are written to."""


@dataclass(frozen=True)
class Growing:
    """What is grown, from what, where, and how."""

    recipe: str
    run: Path
    data: Path
    device: str = "cpu"
    compiled: bool = False
    log: float = 20.0  # seconds between lines
    exporting: float = 240.0  # seconds between exports of what the U-Net has learnt so far
    judged: int = 200  # pictures that a figure of the report is measured on

    def command(self, *words: str) -> list[str]:
        """A command of lookalike in a process of its own."""
        return [sys.executable, "-m", "lookalike", "mini", *words]

    def training(self, part: str, seconds: float) -> list[str]:
        """The command that trains a part in a given time."""
        told = ["--recipe", self.recipe, "--out", str(self.run), "--data", str(self.data)]
        told += ["--device", self.device, "--log", f"{self.log:g}", "--minutes", f"{seconds / 60}"]
        return self.command("train", part, *told, *(["--compile"] if self.compiled else []))

    def export(self) -> list[str]:
        """The command that puts the parts together as they are."""
        told = ["--recipe", self.recipe, "--data", str(self.data), "--device", self.device]
        return self.command("export", str(self.run), "--out", str(self.run / OUT), *told)

    def report(self) -> list[str]:
        """The command that measures what was exported, by its own probe."""
        made = self.run / OUT
        told = ["--model", str(made / "mini"), "--probe", str(made / "probe")]
        told += ["--count", str(self.judged)]
        return self.command("report", *told, "--device", self.device, "--out", str(made), "--json")


def grow(growing: Growing, recipe: MiniRecipe, minutes: float) -> Iterator[str]:
    """Grow a mini in so many minutes, yielding what is begun; the same call goes on.

    Parts that would take longer than their share of the time do fewer steps. What is done already
    takes none of it. While the U-Net learns, what there is of it is exported now and then, so that
    a run that is cut off leaves a mini.

    Raises:
        ModelError: a process failed; what it said stands above.
    """
    began = time.monotonic()
    yield "drawing pictures"
    pictures = pictures_of(recipe, growing.data)
    yield "drawing captions"
    said_by(recipe, growing.run, pictures)
    captions_of(recipe, growing.run, pictures)
    del pictures  # gigabytes, and every part reads its own
    for place, parts in enumerate(STAGES):
        left = [part for part in parts if not _done(growing.run / part, part, recipe)]
        if left:
            spent = time.monotonic() - began
            seconds = _share(place, minutes * 60 - spent)
            yield f"training {', '.join(left)}: {seconds / 60:.1f} minutes"
            _together(growing, left, seconds, exporting=place > 0)
    yield "exporting"
    _run(growing.export())
    yield "measuring"
    write_bytes(growing.run / OUT / "report.json", _run(growing.report()).encode())
    yield f"wrote {growing.run / OUT} in {(time.monotonic() - began) / 60:.1f} minutes"


def _share(place: int, seconds: float) -> float:
    """The time of a stage, of what is left for it and all that comes behind it."""
    return max(0.0, seconds) * SHARES[place] / (sum(SHARES[place:]) + END)


def _done(folder: Path, part: str, recipe: MiniRecipe) -> bool:
    steps = fitted_steps(folder) or getattr(recipe, part).schedule.steps
    return trained_steps(folder) == steps


def _together(growing: Growing, parts: Sequence[str], seconds: float, exporting: bool) -> None:
    """Train parts at the same time, each in its own process."""
    running = {part: subprocess.Popen(growing.training(part, seconds)) for part in parts}
    exported = time.monotonic()
    try:
        while _any_left(running):
            time.sleep(0.2)
            due = time.monotonic() - exported > growing.exporting
            if exporting and due and all((growing.run / part / NAME).exists() for part in parts):
                _run(growing.export())
                exported = time.monotonic()
    finally:
        for each in running.values():
            _stop(each)


def _any_left(running: Mapping[str, subprocess.Popen[bytes]]) -> bool:
    """Whether some process still runs, and none has failed."""
    failed = [part for part, each in running.items() if each.poll()]
    if failed:
        raise ModelError(f"training {failed[0]} failed; the same command goes on")
    return any(each.poll() is None for each in running.values())


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End a process as Ctrl-C does: it keeps its last step."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    try:
        process.wait(LAST_STEP)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _run(command: Sequence[str]) -> str:
    """Run a command to its end and give what it printed."""
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise ModelError(f"`lookalike {' '.join(command[3:5])}` failed; the same command goes on")
    return done.stdout
