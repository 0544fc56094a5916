"""What nothing here needs is left out of imports, and is there for whoever does need it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

LOADED = """
from lookalike.models.lean import import_leanly
from lookalike.models.loader import NEEDED
import_leanly(*NEEDED)
"""


def said(program: str, *paths: Path) -> list[str]:
    """What a program prints in a process of its own, where nothing was imported before."""
    found = f"import sys; sys.path[:0] = {[str(path) for path in paths]}\n{program}"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", found], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_a_model_is_loaded_without_scipy() -> None:
    program = """
import sys
from lookalike.session import Session
session = Session("mini", device="cpu")
session.imagine("a person --steps 1 --count 1")
print(*[name for name in sys.modules if name.split(".")[0] == "scipy"])
"""
    assert said(program) == []


def test_who_uses_scipy_through_diffusers_or_transformers_gets_it() -> None:
    program = """
from diffusers import DPMSolverMultistepScheduler, EulerDiscreteScheduler
from transformers.loss.loss_for_object_detection import linear_sum_assignment
print(*linear_sum_assignment([[3, 1], [1, 3]])[1])
for kind in (DPMSolverMultistepScheduler, EulerDiscreteScheduler):
    sampler = kind(use_beta_sigmas=True)
    sampler.set_timesteps(3)
    print(*[f"{float(one):.4f}" for one in sampler.sigmas])
import scipy.linalg
print(scipy.linalg.det([[2, 0], [0, 3]]))
"""
    plain = said(program)
    assert plain[:2] == ["1", "0"]
    assert said(LOADED + program) == plain


def test_a_library_that_wants_more_of_scipy_is_given_it(tmp_path: Path) -> None:
    (tmp_path / "wants.py").write_text("import scipy.linalg\nfound = scipy.linalg.det([[2]])\n")
    program = """
from lookalike.models.lean import import_leanly
import_leanly("wants")
import wants
print(wants.found)
"""
    assert said(program, tmp_path) == ["2.0"]


@pytest.mark.parametrize("before", ["", "import scipy.stats"])
def test_what_is_not_there_is_told(before: str) -> None:
    program = f"""
{before}
from lookalike.models.lean import import_leanly
try:
    import_leanly("nowhere_at_all")
except ImportError as fault:
    print(fault.name)
import scipy.stats
print(scipy.stats.norm.cdf(0))
"""
    assert said(program) == ["nowhere_at_all", "0.5"]
