"""A batch as a whole: claimed, divided into shards, gone on with where it stopped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from lookalike.core.errors import OptionError
from lookalike.scale.manifest import Manifest
from lookalike.scale.reading import Opened, Shard, opened
from lookalike.scale.recipe import BatchRecipe, claim
from lookalike.scale.shards import Done, Worker, done_already, model_of, shards_there

if TYPE_CHECKING:
    from lookalike.session import Session

Precision = Literal["auto", "float32", "float16", "bfloat16"]


@dataclass(frozen=True)
class Batch:
    """A recipe over a manifest, whose results go to the folder or address `out`."""

    recipe: BatchRecipe
    manifest: Manifest
    out: str
    device: str = "auto"
    dtype: Precision = "auto"
    clip: str | None = None

    def __post_init__(self) -> None:
        """Refuse a manifest that is not the recipe's."""
        if self.recipe.manifest_sha256 != self.manifest.sha256:
            raise OptionError(f"{self.manifest.place} is not the manifest of the recipe")

    def claim(self) -> None:
        """Take the folder; `OutputError` where it holds another batch, or anything else."""
        claim(self.recipe, self.out)

    def shard(self, number: int) -> Shard:
        """One shard's rows."""
        size = self.recipe.shard
        return Shard(number, self.manifest.rows[number * size : (number + 1) * size])

    def there(self) -> list[Done]:
        """The shards that are done."""
        found = (done_already(self.out, number) for number in sorted(shards_there(self.out)))
        return [one for one in found if one is not None]

    def lacking(self) -> list[int]:
        """The numbers of the shards that are still to be done."""
        there = shards_there(self.out)
        return [number for number in range(self.recipe.shards) if number not in there]

    def opened(self, number: int) -> Opened:
        """One shard with its pictures: the part that needs no model."""
        shows = self.recipe.task != "imagine"
        return opened(self.shard(number), self.manifest.folder, pictures=shows)

    def session(self) -> Session:
        """A session with this batch's model, which it loads when it is first used."""
        from lookalike.session import Session

        how, model = self.recipe.compute, self.recipe.model
        return Session(model, device=self.device, dtype=self.dtype, clip=self.clip, compute=how)

    def worker(self, expected: str | None) -> Worker:
        """What does shards, with a session of its own."""
        return Worker(self.recipe, self.out, self.session(), expected)


def run_here(batch: Batch) -> Iterator[Done]:
    """Do the shards that lack, one after the other, in this process.

    While the model works, the next shard's pictures are opened. Stop whenever you like: what is
    there is whole, and the same batch goes on.
    """
    batch.claim()
    lacking = batch.lacking()
    worker = batch.worker(model_of(batch.out))
    with ThreadPoolExecutor(1) as reader:
        coming = [reader.submit(batch.opened, number) for number in lacking[:1]]
        for place in range(len(lacking)):
            now = coming.pop().result()
            coming += [reader.submit(batch.opened, n) for n in lacking[place + 1 : place + 2]]
            yield worker(now)


def check_memory(
    bytes_of_weights: int | None, workers: int, free: int, *, half: bool = False
) -> None:
    """Raise `OptionError` where that many workers would not fit into `free` bytes.

    A worker takes what its libraries take, and the weights: twice what is stored, which is in half
    precision for the most part, unless they run in `half` precision too.
    """
    need = workers * (LIBRARIES + (1 if half else 2) * (bytes_of_weights or 0))
    if need > free:
        fit = free // (need // workers)
        hint = f"--workers {fit} fits" if fit else "a smaller model or a larger machine is needed"
        raise OptionError(
            f"{workers} worker{'s' * (workers > 1)} of this model need about {_gib(need)} of "
            f"memory, and {_gib(free)} are free; {hint}"
        )


LIBRARIES = 700 * 2**20
"""Bytes that a process takes with torch, diffusers and transformers loaded, measured with mini."""


def _gib(size: int) -> str:
    return f"{size / 2**30:.1f} GiB"


def summary(done: Sequence[Done]) -> tuple[int, int]:
    """How many rows went well, and how many did not."""
    return sum(one.rows for one in done), sum(one.faults for one in done)
