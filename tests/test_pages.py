"""The pages that are written from code and figures are what these give today."""

from __future__ import annotations

import re

import pytest

from benchmarks.pages import DOCS, PAGES, commands, interface, licences, scale, speed
from lookalike.convert import converters
from lookalike.describe import describers
from lookalike.refer import mechanisms
from lookalike.session import Session


@pytest.mark.parametrize("name", PAGES)
def test_a_written_page_is_what_the_code_gives(name: str) -> None:
    assert (DOCS / name).read_text("utf-8") == PAGES[name](), "python -m benchmarks.pages writes it"


def test_every_method_has_its_heading() -> None:
    headings = re.findall(r"^### (.+)$", PAGES["methods.md"](), re.MULTILINE)
    for registry in (describers, converters, mechanisms):
        assert set(registry.names()) <= set(headings)


def test_every_verb_of_a_session_has_its_signature_and_a_sentence() -> None:
    text = interface.page()
    for name in (name for name in dir(Session) if not name.startswith("_")):
        [said] = re.findall(rf"^#### Session\.{name}\n\n(.*?)(?=^#|\Z)", text, re.DOTALL | re.M)
        assert len(said.split("```")[-1].strip()) > 20, name


def test_every_group_of_commands_is_on_the_page() -> None:
    heads = re.findall(r"^## lookalike (\S+)", commands.page(), re.MULTILINE)
    assert {"imagine", "reverse", "characters", "evaluate", "world", "mini"} <= set(heads)


def test_every_folder_that_is_shipped_is_named_with_its_licence() -> None:
    text = licences.notice()
    for folder in licences.shipped():
        assert folder.relative_to(licences.ROOT).as_posix() in text, folder
    assert len(licences.shipped()) >= 7


def test_all_that_notice_says_is_on_the_page() -> None:
    said = set(re.findall(r"\S+", licences.notice().partition("What ships inside")[2]))
    shown = set(re.findall(r"[^\s`,]+", licences.page()))
    assert {word.strip(",") for word in said if not set(word) <= {"-"}} <= shown


def test_a_rehearsal_is_one_table_with_a_column_for_each_model() -> None:
    found = {
        "weights": {"sd15": {"loaded": 1}},
        "sd15, float32": {"load": {"peak": 5.27, "cpu": 20.0}, "edit": {"peak": 1.0, "failed": 1}},
        "sdxl, bfloat16": {"tune": {"peak": 22.7, "cpu": 545.5, "failed": -9}},
    }
    text = speed.rehearsal(found)
    assert "| command | SD 1.5, float32 | SDXL, bfloat16 |" in text
    assert "| load | 5.3 GiB, 20 s | – |" in text
    assert "| edit | – | – |" in text
    assert "| tune | – | killed at 22.7 GiB |" in text


def test_rows_beside_peers_become_a_table_for_each_part() -> None:
    row = {"part": "engine", "what": "mini", "ours": 1.0, "theirs": 2.0, "unit": "s", "ratio": 0.5}
    row |= {"goal": 1.02, "better": "less"}
    machine = {"processor": "X", "cores": 2, "threads": 1}
    text = speed.peers({"engine": {"machine": machine, "rows": [row]}})
    assert "### engine\n\nX, 2 cores, 1 thread." in text
    assert "| mini | 1&nbsp;s | 2&nbsp;s | 0.5 | ≤&nbsp;1.02 | – |" in text


PRICES = {
    **{"processor_hour": 0.5, "card_hour": 2.0, "card_teraflops": 100.0, "card_share": 0.5},
    **{"write_million": 5.0, "read_million": 1.0, "machine_cores": 10, "machine_memory_gib": 64},
}
COSTS = {
    "steps": 10,
    "jobs": {"open": {"processor_seconds": 0.01}, "embed": {"processor_seconds": 0.02}},
    "gigaflops": {"SDXL": {"U-Net": 100.0, "VAE, decoding": 500.0, "vision tower": 50.0}},
}


def test_a_row_that_looks_at_a_picture_pays_for_opening_it() -> None:
    assert scale.row_seconds(COSTS, "embed") == pytest.approx(0.03)


def test_money_is_hours_times_their_price() -> None:
    assert scale.money(0.036, 10**6, 0.5) == pytest.approx(5.0)


def test_a_made_picture_is_a_file_and_a_read_one_a_request() -> None:
    assert scale.writing("imagine", 10**6, PRICES) == pytest.approx(5.005)
    assert scale.writing("embed", 10**6, PRICES) == pytest.approx(1.005)


def test_a_picture_is_two_rows_of_the_unet_a_step_and_one_decoding() -> None:
    assert scale.flops(COSTS, "SDXL", "imagine") == pytest.approx(2.5e12)
    assert scale.flops(COSTS, "SDXL", "embed") == pytest.approx(5e10)


def test_a_page_without_a_tables_place_is_refused() -> None:
    with pytest.raises(SystemExit, match="lacks the place"):
        scale.filled("# Nothing\n", scale.costs(), scale.prices())
