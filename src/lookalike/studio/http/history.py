"""The history over HTTP, with uploads and files."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, File, Path, Query, Response
from fastapi.responses import FileResponse
from pydantic import Field

from lookalike.core.errors import PictureError
from lookalike.core.record import Record
from lookalike.studio.faults import UnknownError
from lookalike.studio.records import Item, Kind
from lookalike.studio.studio import Studio

_MEDIA = {".png": "image/png", ".safetensors": "application/octet-stream"}
Number = Annotated[int, Path(ge=1, le=2**53)]
_LARGEST = 2**53


class ItemList(Record):
    """Some items of the history."""

    items: tuple[Item, ...] = Field(description="The items.")
    unseen: int = Field(
        default=0,
        description="In a search by likeness: how many pictures were not looked at yet, and are "
        "not found so before they are.",
    )


class Change(Record):
    """What can be changed of an item."""

    starred: bool = Field(description="Whether it is kept whatever happens.")


def history(studio: Studio) -> APIRouter:
    """The addresses of the history, of uploads and of files."""
    router = APIRouter(prefix="/v1", tags=["history"])

    @router.get("/history", summary="Items: the newest, those with words, those like a picture.")
    def found(
        words: Annotated[str, Query(max_length=1000, description="All are in the text.")] = "",
        like: Annotated[
            str, Query(max_length=2000, description="A picture, as requests name one.")
        ] = "",
        kind: Annotated[Kind | None, Query(description="Only of this kind.")] = None,
        starred: Annotated[bool | None, Query(description="Only these.")] = None,
        before: Annotated[
            int | None, Query(ge=1, le=_LARGEST, description="The last number of the page before.")
        ] = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
    ) -> ItemList:
        if like:
            near = studio.like(like, kind=kind, starred=starred, limit=limit)
            return ItemList(items=tuple(near), unseen=studio.looking.left())
        rows = studio.find(words, kind=kind, starred=starred, before=before, limit=limit)
        return ItemList(items=tuple(rows))

    @router.get("/history/{number}", summary="An item.")
    def one(number: Number) -> Item:
        return studio.history.get(number)

    @router.patch("/history/{number}", summary="Star an item, or take its star.")
    def change(number: Number, change: Change) -> Item:
        return studio.history.star(number, change.starred)

    @router.delete("/history/{number}", status_code=204, summary="Remove an item.")
    def forget(number: Number) -> Response:
        studio.history.forget(number)
        return Response(status_code=204)

    @router.post("/pictures", status_code=201, summary="Upload a picture, for requests to name.")
    def upload(picture: Annotated[bytes, File(description="PNG, JPEG, WebP, …")]) -> Item:
        return studio.upload(picture)

    @router.get(
        "/files/{name}",
        summary="A file of an item.",
        response_class=FileResponse,
        responses={200: {"content": {kind: {} for kind in _MEDIA.values()}}},
    )
    def file(name: str) -> FileResponse:
        try:
            path = studio.shelf.path(name)
        except PictureError as fault:
            raise UnknownError(str(fault)) from fault
        # Called by what is in it, it never changes; and it is no page.
        headers = {"Cache-Control": "private, max-age=31536000, immutable"}
        headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
        return FileResponse(path, media_type=_MEDIA[path.suffix], headers=headers)

    return router
