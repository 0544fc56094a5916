"""What a reference costs: `python -m benchmarks.references` is `benchmarks.speed references`."""

from __future__ import annotations

import sys

from benchmarks.speed.__main__ import main

if __name__ == "__main__":
    sys.exit(main(["references", *sys.argv[1:]]))
