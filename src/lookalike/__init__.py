"""Pictures read back into prompts and prompt embeddings, and new pictures made from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lookalike.session import Session

__version__ = "0.1.0"

__all__ = ["Session", "__version__"]


def __getattr__(name: str) -> Any:
    """`Session` on first use, so that `import lookalike` alone loads no model library."""
    if name != "Session":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from lookalike.session import Session

    return Session
