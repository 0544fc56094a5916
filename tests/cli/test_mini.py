"""Training mini on the command line: it goes on where it was stopped, and its figures print."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Ask

RECIPE = """
[pictures]
pixels = 32
train = 48

[clip]
width = 32
heads = 2
text_layers = 1
vision_layers = 1
patch = 8
vocabulary = 700
schedule = { steps = 3, batch = 4, rate = 1e-3 }

[vae]
widths = [8, 16]
groups = 4
schedule = { steps = 3, batch = 4, rate = 1e-3 }

[unet]
widths = [16, 32]
attention = [false, true]
head = 16
groups = 4
schedule = { steps = 3, batch = 4, rate = 1e-3 }

[probe]
widths = [8, 16]
schedule = { steps = 3, batch = 4, rate = 1e-3 }
"""


@pytest.fixture
def recipe() -> str:
    """The smallest mini."""
    Path("dot.toml").write_text(RECIPE)
    return "dot.toml"


def test_a_part_is_trained_and_a_finished_run_stays_as_it_is(ask: Ask, recipe: str) -> None:
    first = ask(["mini", "train", "vae", "--recipe", recipe])
    assert first.code == 0, first.err
    assert first.out.startswith("vae: step 3, loss ")
    whole = Path("runs/dot/vae/checkpoint.safetensors").read_bytes()
    again = ask(["mini", "train", "vae", "--recipe", recipe])
    assert again.out.startswith("vae: it was trained already")
    assert Path("runs/dot/vae/checkpoint.safetensors").read_bytes() == whole


@pytest.mark.slow
def test_a_part_without_what_it_stands_on_is_refused(ask: Ask, recipe: str) -> None:
    answer = ask(["mini", "train", "unet", "--recipe", recipe])
    assert answer.code == 2
    assert answer.err.count("\n") == 1
    assert "train this part first" in answer.err


@pytest.mark.parametrize(
    "line", ["mini train vae --recipe drafft", "mini export runs --recipe x.toml --out w"]
)
def test_an_unknown_recipe_is_refused(ask: Ask, line: str) -> None:
    answer = ask(line.split())
    assert answer.code == 2
    assert answer.err.count("\n") == 1
    assert "there is no recipe" in answer.err


@pytest.mark.slow
def test_a_run_that_lacks_parts_is_not_exported(ask: Ask, recipe: str) -> None:
    answer = ask(["mini", "export", "nowhere", "--recipe", recipe, "--out", "weights"])
    assert answer.code == 2
    assert answer.err.count("\n") == 1
    assert not Path("weights").exists()


@pytest.mark.slow
def test_the_report_has_the_figures_of_minis_table(ask: Ask) -> None:
    answer = ask(["mini", "report", "--json", "--count", "4", "--out", "sheets"])
    assert answer.code == 0, answer.err
    figures = json.loads(answer.out)
    wanted = {"vae.psnr", "clip.r1", "clip.r5", "attributes.mean", "probe.mean", "seconds.grid"}
    wanted |= {"clip.attributes.hair", "clip.attributes.mean"}
    assert wanted <= set(figures)
    assert Path("sheets/report-001.png").is_file()


def test_a_run_starts_from_anothers_weights(ask: Ask, recipe: str) -> None:
    assert ask(["mini", "train", "vae", "--recipe", recipe]).code == 0
    line = ["mini", "train", "vae", "--recipe", recipe, "--out", "second", "--start"]
    missing = ask([*line, "nowhere"])
    assert missing.code == 2
    assert missing.err.count("\n") == 1
    assert "nowhere" in missing.err
    assert "train this part first" in missing.err
    assert not Path("second").exists()
    assert ask([*line, "runs/dot"]).out.startswith("vae: step 3, loss ")
