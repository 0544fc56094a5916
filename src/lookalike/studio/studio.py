"""The studio itself: data folder, queue, workers and history, put together and taken apart."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PIL import Image

from lookalike.core.png import Sign
from lookalike.models.backbone import Backbone
from lookalike.studio.accepting import accepted
from lookalike.studio.audit import Audit
from lookalike.studio.data import DataFolder, Lock
from lookalike.studio.database import Database
from lookalike.studio.history.budget import sweep, tidy
from lookalike.studio.history.history import History
from lookalike.studio.history.keeping import bring
from lookalike.studio.history.looking import Looking, looked_at, space_of
from lookalike.studio.history.saved import SavedNames
from lookalike.studio.jobs.board import Board
from lookalike.studio.jobs.queue import Queue
from lookalike.studio.jobs.worker import Workers
from lookalike.studio.records import Item, Job, Kind
from lookalike.studio.requests import Request
from lookalike.studio.safety import Finder, checker_of
from lookalike.studio.sessions import Sessions, at_work
from lookalike.studio.shelf import Shelf

GIB = 2**30

LOOK_SECONDS = 1.0
"""How long a search by likeness looks at pictures first that nobody had the time to look at."""


@dataclass(frozen=True)
class Bounds:
    """How much a studio takes and keeps."""

    disk: int = 20 * GIB
    each: int = 100  # unfinished jobs of one client
    most: int = 2000  # unfinished jobs of all
    upload_bytes: int = 20 * 2**20
    upload_pixels: int = 24_000_000
    requests: int = 1200  # of one client a minute
    together: int = 8  # pictures of several jobs that are made at once


class Studio:
    """Accepts requests, does them, and keeps what they made. Close it, or leave its `with`."""

    def __init__(
        self,
        root: Path,
        sessions: Sessions,
        *,
        bounds: Bounds | None = None,
        address: str = "this process",
        checker: Finder = checker_of,
        sign: Sign | None = None,
    ) -> None:
        """Open the data folder, and go on with what was left undone there.

        Raises:
            LookalikeError: the folder cannot be used, or another studio uses it.
        """
        self.bounds, self.sessions, self._sign = bounds or Bounds(), sessions, sign
        self.data = DataFolder(Path(root).absolute())
        self.data.prepare()
        self.lock = Lock(self.data, address)
        try:
            self._open(checker)
        except BaseException:
            self.lock.release()
            raise

    def _open(self, checker: Finder) -> None:
        bounds = self.bounds
        self.database = Database(self.data.database)
        self.shelf = Shelf(self.data.files, bounds.upload_bytes, bounds.upload_pixels, self._sign)
        self.queue = Queue(self.database, each=bounds.each, most=bounds.most)
        self.history = History(self.database, self.shelf)
        self.looking = Looking(self.database, self.shelf)
        self.saved = SavedNames(self.database)
        self.board = Board()
        self.audit = Audit(self.data.audit)
        self.workers = Workers(
            self.database,
            self.queue,
            self.shelf,
            self.sessions,
            self.board,
            self.audit,
            after=self._make_room,
            idle=self._look_on,
            checker=checker,
            most=bounds.together,
        )
        tidy(self.database, self.shelf)

    def start(self) -> None:
        """Begin with what is queued, and with what was not looked at."""
        self.workers.wake_all()
        self.workers.wake(self.sessions.model)

    def submit(
        self, verb: str, request: Request, *, client: str = "local", priority: int = 0
    ) -> Job:
        """Accept a job; it is done whatever happens from now on, unless it is cancelled."""
        asked = accepted(verb, request, self.sessions, self.shelf)
        begin = partial(self.workers.wake, asked.model)
        return self.job(self.queue.add(asked, client=client, priority=priority, told=begin))

    def retry(self, name: str, *, client: str = "local") -> Job:
        """Do a job once more that has ended."""
        job = self.job(self.queue.retry(name, client=client))
        self.workers.wake(job.model)
        return job

    def cancel(self, name: str) -> Job:
        """Cancel a job: at once while it waits, at its next step while it runs.

        What has something to show by then, as a restyle has, ends with that as its result.
        """
        if self.queue.cancel(name) == "running":
            self.board.stop(name)
        else:
            self.board.clear(name)
        return self.job(name)

    def job(self, name: str) -> Job:
        """A job with its progress, or with what it made."""
        job = self.queue.get(name)
        if job.state == "done":
            return job.model_copy(update={"items": self.history.of_jobs([name])[name]})
        return job.model_copy(update={"progress": self.board.see(name).progress})

    def upload(self, data: bytes, name: str = "the upload") -> Item:
        """Take a picture in, so that requests can name it."""
        mark = self.shelf.receive(data, name)
        with Image.open(self.shelf.picture(mark)) as kept:  # our own file: its header will do
            size = kept.size
        return self.history.get(bring(self.database, self.shelf, mark, size))

    def find(
        self,
        words: str = "",
        *,
        kind: Kind | None = None,
        starred: bool | None = None,
        before: int | None = None,
        limit: int = 50,
    ) -> list[Item]:
        """Items by their words, the newest first; what is saved by now is among them."""
        self._with_saved()
        return self.history.find(words, kind=kind, starred=starred, before=before, limit=limit)

    def _with_saved(self) -> None:
        if self.saved.refresh():
            self.history.look_anew()

    def like(
        self,
        picture: str,
        *,
        kind: Kind | None = None,
        starred: bool | None = None,
        limit: int = 50,
    ) -> list[Item]:
        """Items whose pictures are most like one that is named as in a request."""
        from lookalike.session.source import open_source

        notes: list[str] = []
        with at_work(self.shelf, notes):
            shown = open_source(self.shelf.take(picture)).picture
        with self.sessions.of(self.sessions.model).models.use(self.sessions.model) as backbone:
            [vector], space = looked_at(backbone, [shown]), space_of(backbone)
            self._with_saved()
            if self.saved.look(backbone):
                self.history.look_anew()
            self._look_while(backbone)
        return self.history.like(vector, space, kind=kind, starred=starred, limit=limit)

    def _make_room(self) -> None:
        sweep(self.database, self.shelf, self.bounds.disk)

    def _look_on(self, model: str) -> bool:
        """Look at a few pictures, in the thread of the studio's model; whether there are more.

        Only its CLIP looks, whichever model made them: it is the one that searches look with.
        """
        if not self.looking.left():
            return False
        if model != self.sessions.model:
            self.workers.wake(self.sessions.model)
            return False
        with self.sessions.of(model).models.use(model) as backbone:
            return self._looked(backbone)

    def _look_while(self, backbone: Backbone) -> None:
        """Look at what is left before a search, as far as that is soon done."""
        limit = time.monotonic() + LOOK_SECONDS
        while time.monotonic() < limit and self._looked(backbone):
            pass

    def _looked(self, backbone: Backbone) -> bool:
        numbers = self.looking.look(backbone)
        self.history.placed(numbers)
        return bool(numbers)

    def close(self) -> None:
        """Stop at the next step; what was running is queued again, for the next start."""
        self.workers.end()
        self.database.close()
        self.lock.release()

    def __enter__(self) -> Studio:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
