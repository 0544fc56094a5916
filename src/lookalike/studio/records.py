"""Jobs and what they made, as they are shown to people and programs."""

from __future__ import annotations

from typing import Any, Literal, get_args

from pydantic import Field

from lookalike.core.record import Record

State = Literal["queued", "running", "done", "failed", "cancelled"]
STATES: tuple[State, ...] = get_args(State)
ENDED: tuple[State, ...] = ("done", "failed", "cancelled")

Kind = Literal["picture", "grid", "description", "embedding", "upload", "character", "saved"]
KINDS: tuple[Kind, ...] = get_args(Kind)


class Fault(Record):
    """Why something was not done."""

    kind: str = Field(description="Which error it is: prompt, picture, option, model, …")
    message: str = Field(description="One line, and below it the place in a prompt, with carets.")


class Item(Record):
    """Something in the history: a picture, a grid, an upload, a saved name and so on."""

    id: int = Field(description="Its number.")
    job: str | None = Field(description="The job that made it; none for uploads.")
    kind: Kind = Field(description="What it is.")
    place: int = Field(description="Which of the job's it is, from 0.")
    picture: str | None = Field(description="What requests call its picture: sha256:… or @name.")
    file: str | None = Field(description="Its file, at /v1/files/.")
    width: int | None = Field(description="Pixels across.")
    height: int | None = Field(description="Pixels down.")
    text: str = Field(description="Its prompt, or the description.")
    record: dict[str, Any] = Field(description="Its recipe, or its description, as a record.")
    starred: bool = Field(description="Whether it is kept whatever happens.")
    gone: bool = Field(description="Whether its file was removed, for want of space.")
    withheld: bool = Field(
        default=False, description="Whether the model's safety checker put a blank in its place."
    )
    created: float = Field(description="When, in seconds since 1970.")
    likeness: float | None = Field(default=None, description="The cosine, in a search by likeness.")


class Progress(Record):
    """How far a running job is."""

    step: int = Field(description="Steps that are done.")
    of: int = Field(description="Steps in all.")


class Job(Record):
    """A request, and what became of it."""

    id: str = Field(description="Its name.")
    verb: str = Field(description="What it does.")
    state: State = Field(description="How it stands.")
    model: str = Field(description="The model that does it.")
    priority: int = Field(description="Those with a higher one come first.")
    attempts: int = Field(description="How often it was begun.")
    created: float = Field(description="When it was accepted, in seconds since 1970.")
    started: float | None = Field(description="When it was last begun.")
    ended: float | None = Field(description="When it ended.")
    error: Fault | None = Field(description="Why it failed.")
    notes: tuple[str, ...] = Field(description="What is worth knowing of the result.")
    retry_of: str | None = Field(description="The job that it does again.")
    request: dict[str, Any] = Field(description="What was asked, with its pictures by SHA-256.")
    ahead: int = Field(default=0, description="How many jobs of its model are before it.")
    progress: Progress | None = Field(default=None, description="How far it is, while it runs.")
    items: tuple[Item, ...] = Field(default=(), description="What it made.")
