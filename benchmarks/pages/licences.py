"""The page "Licences": all that is shipped, from NOTICE and from the folders of weights."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from benchmarks.pages.markdown import ROOT, code, head, table

WEIGHTS = ROOT / "src" / "lookalike" / "weights"
HEAD = head(
    "Licences",
    "lookalike is licensed under the Apache License, Version 2.0 (`LICENSE`). What ships with it "
    "and whom it comes from is said in `NOTICE`, whose text this is; a test holds that no folder "
    "of weights or examples is left out.",
)


def page() -> str:
    """The page's text."""
    return "\n".join([HEAD, *_sections(notice()), _sizes(), _packages()])


def notice() -> str:
    """What NOTICE says."""
    return (ROOT / "NOTICE").read_text("utf-8")


def _sections(text: str) -> Iterator[str]:
    """Its two headed parts; what is indented stays as it is set."""
    parts = re.split(r"^(What ships .+)\n-+\n", text, flags=re.MULTILINE)
    for title, body in zip(parts[1::2], parts[2::2], strict=True):
        yield f"## {title}\n\n{_set(body)}"


def _set(body: str) -> str:
    """Entries with their names as headings; what is indented below keeps its lines."""
    made: list[str] = []
    for names, text in _entries(body):
        told = "\n".join(text).strip("\n")
        made.append(f"### {_names(names)}\n\n{_kept(told)}" if told else " ".join(names))
    return "\n\n".join(made) + "\n"


def _entries(body: str) -> Iterator[tuple[list[str], list[str]]]:
    """Lines that begin at the margin, with the indented ones below them."""
    names: list[str] = []
    text: list[str] = []
    for line in body.splitlines():
        if line and not line.startswith(" ") and text:
            yield names, text
            names, text = [], []
        if line and not line.startswith(" "):
            names.append(line)
        elif names:
            text.append(line[4:])
    yield names, text


def _names(heads: list[str]) -> str:
    return ", ".join(code(name) for name in re.split(r",\s*", " ".join(heads)))


def _kept(text: str) -> str:
    return f"<!-- file: NOTICE.txt -->\n```text\n{text}\n```"


def shipped() -> list[Path]:
    """Every folder of weights, and every folder of examples that holds anything but code."""
    folders = [path for path in sorted(WEIGHTS.iterdir()) if path.is_dir()]
    others = sorted(
        {path.parent for path in (ROOT / "examples").rglob("*") if path.suffix in MEDIA}
    )
    return [*folders, *others]


MEDIA = (".jpg", ".png", ".svg", ".safetensors", ".npz", ".parquet")
"""Files of other people's making, or of models."""


def _sizes() -> str:
    rows = [
        (code(folder.relative_to(ROOT).as_posix()), f"{_bytes(folder) / 2**20:.1f}")
        for folder in shipped()
    ]
    return f"## How large it is\n\n{table(('folder', 'MiB'), rows)}\n"


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _packages() -> str:
    """What is said of the packages that lookalike needs."""
    return (
        "## What is installed beside it\n\nThe packages that `pip` installs with lookalike have "
        "licences of their own, which they carry; none of their files are in this repository. "
        "The drawn world needs dicebear-core (MIT) and dicebear-styles, which brings the styles "
        "named above under their own terms. Checkpoints that you load have licences of their own "
        "as well: `lookalike models` shows that of each, where it is known.\n"
    )
