"""Ctrl-C: one line, exit code 130, and nothing half-written."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import lookalike
from tests.cli.conftest import Ask

SOURCES = Path(lookalike.__file__).parent.parent
STOPPED = "lookalike: stopped; nothing half-written was kept\n"


def interrupted(arguments: str, begun: str, place: Path) -> subprocess.CompletedProcess[str]:
    """Run a command, press Ctrl-C when a file that matches `begun` is there, and wait."""
    process = subprocess.Popen(
        [sys.executable, "-m", "lookalike.cli.main", *arguments.split()],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(SOURCES)},
        start_new_session=True,
        # A shell's background jobs ignore Ctrl-C, and what they start inherits it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    limit = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < limit and not any(place.glob(begun)):
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the workers as well
    out, err = process.communicate(timeout=60)
    return subprocess.CompletedProcess(arguments, process.returncode, out, err)


def test_a_data_set_that_is_stopped_leaves_nothing(own_place: Path) -> None:
    ended = interrupted("world make --count 63 --pixels 1600 --out data", ".data*/*", own_place)
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", STOPPED)
    assert list(own_place.iterdir()) == []


@pytest.mark.slow
def test_worker_processes_stop_without_a_word(own_place: Path) -> None:
    ended = interrupted("world make --count 5000 --out data", ".data*/*", own_place)
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", STOPPED)
    assert list(own_place.iterdir()) == []


def test_a_run_that_is_stopped_writes_no_picture(
    ask: Ask, tiny: str, own_place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lookalike.models.latent import LatentDiffusion

    denoise, calls = LatentDiffusion.denoise, []

    def stopping(self: LatentDiffusion, *arguments: object) -> object:
        calls.append(1)
        if len(calls) > 3:
            raise KeyboardInterrupt
        return denoise(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(LatentDiffusion, "denoise", stopping)
    answer = ask(["imagine", "cat", "--model", tiny, "--steps", "8", "--count", "1"])
    assert (answer.code, answer.out, answer.err) == (130, "", STOPPED)
    assert len(calls) == 4
    assert list(own_place.iterdir()) == []


def test_a_save_that_is_stopped_leaves_whole_pictures_only(
    ask: Ask, tiny: str, own_place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced, calls = os.fsync, []

    def stopping(descriptor: int) -> None:
        if any(own_place.rglob(".*.part")):  # not what is remembered of the model's hash
            calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        synced(descriptor)

    monkeypatch.setattr(os, "fsync", stopping)
    answer = ask(["imagine", "cat", "--model", tiny, "--steps", "1", "--count", "3"])
    assert answer.code == 130
    left = [path.name for path in own_place.rglob("*") if path.is_file()]
    assert left == ["imagine-001.png"]
    assert ask(["recipe", "lookalike-out/imagine-001.png"]).code == 0
