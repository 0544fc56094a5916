"""Every command runs on checkpoints built as the published ones are, in a few million weights."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.commands import COMMANDS
from benchmarks.rehearse import rehearsed
from benchmarks.shapes import make


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("name", ["sd15", "sd15-inpainting", "sd21", "sdxl"])
def test_every_command_runs_on_a_narrow_checkpoint(
    name: str, dtype: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOOKALIKE_DTYPE", dtype)  # set by the rehearsal too; taken back here
    made = make(f"narrow-{name}", tmp_path)
    found = dict(rehearsed(made.name, tmp_path, dtype, []))
    assert [each for each, told in found.items() if told.code] == []
    assert {each.name for each in COMMANDS} <= found.keys()
