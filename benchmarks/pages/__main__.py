"""Writes the generated pages: `python -m benchmarks.pages`."""

from __future__ import annotations

from benchmarks.pages import write

if __name__ == "__main__":
    for page in write():
        print(page.name)
