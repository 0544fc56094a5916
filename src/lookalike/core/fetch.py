"""Pictures from the web: http(s) only, bounded in size and time, never from the own network."""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Generator
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from lookalike.core.errors import PictureError

MAX_BYTES = 32 * 2**20
"""The largest file that is fetched, in bytes."""

MAX_SECONDS = 20.0
"""How long one fetch may take, redirects included."""

_MAX_REDIRECTS = 5
_REDIRECTS = (301, 302, 303, 307, 308)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052: an IPv4 address in the last 32 bits
_HEADERS = {"User-Agent": "lookalike", "Accept": "image/*,*/*;q=0.5", "Accept-Encoding": "identity"}


class _Plain(http.client.HTTPConnection):
    """http to an address that was checked, so that no second look-up can lead elsewhere."""

    def __init__(self, host: str, port: int, seconds: float, *, allow_private: bool) -> None:
        super().__init__(host, port, timeout=seconds)
        self.allow_private = allow_private

    def connect(self) -> None:
        self.sock = _dial(self.host, self.port, self.timeout, allow_private=self.allow_private)


class _Secure(_Plain):
    """https, as `_Plain`; the certificate is checked against the name, not the address."""

    def connect(self) -> None:
        super().connect()
        context = ssl.create_default_context()
        self.sock = context.wrap_socket(self.sock, server_hostname=self.host)


def fetch(url: str, *, allow_private: bool = False) -> bytes:
    """What an http(s) URL holds; `PictureError` where it cannot or must not be fetched.

    Every redirect is checked as the first address was. Proxies are not used: behind one, the
    address that is really reached could not be checked.
    """
    deadline = time.monotonic() + MAX_SECONDS
    here = url
    for _ in range(_MAX_REDIRECTS + 1):
        found = _ask(here, url, deadline, allow_private=allow_private)
        if isinstance(found, bytes):
            return found
        here = urljoin(here, found)
    raise PictureError(f"cannot fetch {url}: it redirects more than {_MAX_REDIRECTS} times")


def _ask(here: str, url: str, deadline: float, *, allow_private: bool) -> bytes | str:
    """The content at `here`, or the address it redirects to; `url` is what the user gave."""
    try:
        where = _split(here)
        with _answer(where, deadline, allow_private=allow_private) as answer:
            return _content(answer)
    except PictureError as fault:
        raise PictureError(f"cannot fetch {url}: {fault}") from fault
    except (OSError, http.client.HTTPException, ValueError) as fault:
        late = isinstance(fault, TimeoutError) or time.monotonic() >= deadline
        why = f"no answer within {MAX_SECONDS:g} seconds" if late else _why(fault)
        raise PictureError(f"cannot fetch {url}: {why}") from fault


def _split(url: str) -> SplitResult:
    where = urlsplit(url)
    if where.scheme not in ("http", "https"):
        raise PictureError(f"it leads to {where.scheme}:, and only http and https are read")
    if not where.hostname:
        raise PictureError("it names no host")
    return where


@contextlib.contextmanager
def _answer(
    where: SplitResult, deadline: float, *, allow_private: bool
) -> Generator[http.client.HTTPResponse, None, None]:
    kind, usual = (_Secure, 443) if where.scheme == "https" else (_Plain, 80)
    left = max(0.01, deadline - time.monotonic())
    host = where.hostname or ""
    connection = kind(host, where.port or usual, left, allow_private=allow_private)
    try:
        connection.connect()
        with _cut_at(deadline, connection.sock):
            target = quote(where.path or "/", safe="/%:@!$&'()*+,;=~")
            query = quote(where.query, safe="/%:@!$&'()*+,;=~?")
            connection.request("GET", f"{target}?{query}" if query else target, headers=_HEADERS)
            with connection.getresponse() as answer:
                yield answer
    finally:
        connection.close()


@contextlib.contextmanager
def _cut_at(deadline: float, wire: socket.socket) -> Generator[None, None, None]:
    """Shut `wire` at the deadline: a server that drips one byte at a time never times out."""

    def cut() -> None:
        with contextlib.suppress(OSError):
            # The plain socket's own method: the one of ssl is not made for a second thread.
            socket.socket.shutdown(wire, socket.SHUT_RDWR)

    timer = threading.Timer(max(0.01, deadline - time.monotonic()), cut)
    timer.daemon = True
    timer.start()
    try:
        yield
        if time.monotonic() >= deadline:
            raise TimeoutError
    finally:
        timer.cancel()


def _content(answer: http.client.HTTPResponse) -> bytes | str:
    if answer.status in _REDIRECTS and (location := answer.getheader("Location")):
        return location
    if answer.status != http.HTTPStatus.OK:
        raise PictureError(f"the server answers {answer.status} {answer.reason}".rstrip())
    data = answer.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise PictureError(f"it is larger than {MAX_BYTES // 2**20} MiB")
    if answer.length:
        raise PictureError("the connection ended before the file did")
    return data


def _dial(host: str, port: int, seconds: float | None, *, allow_private: bool) -> socket.socket:
    """A connection to `host`, all of whose addresses must lie outside the own network."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not allow_private and (inside := [one for one in addresses if not _is_public(one)]):
        raise PictureError(f"{host} is a private address ({inside[0]}), which is not allowed")
    fault: OSError | None = None
    for address in addresses:
        try:
            return socket.create_connection((address, port), timeout=seconds)
        except OSError as problem:
            fault = problem
    raise fault or OSError(f"{host} has no address")


def _is_public(text: str) -> bool:
    address = ipaddress.ip_address(text)
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            address = inner
    return address.is_global and not address.is_multicast


def _why(fault: Exception) -> str:
    if isinstance(fault, socket.gaierror):
        return "there is no such host, or no network"
    if isinstance(fault, UnicodeError):
        return "the host's name is not valid"
    if isinstance(fault, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({fault.verify_message})"
    if isinstance(fault, OSError) and fault.strerror:
        return fault.strerror.lower()
    return " ".join(str(fault).split()) or type(fault).__name__
