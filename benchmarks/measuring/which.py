"""Which mini a figure was taken on: pages say so where the package holds a later one."""

from __future__ import annotations

from functools import cache

from lookalike.models.hashing import weights_sha256
from lookalike.models.spec import packaged


@cache
def shipped() -> str:
    """The SHA-256 of the mini in the package."""
    return weights_sha256(packaged() / "mini")


def remark(sha256: str) -> str:
    """A sentence for figures of another mini than the package's; empty for those of this one."""
    if sha256 == shipped():
        return ""
    return (
        f"These figures were taken on mini `{sha256[:12]}`; the one in the package, "
        f"`{shipped()[:12]}`, was trained on since."
    )
