"""A studio in a process of its own, as people start it: begun, asked, and killed."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import httpx2
import psutil

COMMAND = "import sys; from lookalike.cli.main import run; sys.exit(run(sys.argv[1:]))"


class Server:
    """The command `lookalike studio`, begun; `address` is where it is reached."""

    def __init__(self, data: Path, *more: str, log: Path | None = None) -> None:
        """Start it; what it has to say of faults goes to `log`."""
        self._began = time.perf_counter()
        with (log or Path("/dev/null")).open("ab") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-uc", COMMAND, "studio", "--port", "0", "--data", data, *more],
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        self.address, self.seconds = "", 0.0

    def wait(self) -> str:
        """Its address, when it answers; `seconds` is how long it took to start."""
        assert self.process.stdout is not None
        said = self.process.stdout.readline()
        if not said.startswith("the studio is at "):
            raise RuntimeError(f"the studio did not start: {said or 'it said nothing'}")
        self.address = said.split()[-1]
        self.seconds = time.perf_counter() - self._began
        return self.address

    def cpu(self) -> float:
        """Seconds of processor time that it has taken so far."""
        used = psutil.Process(self.process.pid).cpu_times()
        return used.user + used.system

    def kill(self) -> None:
        """As a power cut does."""
        self.process.kill()
        self.process.communicate()


@contextmanager
def serving(data: Path, *more: str) -> Iterator[tuple[Server, httpx2.Client]]:
    """A server, and a client of it, while the block lasts."""
    server = Server(data, *more)
    try:
        with httpx2.Client(base_url=server.wait(), timeout=600) as client:
            yield server, client
    finally:
        server.kill()


def done(client: httpx2.Client, verb: str, asked: dict[str, Any]) -> dict[str, Any]:
    """The job of a request, when it is done."""
    job = client.post(f"/v1/{verb}", params={"wait": 600}, json=asked).raise_for_status().json()
    if job["state"] != "done":
        raise RuntimeError(f"{verb} is {job['state']}: {job['error']}")
    return job


class Forked:
    """A studio forked from a process that has its imports behind it: soon there, and killed as any.

    What is not imported anew is what no kill can harm; data, locks and models are its own.
    """

    def __init__(self, data: Path, log: Path) -> None:
        """Start it; what it has to say of faults goes to `log`."""
        self._began = time.perf_counter()
        forks = multiprocessing.get_context("forkserver")
        forks.set_forkserver_preload(list(PRELOADED))
        self._said, told = forks.Pipe(duplex=False)
        self.process = forks.Process(target=_serve, args=(data, log, told), daemon=True)
        self.process.start()
        self.address, self.seconds = "", 0.0

    def wait(self) -> str:
        """Its address, when it answers; `seconds` is how long it took to start."""
        if not self._said.poll(600):
            raise RuntimeError("the studio did not start within ten minutes")
        self.address = self._said.recv().split()[-1]
        self.seconds = time.perf_counter() - self._began
        return self.address

    def kill(self) -> None:
        """As a power cut does."""
        self.process.kill()
        self.process.join()


PRELOADED = (
    "lookalike.studio.serving",
    "lookalike.models.loader",
    "diffusers.models.autoencoders.autoencoder_kl",
    "diffusers.models.unets.unet_2d_condition",
    "diffusers.schedulers.scheduling_dpmsolver_multistep",
)


def _serve(data: Path, log: Path, told: Connection) -> None:
    from lookalike.studio.serving import serve

    with log.open("ab") as errors:
        os.dup2(errors.fileno(), 2)
    serve(told.send, port=0, data=data)
