"""The token for studios that others reach: shown once when it is made, kept as its SHA-256."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from pathlib import Path

from lookalike.core.errors import OptionError
from lookalike.core.files import write_bytes


def new_token(path: Path) -> str:
    """Make a token, keep its SHA-256 at `path`, and give it; the one before it is no good now."""
    token = secrets.token_urlsafe(32)
    write_bytes(path, f"{_digest(token)}\n".encode())
    path.chmod(0o600)
    return token


def kept_token(path: Path) -> str:
    """The SHA-256 of the token; `OptionError` where none was made."""
    if not path.is_file():
        raise OptionError(
            "--share-on lets others in, and needs a token: add --new-token, which makes one and "
            "shows it once"
        )
    return path.read_text(encoding="utf-8").strip()


def is_token(said: str, digest: str) -> bool:
    """Whether that is the token, in a time that does not tell how much of it is right."""
    return hmac.compare_digest(_digest(said), digest)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()
