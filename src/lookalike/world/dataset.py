"""Renderings by the thousand: drawn in worker processes, kept on disk in shards, read as arrays."""

from __future__ import annotations

import hashlib
import multiprocessing
import signal
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from itertools import islice
from multiprocessing import resource_tracker
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from lookalike.core.files import write_bytes, write_json
from lookalike.world.caption import caption
from lookalike.world.look import HELD_OUT, Look, Split, every_look, look, looks, looks_in, split
from lookalike.world.render import render

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

J = TypeVar("J")
R = TypeVar("R")

SHARD = 2000
"""Pictures in one shard: 25 MB at 64 pixels."""


DRAWING = 1
"""Raised whenever code changes what a seed looks like, so that kept pictures are drawn again."""


@dataclass(frozen=True)
class Dataset:
    """Pictures of one split with what each shows."""

    pictures: NDArray[np.uint8]  # (count, height, width, 3)
    looks: list[Look]

    def __len__(self) -> int:
        return len(self.looks)


@cache
def version() -> str:
    """A hash of everything that decides what the world's pictures look like."""
    return _hash("styles")


@cache
def every_version() -> str:
    """The same hash, over the foreign styles too."""
    return _hash("styles", "foreign")


def _hash(*folders: str) -> str:
    digest = hashlib.sha256()
    here = files("lookalike.world")
    parts = [here.joinpath("palette.toml")]
    parts += [part for folder in folders for part in here.joinpath(folder).iterdir()]
    digest.update(f"{DRAWING} {HELD_OUT}".encode())
    for part in sorted(parts, key=lambda p: p.name):
        digest.update(part.name.encode() + part.read_bytes())
    return digest.hexdigest()[:12]


def _pixels(job: tuple[Look, int]) -> bytes:
    return render(*job).tobytes()


def _workers() -> int:
    return multiprocessing.cpu_count()


@contextmanager
def _deaf_to_interrupts() -> Generator[None]:
    """Processes that start in this block leave Ctrl-C to us, from their first moment on."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    # It lets SIGINT through again when it starts: it must run before the mask is set.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def drawn(which: list[Look], pixels: int, workers: int | None = None) -> Iterator[bytes]:
    """The raw RGB bytes of each look's picture, in order, drawn in worker processes."""
    yield from in_workers(_pixels, [(one, pixels) for one in which], workers)


def in_workers(
    work: Callable[[J], R], jobs: Sequence[J], workers: int | None = None, chunk: int = 32
) -> Iterator[R]:
    """What `work` makes of each job, in order; of many jobs, in worker processes by chunks."""
    count = workers or _workers()
    if count == 1 or len(jobs) < 2 * chunk:
        yield from map(work, jobs)
        return
    with _deaf_to_interrupts():
        started = multiprocessing.get_context("spawn").Pool(count)
    with started as pool:
        yield from pool.imap(work, jobs, chunksize=chunk)


def dataset(
    which: Split, count: int, pixels: int, folder: Path, workers: int | None = None
) -> Dataset:
    """The first `count` pictures of a split, drawn once and kept in `folder`.

    Shards that a stopped run left whole are used again.
    """
    chosen = list(islice(looks(which), count))
    return _kept(chosen, which, pixels, folder / f"{version()}-{pixels}", workers)


def every_dataset(
    which: Split, count: int, pixels: int, folder: Path, workers: int | None = None
) -> Dataset:
    """The same for `every_look`: half of the pictures from the world, half in foreign styles."""
    chosen = list(islice(every_look(which), count))
    return _kept(chosen, which, pixels, folder / f"{every_version()}-every-{pixels}", workers)


def _kept(
    chosen: list[Look], which: Split, pixels: int, home: Path, workers: int | None
) -> Dataset:
    import numpy as np

    count = len(chosen)
    missing = [i for i in range(0, count, SHARD) if not _shard(home, which, i, count).exists()]
    wanted = [one for i in missing for one in chosen[i : i + SHARD]]
    stream = drawn(wanted, pixels, workers)
    for i in missing:
        size = len(chosen[i : i + SHARD])
        _shard(home, which, i, count).parent.mkdir(parents=True, exist_ok=True)
        write_bytes(_shard(home, which, i, count), b"".join(islice(stream, size)))
    pictures = np.empty((count, pixels, pixels, 3), np.uint8)
    for i in range(0, count, SHARD):
        read = np.fromfile(_shard(home, which, i, count), np.uint8)
        pictures[i : i + SHARD] = read.reshape(-1, pixels, pixels, 3)
    return Dataset(pictures, chosen)


def _shard(home: Path, which: Split, first: int, count: int) -> Path:
    last = min(first + SHARD, count)
    return home / f"{which}-{first:07d}-{last:07d}.rgb"


def make(
    which: Split, count: int, pixels: int, out: Path, style: str | None = None
) -> Iterator[int]:
    """Write `count` PNG pictures of a split and a manifest into a new folder `out`.

    All of them in one `style`, which may be a foreign one, where it is named.

    Yields the number of pictures written so far. The manifest, `manifest.json`, holds for each
    picture its file name, caption, seed, style and attributes.
    """
    from PIL import Image

    from lookalike.core.files import building

    chosen = list(islice(looks_in(style, which), count))
    with building(out) as folder:
        rows: list[dict[str, object]] = []
        for number, (one, raw) in enumerate(zip(chosen, drawn(chosen, pixels), strict=True)):
            name = f"{which}-{one.seed:08d}.png"
            Image.frombytes("RGB", (pixels, pixels), raw).save(folder / name)
            rows.append({"picture": name, "caption": caption(one), **_row(one)})
            yield number + 1
        write_json(folder / "manifest.json", {"world": version(), "split": which, "rows": rows})


def _row(one: Look) -> dict[str, object]:
    row = asdict(one)
    row["attributes"] = dict(one.attributes)
    return row


def from_row(row: dict[str, object]) -> Look:
    """The look of one row of a manifest."""
    attributes = row["attributes"]
    assert isinstance(attributes, dict)
    return look(str(row["style"]), int(str(row["seed"])), **attributes)


__all__ = ["Dataset", "dataset", "drawn", "every_dataset", "from_row", "make", "split", "version"]
