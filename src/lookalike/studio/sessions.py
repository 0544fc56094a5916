"""The sessions of the studio, one a model, and which models whoever asks may name."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lookalike.core.errors import ModelError, did_you_mean

if TYPE_CHECKING:
    from lookalike.core.compute import Compute
    from lookalike.models.spec import ModelSpec
    from lookalike.session import Session
    from lookalike.studio.shelf import Shelf


class Sessions:
    """Sessions that share their models; `model` is the one that is meant where none is named."""

    def __init__(
        self,
        model: str = "mini",
        device: str = "auto",
        clip: str | None = None,
        compute: Compute | None = None,
    ) -> None:
        """Load nothing yet; `compute` says how all of them are run."""
        from lookalike.models.store import Models

        self.model = model
        self._models = Models(device, "auto", clip, compute)
        self._lock = threading.Lock()
        self._made: dict[str, Session] = {}

    def of(self, model: str) -> Session:
        """The session of a model."""
        from lookalike.session import Session

        with self._lock:
            if model not in self._made:
                session = Session(model)
                session.models = self._models
                self._made[model] = session
            return self._made[model]

    def catalogue(self) -> list[ModelSpec]:
        """The models at hand."""
        from lookalike.models.catalogue import known

        return known()

    def allowed(self, model: str) -> str:
        """The model, where it may be named from outside: the studio's own, and those at hand.

        Raises:
            ModelError: it is another; paths and downloads are for who starts the studio.
        """
        if model == self.model:
            return model
        names = [spec.name for spec in self.catalogue()]
        if model in names:
            return model
        near = did_you_mean(model, [self.model, *names])
        listed = ", ".join(dict.fromkeys([self.model, *names]))
        raise ModelError(f"there is no model {model[:80]} here{near} (there are: {listed})")


@contextmanager
def at_work(shelf: Shelf, notes: list[str]) -> Iterator[None]:
    """Within the block, this thread's sessions find pictures on the shelf; notes are collected."""
    from lookalike.session.source import SHELF
    from lookalike.session.work import LISTENER

    place, listener = SHELF.set(shelf.folder), LISTENER.set(notes.append)
    try:
        yield
    finally:
        SHELF.reset(place)
        LISTENER.reset(listener)
