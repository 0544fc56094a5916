"""The way in: quick, light, and one line for whatever goes wrong."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import lookalike
from lookalike.cli import options
from lookalike.cli.main import explained
from lookalike.core.records import Settings
from tests.cli.conftest import Ask

SOURCES = Path(lookalike.__file__).parent.parent
COMMAND = [sys.executable, "-m", "lookalike.cli.main"]
HEAVY = ("torch", "diffusers", "transformers", "numpy", "PIL", "rich")


def python(code: str) -> subprocess.CompletedProcess[str]:
    surroundings = {**os.environ, "PYTHONPATH": str(SOURCES)}
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=surroundings
    )


def test_help_loads_nothing_but_the_command_line() -> None:
    """What its half a second rests on; `python -m benchmarks.speed start` takes the time."""
    code = """
import json, sys
before = set(sys.modules)
from lookalike.cli.main import run
run(['--help'])
print(json.dumps(sorted(set(sys.modules) - before)))
"""
    loaded = json.loads(python(code).stdout.splitlines()[-1])
    rooms = {".".join(name.split(".")[:2]) for name in loaded if name.startswith("lookalike.")}
    others = {name.split(".")[0] for name in loaded} - set(sys.stdlib_module_names)
    assert rooms == {"lookalike.cli", "lookalike.core"}
    assert others == {"lookalike", "typer", "shellingham", "annotated_doc"}


def test_only_a_process_of_its_own_changes_how_often_python_looks_for_garbage() -> None:
    code = """
import gc, sys
from lookalike.cli.main import RARELY, run
usual = gc.get_threshold()
run(["--version"])
assert gc.get_threshold() == usual
sys.argv = ["lookalike", "--version"]
run()
assert gc.get_threshold() == RARELY
"""
    python(code)


@pytest.mark.parametrize(
    "arguments",
    [
        *(["--help"], ["mini", "--help"], ["describe", "--help"], ["paint"], ["--version"]),
        *(["parameters", "--markdown"], ["parameters", "--v", "6", "--json"]),
    ],
)
def test_what_needs_no_model_loads_no_model_library(arguments: list[str]) -> None:
    code = f"""
import json, sys
from lookalike.cli.main import run
run({arguments!r})
print(json.dumps([name for name in {HEAVY!r} if name in sys.modules]))
"""
    assert json.loads(python(code).stdout.splitlines()[-1]) == []


def test_without_arguments_there_is_help(ask: Ask) -> None:
    assert ask([]) == ask(["--help"])
    assert "describe" in ask([]).out


def test_every_command_has_help(ask: Ask) -> None:
    for line in ("describe", "convert", "imagine", "vary", "edit", "again", "recipe", "models"):
        assert ask([line, "--help"]).code == 0
    for line in ("save", "saved", "forget", "shorten", "presets", "parameters"):
        assert ask([line, "--help"]).code == 0
    for line in (
        "world sheet",
        "world make",
        "mini train",
        "mini export",
        "mini report",
        "evaluate judge",
    ):
        assert ask([*line.split(), "--help"]).code == 0
    for line in ("pick", "zoom", "pan", "blend", "remix"):
        assert ask([line, "--help"]).code == 0
    assert ask(["evaluate", "round-trip", "--help"]).code == 0


@pytest.mark.parametrize("arguments", [["version"], ["--version"]])
def test_the_version_is_told(ask: Ask, arguments: list[str]) -> None:
    assert ask(arguments).out == f"lookalike {lookalike.__version__}\n"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("paint x", "paint"),
        ("describe", "PICTURE"),
        ("vary a.png --strength wild", "subtle"),
        ("imagine cat --count many", "--count"),
        ("world", "lookalike world --help"),
        ("world make --out x --count 0", "--count"),
        ("mini train hat", "probe"),
        ("convert a.png", "--out"),
    ],
)
def test_wrong_usage_is_one_line_that_helps(ask: Ask, line: str, said: str) -> None:
    answer = ask(line.split())
    assert answer.code == 2
    assert answer.out == ""
    assert answer.err.startswith("lookalike: ")
    assert answer.err.count("\n") == 1
    assert said in answer.err


def test_a_fault_of_ours_is_one_line_too_and_has_its_own_code() -> None:
    line, code = explained(RuntimeError("two\nlines"))
    assert code == 1
    assert "\n" not in line
    assert "RuntimeError: two lines" in line
    assert "LOOKALIKE_TRACEBACK" in line


def test_a_full_disk_is_named_in_plain_words() -> None:
    fault = OSError(errno.ENOSPC, "No space left on device", "out.png")
    assert explained(fault) == ("out.png: no space left on the disk", 2)


def test_a_person_who_asks_for_the_traceback_gets_it(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOOKALIKE_TRACEBACK", "1")
    with pytest.raises(lookalike.core.errors.PictureError):
        ask(["vary", "missing.png"])


def test_a_reader_that_leaves_early_sees_no_complaint() -> None:
    surroundings = {**os.environ, "PYTHONPATH": str(SOURCES)}
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as gone:
        ended = subprocess.run(
            [*COMMAND, "--help"], stdout=gone, stderr=subprocess.PIPE, check=False, env=surroundings
        )
    assert ended.stderr == b""
    assert ended.returncode == 141


def test_defaults_in_the_help_are_those_in_force(ask: Ask) -> None:
    known, shown = Settings(), " ".join(ask(["imagine", "--help"]).out.split())
    assert f"pictures to make; {known.count} if unset" in shown
    assert f"sampler; {known.steps} if unset" in shown
    assert known.guidance is None
    assert "follow the prompt; the model's own if unset" in shown
    assert f"Width to height; {known.aspect} if unset" in shown
    assert known.model == options.MODEL


@pytest.mark.slow
def test_characters_that_the_terminal_lacks_are_no_error() -> None:
    surroundings = {**os.environ, "PYTHONPATH": str(SOURCES), "PYTHONIOENCODING": "ascii"}
    ended = subprocess.run(
        [*COMMAND, "vary", "żółw.png"],
        capture_output=True,
        text=True,
        check=False,
        env=surroundings,
    )
    assert ended.returncode == 2
    assert ended.stderr.startswith("lookalike: there is no picture at ")
