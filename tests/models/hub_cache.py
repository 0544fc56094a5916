"""Puts a folder into the hub's cache as its client would have left it there."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def put_into_cache(folder: Path, place: str) -> Path:
    """Lay out refs, blobs and a snapshot of links for OWNER/NAME; gives the snapshot."""
    from huggingface_hub import constants

    root = Path(constants.HF_HUB_CACHE) / f"models--{place.replace('/', '--')}"
    snapshot = root / "snapshots" / COMMIT
    for part in ("refs", "blobs"):
        (root / part).mkdir(parents=True)
    (root / "refs" / "main").write_text(COMMIT)
    for file in sorted(each for each in folder.rglob("*") if each.is_file()):
        blob = root / "blobs" / hashlib.sha256(file.read_bytes()).hexdigest()
        shutil.copyfile(file, blob)
        link = snapshot / file.relative_to(folder)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(blob)
    return snapshot
