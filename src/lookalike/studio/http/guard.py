"""Who gets in: the right host, no other site's page, the token where one is set, not too often."""

from __future__ import annotations

import hashlib
import ipaddress
import secrets
import threading
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lookalike.studio.http.problems import problem
from lookalike.studio.token import is_token

COOKIE = "lookalike-token"
LOOPBACK = ("127.0.0.1", "localhost", "::1")
_READING = ("GET", "HEAD", "OPTIONS")
_OPEN = ("/health",)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "SAMEORIGIN",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@dataclass(frozen=True)
class Rules:
    """What the guard goes by."""

    address: str = "127.0.0.1"
    token: str | None = None  # its SHA-256; None lets everybody in who reaches the address
    most_body: int = 48 * 2**20
    requests: int = 1200  # of one client a minute
    names: tuple[str, ...] = ()  # further names that the studio is called by


class Guard:
    """In front of everything else."""

    def __init__(self, app: ASGIApp, rules: Rules, shown: Collection[str] = ()) -> None:
        """Stand before an application; `shown` are addresses that need no token."""
        self._app, self._rules = app, rules
        self._open = {*_OPEN, *shown}
        self._pace = Pace(rules.requests)
        # Clients are told apart by a number that means nothing outside this run.
        self._salt = secrets.token_bytes(16)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it."""
        if scope["type"] != "http":
            # Nothing of ours speaks WebSocket; the life of the application goes on.
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        client = self._client(scope)
        if refusal := self._refused(scope, headers, client):
            status, kind, detail = refusal
            extra = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
            extra |= {"Retry-After": "60"} if status == 429 else {}
            await problem(status, kind, detail, extra, scope["path"])(scope, receive, send)
            return
        scope.setdefault("state", {})["client"] = client
        bounded = _Bounded(receive, send, self._rules.most_body)
        try:
            await self._app(scope, bounded.receive, bounded.send)
        except _TooLargeError:
            if not bounded.begun:
                await problem(413, "size", self._size_rule())(scope, receive, send)

    def _refused(self, scope: Scope, headers: Headers, client: str) -> tuple[int, str, str] | None:
        host = headers.get("host", "")
        if not self._is_ours(host):
            return 421, "host", f"this studio is not called {host[:100] or 'nothing'!r}"
        if why := _foreign(scope["method"], headers, host):
            return 403, "origin", why
        if not self._pace.allows(client):
            return 429, "rate", f"more than {self._rules.requests} requests a minute; wait a little"
        if not self._knows(headers) and scope["path"] not in self._open:
            return 401, "token", "the token is missing or wrong: Authorization: Bearer TOKEN"
        length = headers.get("content-length", "0")
        if not length.isdigit():
            return 400, "size", "Content-Length is no number"
        if int(length) > self._rules.most_body:
            return 413, "size", self._size_rule()
        return None

    def _size_rule(self) -> str:
        return f"a request holds at most {self._rules.most_body // 2**20} MiB"

    def _is_ours(self, host: str) -> bool:
        """Whether a Host header names this studio, and not a name that was bent to lead here."""
        name = _hostname(host)
        if name in (*LOOPBACK, self._rules.address, *self._rules.names):
            return True
        # On every address of the machine, any of them; a bent name is a name, never an address.
        return self._rules.address in ("0.0.0.0", "::") and _is_address(name)

    def _knows(self, headers: Headers) -> bool:
        wanted = self._rules.token
        if wanted is None:
            return True
        kind, _, said = headers.get("authorization", "").partition(" ")
        given = [said.strip()] if kind.lower() == "bearer" else []
        given += _cookies(headers.get("cookie", ""))
        return any(is_token(each, wanted) for each in given)

    def _client(self, scope: Scope) -> str:
        host = (scope.get("client") or ("",))[0]
        if host in LOOPBACK:
            return "local"
        return hashlib.blake2b(host.encode(), key=self._salt, digest_size=8).hexdigest()


@dataclass
class Pace:
    """So many requests a minute for each client, in bursts of as many."""

    each: int
    _left: dict[str, tuple[float, float]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def allows(self, client: str) -> bool:
        """Whether one more may come now; it is counted."""
        moment = time.monotonic()
        with self._lock:
            left, last = self._left.get(client, (float(self.each), moment))
            left = min(float(self.each), left + (moment - last) * self.each / 60)
            if len(self._left) > 10_000:
                self._left.clear()  # memory is bounded, and whoever is patient gains little
            self._left[client] = (left - 1 if left >= 1 else left, moment)
            return left >= 1


class _TooLargeError(Exception):
    """More came than was announced."""


class _Bounded:
    """The two ends of a connection: what comes in is counted, what goes out gets its headers."""

    def __init__(self, receive: Receive, send: Send, most: int) -> None:
        self._receive, self._send, self._left = receive, send, most
        self.begun = False

    async def receive(self) -> Message:
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise _TooLargeError
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.begun = True
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
        await self._send(message)


def _foreign(method: str, headers: Headers, host: str) -> str | None:
    """Why a request comes from another site's page, or None where it does not."""
    origin = headers.get("origin")
    if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
        return f"pages of {origin[:100]} may not use this studio"
    site = headers.get("sec-fetch-site", "none")
    if method not in _READING and site not in ("none", "same-origin"):
        return "pages of other sites may not use this studio"
    return None


def _hostname(host: str) -> str:
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _cookies(text: str) -> list[str]:
    try:
        found = SimpleCookie(text).get(COOKIE)
    except CookieError:
        return []
    return [found.value] if found is not None else []
