"""The page's files, and the cookie that keeps the token for who was let in."""

from __future__ import annotations

from importlib.resources import files

from fastapi import APIRouter, Request, Response

from lookalike.studio.http.guard import COOKIE

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        # No text becomes markup, whoever wrote it: the browser itself refuses.
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
"""What the page may do: nothing that is not the studio's own, and no script from text."""

_MEDIA = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "json": "application/json",
    "png": "image/png",
}
_FOLDER = files("lookalike.studio.page").joinpath("files")
NAMES = tuple(sorted(one.name for one in _FOLDER.iterdir() if one.is_file()))
START = "index.html"
SHOWN = ("/", *(f"/page/{name}" for name in NAMES))
"""What is shown before the token is said: the files of the package, the same for everybody."""

YEAR = 365 * 24 * 3600


def assets() -> APIRouter:
    """The page at /, its files below /page/, and the way in for who has the token."""
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    def start() -> Response:
        return _file(START)

    for name in NAMES:
        router.add_api_route(f"/page/{name}", _shower(name), methods=["GET"])

    @router.post("/page/enter", status_code=204)
    def enter(request: Request) -> Response:
        """Keep the token, which the guard has just found to be right, out of scripts' reach."""
        answer, said = Response(status_code=204), request.headers.get("authorization", "")
        if token := said.partition(" ")[2].strip():
            secure = request.url.scheme == "https"
            answer.set_cookie(
                COOKIE, token, max_age=YEAR, httponly=True, samesite="strict", secure=secure
            )
        return answer

    @router.post("/page/leave", status_code=204)
    def leave() -> Response:
        answer = Response(status_code=204)
        answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
        return answer

    return router


def _shower(name: str):
    def show() -> Response:
        return _file(name)

    return show


def _file(name: str) -> Response:
    media = _MEDIA[name.rpartition(".")[2]]
    # Asked for each time: a new version of the package must not meet an old page.
    headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-cache"}
    return Response(_FOLDER.joinpath(name).read_bytes(), media_type=media, headers=headers)
