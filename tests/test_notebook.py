"""The notebook of the claims is run whole, and what is kept of it is small."""

from __future__ import annotations

import json
import re

import pytest

from benchmarks.notebook import PLACE
from tests.docs.acting import is_like

KEPT = json.loads(PLACE.read_text("utf-8"))
CODE = [cell for cell in KEPT["cells"] if cell["cell_type"] == "code"]


def printed(cell: dict[str, list[dict[str, str]]]) -> str:
    outs = [out for out in cell["outputs"] if out["output_type"] == "stream"]
    return "".join("".join(out["text"]) for out in outs)


def test_every_cell_was_run_and_none_failed() -> None:
    assert [cell["execution_count"] for cell in CODE] == list(range(1, len(CODE) + 1))
    assert all(out["output_type"] != "error" for cell in CODE for out in cell["outputs"])


def test_the_notebook_is_small() -> None:
    assert PLACE.stat().st_size < 1_000_000


def test_the_closed_form_lies_nearer_to_the_caption_than_to_no_words() -> None:
    [text] = [text for text in map(printed, CODE) if text.startswith("no words")]
    floor, made, ceiling = (float(each) for each in re.findall(r"\d\.\d+", text))
    assert made - floor > ceiling - made


@pytest.mark.slow
def test_the_notebook_runs_and_prints_what_it_kept_but_for_last_digits() -> None:
    from benchmarks.notebook import ran, shown

    for found, cell in zip(shown(ran()), CODE, strict=True):
        assert is_like(printed(cell), found, about=True)
