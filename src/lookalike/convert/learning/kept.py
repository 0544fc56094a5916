"""What was loaded or learnt for a model last, kept with it: asking twice costs once."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from PIL.Image import Image

from lookalike.models.backbone import Backbone

T = TypeVar("T")
MOST = 8
"""How much is kept of one model: enough for a grid's worth of edits, little memory."""

# Weak, so that a model that is freed takes its memory with it.
_known: WeakKeyDictionary[Backbone, OrderedDict[Hashable, Any]] = WeakKeyDictionary()


def kept(backbone: Backbone, key: Hashable, make: Callable[[], T]) -> T:
    """What `make` gave the last time it was asked for under this key, or what it gives now."""
    known = _known.setdefault(backbone, OrderedDict())
    if key not in known:
        known[key] = make()
        while len(known) > MOST:
            known.popitem(last=False)
    known.move_to_end(key)
    return known[key]


def mark_of(pictures: Sequence[Image]) -> str:
    """A SHA-256 that lists of pictures share when they show the same, in the same order."""
    digest = hashlib.sha256()
    for picture in pictures:
        digest.update(f"{picture.size}".encode())
        digest.update(picture.convert("RGB").tobytes())
    return digest.hexdigest()
