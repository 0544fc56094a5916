"""Processes that train together see what one would see, and learn what it would learn."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from itertools import chain
from pathlib import Path

import pytest
import torch

from lookalike.core.errors import OptionError
from lookalike.train import together
from lookalike.train.loop import train
from lookalike.train.together import Place, dealt, joined, place, told, whole
from tests.train.tiny_task import TinyTask

ROOT = Path(__file__).parents[2]

LOSSES = 2e-3
"""How far the losses of two processes may lie from those of one, as a share: sums of a batch's rows
are taken in another order, and a few steps of AdamW make that larger."""


def test_the_rows_of_all_processes_are_the_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    for count in (2, 3):
        found = []
        for number in range(count):
            monkeypatch.setattr(together, "place", lambda n=number, of=count: Place(n, of))
            own = dealt(torch.arange(6))
            assert own.tolist() == dealt(list(range(6)))
            assert whole(len(own)) == 6
            found.append(own.tolist())
        assert list(chain(*zip(*found, strict=True))) == list(range(6))


def test_a_batch_that_cannot_be_dealt_evenly_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(together, "place", lambda: Place(1, 2))
    with pytest.raises(OptionError, match="a batch that is a multiple of 2") as raised:
        dealt(torch.arange(5))
    assert "\n" not in str(raised.value)


def test_a_training_for_one_process_refuses_to_be_shared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(together, "place", lambda: Place(0, 2))
    with pytest.raises(OptionError, match="'tiny' is for one process, not for 2"):
        next(train(TinyTask(), tmp_path))
    assert not list(tmp_path.iterdir())


def test_a_process_alone_has_every_row_and_waits_for_nobody() -> None:
    rows = torch.randn(3, 2)
    assert place() == Place()
    assert dealt(rows) is rows
    assert joined(rows) is rows
    assert told(lambda: 0.25) == 0.25
    with together.first_here():
        together.wait()


def ran(kind: str, folder: Path, *launcher: str) -> dict[str, list[float]]:
    """The curves of short trainings, in processes of their own."""
    folder.mkdir()
    paths = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    done = subprocess.run(
        [sys.executable, *launcher, "-m", "tests.train.together_runs", kind, str(folder)],
        env={**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads((folder / "curves.json").read_text())


LAUNCH = ("-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2")
LAUNCH += ("--num_machines", "1", "--mixed_precision", "no", "--dynamo_backend", "no")
LAUNCH += ("--main_process_port", "0")


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["tiny", "tune", "reverse", "mini"])
def test_two_processes_learn_what_one_does_and_one_of_them_writes(
    tmp_path: Path, kind: str
) -> None:
    one, two = ran(kind, tmp_path / "one"), ran(kind, tmp_path / "two", *LAUNCH)
    assert (one.pop("processes"), two.pop("processes")) == ([1.0], [2.0])
    assert one.keys() == two.keys()
    for name, curve in one.items():
        assert two[name] == pytest.approx(curve, rel=LOSSES), name
    assert files(tmp_path / "one") == files(tmp_path / "two")
    if kind == "tiny":
        assert two["tiny resumed"] == two["tiny"]
