"""Runs `examples/claims.ipynb` and keeps what it shows: `python -m benchmarks.notebook`."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import lookalike

if TYPE_CHECKING:
    from nbformat import NotebookNode

PLACE = Path(__file__).parent.parent / "examples" / "claims.ipynb"
SECONDS = 1800
"""How long one cell may take."""


def ran(path: Path = PLACE) -> NotebookNode:
    """The notebook with what its cells print and show now; a cell that fails raises."""
    import nbformat
    from nbclient import NotebookClient

    book = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "styles").symlink_to(path.parent / "styles")
        os.environ.setdefault("OMP_NUM_THREADS", "1")
        # The notebook's own process takes lookalike from where this one has it.
        os.environ["PYTHONPATH"] = str(Path(lookalike.__file__).parent.parent)
        about: dict[str, Any] = {"metadata": {"path": folder}}
        NotebookClient(book, timeout=SECONDS, kernel_name="python3", resources=about).execute()
    for cell in book.cells:
        cell.metadata.pop("execution", None)  # when each began and ended: another each time
        if cell.cell_type == "code":
            cell.outputs = [*_kept(cell.outputs)]
    return book


def _kept(outputs: Iterable[NotebookNode]) -> Iterator[NotebookNode]:
    """What is printed, in one piece, and pictures as PNG; libraries' remarks are dropped."""
    from nbformat.v4 import new_output

    outputs = list(outputs)
    said = [out.text for out in outputs if out.output_type == "stream" and out.name == "stdout"]
    if said:
        yield new_output("stream", name="stdout", text="".join(said))
    for out in outputs:
        if "data" in out:
            out.data.pop("image/jpeg", None)
            yield out


def shown(book: NotebookNode) -> list[str]:
    """What each cell of code prints."""
    return [
        "".join(out.text for out in cell.outputs if out.output_type == "stream")
        for cell in book.cells
        if cell.cell_type == "code"
    ]


if __name__ == "__main__":
    import nbformat

    nbformat.write(ran(), PLACE)
    print(PLACE.name)
