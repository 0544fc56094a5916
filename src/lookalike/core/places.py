"""Where a user's studio keeps its data: commands look there for the pictures that it was given."""

from __future__ import annotations

import os
from pathlib import Path

from lookalike.core.library import library_folder

STUDIO = "LOOKALIKE_STUDIO"
FILES = "files"
"""The folder of the studio's pictures, each called by the SHA-256 of its file."""


def studio_folder() -> Path:
    """Give the studio's folder: $LOOKALIKE_STUDIO, or one beside the user's library."""
    if named := os.environ.get(STUDIO):
        return Path(named).expanduser()
    return library_folder().with_name("studio")


def studio_files(data: Path | None = None) -> Path:
    """Give the folder of a studio's pictures; of the user's own studio where none is named."""
    return (studio_folder() if data is None else data) / FILES
