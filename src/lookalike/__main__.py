"""`python -m lookalike`: the command, for what starts modules, as `accelerate launch -m` does."""

import sys

from lookalike.cli.main import run

if __name__ == "__main__":
    sys.exit(run())
