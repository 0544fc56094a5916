"""The studio as a server: a port is bound, requests are answered, and the end is a clean one."""

from __future__ import annotations

import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from lookalike.core.compute import Compute
from lookalike.core.errors import OptionError, OutputError
from lookalike.core.files import reason
from lookalike.core.places import studio_folder
from lookalike.core.png import Sign
from lookalike.studio.data import DataFolder
from lookalike.studio.http.app import build
from lookalike.studio.http.guard import Rules
from lookalike.studio.safety import checker_of, unchecked
from lookalike.studio.sessions import Sessions
from lookalike.studio.studio import Bounds, Studio
from lookalike.studio.token import kept_token, new_token

HERE = "127.0.0.1"
PATIENCE = 3
"""Seconds that answers under way have, when the studio is stopped."""

_log = logging.getLogger(__name__)
Tell = Callable[[str], object]


def serve(
    tell: Tell,
    *,
    port: int = 7860,
    data: Path | None = None,
    share_on: str | None = None,
    make_token: bool = False,
    model: str = "mini",
    device: str = "auto",
    clip: str | None = None,
    compute: Compute | None = None,
    disk: float = 20.0,
    safety_checker: bool = True,
    sign: Sign | None = None,
    together: int = 8,
) -> None:
    """Run a studio until it is told to stop; `tell` shows lines to whoever started it.

    Raises:
        LookalikeError: the port is taken, the folder cannot be used, there is no such model, …
    """
    folder = DataFolder((studio_folder() if data is None else data).absolute())
    folder.prepare()
    bounds = Bounds(disk=round(disk * 2**30), together=together)
    with _stopped_quietly(), _listening(share_on or HERE, port) as wire:
        if make_token:
            tell(f"the token, which is not shown again: {new_token(folder.token)}")
        token = kept_token(folder.token) if share_on else None
        rules = Rules(address=share_on or HERE, token=token)
        address = f"http://{_shown(rules.address)}:{wire.getsockname()[1]}"
        checker = checker_of if safety_checker else unchecked
        sessions = Sessions(model, device, clip, compute)
        studio = Studio(
            folder.root, sessions, bounds=bounds, address=address, checker=checker, sign=sign
        )
        with studio:
            _warm(studio)
            _run(studio, rules, wire, lambda: tell(f"the studio is at {address}"))
    tell("the studio has stopped; what it was doing it goes on with at the next start")


class _Server(uvicorn.Server):
    """Says when it is ready."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], object]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()


def _run(studio: Studio, rules: Rules, wire: socket.socket, ready: Callable[[], object]) -> None:
    config = uvicorn.Config(
        build(studio, rules),
        log_level="warning",
        access_log=False,  # it would hold addresses of people
        server_header=False,
        proxy_headers=False,  # whoever asks must not choose what they are called
        timeout_graceful_shutdown=PATIENCE,
        h11_max_incomplete_event_size=64 * 1024,
        ws="none",
    )
    _Server(config, ready).run(sockets=[wire])


def _warm(studio: Studio) -> None:
    """Load the model beside the first requests, so that the first job need not wait for all of it.

    Where it cannot be loaded, the first job that needs it says why.
    """

    def load() -> None:
        model = studio.sessions.model
        try:
            with studio.sessions.of(model).models.use(model):
                pass
        except Exception:
            _log.warning("the model %s cannot be loaded yet", model, exc_info=True)

    threading.Thread(target=load, name="warm", daemon=True).start()


@contextmanager
def _listening(address: str, port: int) -> Iterator[socket.socket]:
    """A socket on a port; `OutputError` where it is taken."""
    try:
        family, *_, place = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError) as fault:
        raise OptionError(
            f"{address!r} is no address of this machine, as in 192.168.1.5"
        ) from fault
    with socket.socket(family, socket.SOCK_STREAM) as wire:
        # A port that was left a moment ago is free, though connections to it linger.
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            wire.bind(place)
            wire.listen(128)
        except OSError as fault:
            raise OutputError(f"cannot listen on {address}:{port}: {_why(fault)}") from fault
        yield wire


def _why(fault: OSError) -> str:
    import errno

    if fault.errno == errno.EADDRINUSE:
        return "the port is taken; name another with --port, or 0 for any that is free"
    if fault.errno == errno.EADDRNOTAVAIL:
        return "this machine has no such address"
    return reason(fault)


def _shown(address: str) -> str:
    return f"[{address}]" if ":" in address else address


@contextmanager
def _stopped_quietly() -> Iterator[None]:
    """Signals that uvicorn has heeded, and sends on when it is done, end nothing else."""
    before = {one: signal.signal(one, lambda *_: None) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
