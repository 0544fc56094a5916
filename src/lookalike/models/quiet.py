"""Silence for the libraries that talk while they load."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_one_at_a_time = threading.RLock()  # logs and warning filters belong to the whole process


@contextmanager
def quiet() -> Iterator[None]:
    """Mute progress bars, logs and warnings of diffusers and transformers, and put back what was.

    What goes wrong while loading is raised, and told by us in one line; what these libraries only
    remark on (a newer format, an unused key) is no use to a person who asked for a picture.
    """
    from diffusers.utils import logging as diffusers_log
    from transformers.utils import logging as transformers_log

    with _one_at_a_time, _muted(diffusers_log, transformers_log), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextmanager
def _muted(*logs: Any) -> Iterator[None]:
    before = [log.get_verbosity() for log in logs]
    bars = [log.is_progress_bar_enabled() for log in logs]
    for log in logs:
        log.set_verbosity(50)  # CRITICAL
        log.disable_progress_bar()
    try:
        yield
    finally:
        for log, level, bar in zip(logs, before, bars, strict=True):
            log.set_verbosity(level)
            if bar:
                log.enable_progress_bar()
