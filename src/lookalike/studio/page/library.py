"""The saved library over HTTP: pictures and characters under names, called by them as @name."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Response
from fastapi.responses import FileResponse
from pydantic import Field

from lookalike.core.errors import OptionError
from lookalike.core.library import Kept, Library
from lookalike.core.record import Record
from lookalike.core.records import Role
from lookalike.models.card import read_card
from lookalike.session.source import open_source
from lookalike.studio.history.saved import readable
from lookalike.studio.requests import Picture, Words
from lookalike.studio.sessions import at_work
from lookalike.studio.shelf import MARK
from lookalike.studio.studio import Studio

Name = Annotated[str, Path(max_length=41)]


class Saved(Record):
    """Something in the library, without where on the machine it came from."""

    name: str = Field(description="What it is called, without @.")
    kind: Literal["picture", "prompt", "character"] = Field(description="What is kept.")
    role: Role | None = Field(description="What it is meant for.")
    note: str = Field(description="Anything else.")
    licence: str = Field(description="Under which terms it may be used.")
    saved: date = Field(description="The day on which it was saved.")


class SavedList(Record):
    """What is in the library."""

    saved: tuple[Saved, ...] = Field(description="By name.")


class Save(Record):
    """A picture, or a character of the history, to be kept under a name."""

    picture: Picture | None = None
    character: int | None = Field(
        default=None, ge=1, le=2**53, description="The number of its item, in place of a picture."
    )
    role: Role | None = Field(default=None, description="What it is meant for.")
    note: Words = Field(default="", description="Anything else.")
    replace: bool = Field(default=False, description="Take the place of what has that name.")


def library(studio: Studio) -> APIRouter:
    """The addresses below /v1/library, and the list of characters."""
    router = APIRouter(prefix="/v1", tags=["library"])

    @router.get("/library", summary="What was saved.")
    def listed() -> SavedList:
        return SavedList(saved=tuple(map(_shown, readable(Library()))))

    @router.get("/characters", summary="The characters among them.")
    def characters() -> SavedList:
        found = [one for one in readable(Library()) if one.kind == "character"]
        return SavedList(saved=tuple(map(_shown, found)))

    @router.put("/library/{name}", status_code=201, summary="Save a picture, for @name in prompts.")
    def save(name: Name, asked: Save) -> Saved:
        return _shown(_save(studio, name, asked))

    @router.delete("/library/{name}", status_code=204, summary="Forget what was saved.")
    def forget(name: Name) -> Response:
        Library().forget(name)
        return Response(status_code=204)

    @router.get(
        "/library/{name}/picture",
        summary="The picture of a name.",
        response_class=FileResponse,
        responses={200: {"content": {"image/png": {}}}},
    )
    def picture(name: Name) -> FileResponse:
        headers = {"Cache-Control": "no-cache"}
        return FileResponse(Library().path(name), media_type="image/png", headers=headers)

    return router


def _save(studio: Studio, name: str, asked: Save) -> Kept:
    if (asked.picture is None) == (asked.character is None):
        raise OptionError("what is saved is either a picture or a character")
    if asked.character is not None:
        return _save_character(studio, name, asked, asked.character)
    return _save_picture(studio, name, asked, str(asked.picture))


def _save_character(studio: Studio, name: str, asked: Save, number: int) -> Kept:
    item = studio.history.get(number)
    if item.kind != "character" or item.file is None:
        raise OptionError(f"item {number} is no character, but a {item.kind}")
    session = studio.sessions.of(studio.sessions.model)
    card = read_card(studio.shelf.path(item.file))
    return session.save_character(card, name, note=asked.note, replace=asked.replace)


def _save_picture(studio: Studio, name: str, asked: Save, picture: str) -> Kept:
    mark = studio.shelf.take(picture)
    with at_work(studio.shelf, []):
        source = open_source(mark)
    # By its file, so that the recipe in it is kept too.
    where = str(studio.shelf.picture(mark)) if mark.startswith(MARK) else mark
    return Library().save(
        name,
        source.picture,
        source=where,
        source_sha256=source.sha256,
        role=asked.role,
        note=asked.note,
        replace=asked.replace,
    )


def _shown(kept: Kept) -> Saved:
    return Saved.model_validate(kept.model_dump(include=set(Saved.model_fields)))
