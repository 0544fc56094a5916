"""Whatever a page tells to type works as it stands there, and prints what the page shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.acting import Reader
from tests.docs.blocks import PAGES, Block, blocks, title


def told(page: Path) -> list[Block]:
    return list(blocks(page))


RUN = [page for page in PAGES if any(b.kind in ("shell", "python") for b in told(page))]
QUICK = [page for page in RUN if any(b.quick and b.kind in ("shell", "python") for b in told(page))]


@pytest.mark.parametrize("page", PAGES, ids=title)
def test_every_block_of_a_page_is_run_or_is_output_or_a_file(page: Path) -> None:
    fences = [line for line in page.read_text("utf-8").splitlines() if "```" in line]
    assert len(fences) == 2 * sum(bool(b.kind in BLOCKS) for b in told(page))


BLOCKS = ("shell", "python", "output", "file", "signature")


@pytest.mark.parametrize("page", QUICK, ids=title)
def test_the_quick_blocks_of_a_page_work(reader: Reader, page: Path) -> None:
    reader.follow(quick(told(page)))


@pytest.mark.slow
@pytest.mark.parametrize("page", RUN, ids=title)
def test_all_blocks_of_a_page_work(reader: Reader, page: Path) -> None:
    reader.follow(told(page))


def quick(page: list[Block]) -> list[Block]:
    """The quick blocks, and the output and files that belong to them."""
    kept: list[Block] = []
    for number, block in enumerate(page):
        goes_with = block.kind == "output" and number > 0 and page[number - 1] in kept
        if block.quick or block.kind == "file" or goes_with:
            kept.append(block)
    return kept
