"""Pictures from the web, against a small server on this machine."""

from __future__ import annotations

import http.server
import io
import threading
import time
from collections.abc import Iterator

import pytest
from PIL import Image

from lookalike.core import fetch as web
from lookalike.core.errors import PictureError
from lookalike.core.pictures import open_picture


def picture() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (5, 4), (0, 128, 0)).save(buffer, "PNG")
    return buffer.getvalue()


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers by path: a picture, a redirect, an error, too much, too slow."""

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        getattr(self, f"answer_{path.strip('/').split('/')[0]}", self.answer_missing)(query)

    def send(self, status: int, data: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content_Length": str(len(data)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)

    def answer_picture(self, _: str) -> None:
        self.send(200, picture())

    def answer_to(self, query: str) -> None:
        self.send(302, Location=query)

    def answer_loop(self, _: str) -> None:
        self.send(302, Location="/loop")

    def answer_missing(self, _: str) -> None:
        self.send(404)

    def answer_text(self, _: str) -> None:
        self.send(200, b"not a picture")

    def answer_short(self, _: str) -> None:
        self.send(200, picture()[:30], Content_Length="5000")
        self.close_connection = True

    def answer_slow(self, _: str) -> None:
        self.send_response(200)
        self.end_headers()
        try:
            for _tick in range(100):  # never silent for long: only a deadline ends this
                self.wfile.write(b"x")
                time.sleep(0.1)
        except OSError:
            pass


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.daemon_threads = True
        threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{running.server_address[1]}"
        running.shutdown()


def refusal(url: str, *, allow_private: bool = True) -> str:
    with pytest.raises(PictureError) as caught:
        open_picture(url, allow_private=allow_private)
    text = str(caught.value)
    assert "\n" not in text
    assert url in text
    return text


def test_a_picture_comes_in_from_a_url(server: str) -> None:
    assert open_picture(f"{server}/picture", allow_private=True).size == (5, 4)


def test_a_redirect_is_followed(server: str) -> None:
    url = f"{server}/to?/to?{server}/picture/a b.png"
    assert open_picture(url, allow_private=True).size == (5, 4)


def test_loopback_is_refused_by_default(server: str) -> None:
    assert "127.0.0.1 is a private address" in refusal(f"{server}/picture", allow_private=False)


def test_a_name_that_leads_to_loopback_is_refused(server: str) -> None:
    url = server.replace("127.0.0.1", "localhost")
    assert "localhost is a private address" in refusal(f"{url}/picture", allow_private=False)


def test_a_redirect_to_loopback_is_refused(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first address passes as a public one; the second is judged on its own."""
    real, judged = web._is_public, []

    def first_is_public(address: str) -> bool:
        judged.append(address)
        return len(judged) == 1 or real(address)

    monkeypatch.setattr(web, "_is_public", first_is_public)
    url = f"{server}/to?{server}/picture"
    assert "is a private address" in refusal(url, allow_private=False)
    assert len(judged) == 2


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1%eth0",
        "fd00::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "2002:7f00:1::",
        "ff02::1",
    ],
)
def test_addresses_of_the_own_network_are_known(address: str) -> None:
    assert not web._is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_public_addresses_are_known(address: str) -> None:
    assert web._is_public(address)


def test_every_redirect_stays_with_http(server: str) -> None:
    assert "only http and https are read" in refusal(f"{server}/to?file:///etc/hostname")


def test_redirects_in_a_circle_end(server: str) -> None:
    assert "redirects more than 5 times" in refusal(f"{server}/loop")


def test_an_error_of_the_server_is_passed_on(server: str) -> None:
    assert "the server answers 404 Not Found" in refusal(f"{server}/missing")


def test_what_is_no_picture_is_refused_by_its_address(server: str) -> None:
    assert "it is text" in refusal(f"{server}/text")


def test_a_file_that_ends_early_is_refused(server: str) -> None:
    assert "the connection ended before the file did" in refusal(f"{server}/short")


def test_too_large_a_file_is_refused(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "MAX_BYTES", 20)
    assert "larger than" in refusal(f"{server}/picture")


def test_a_server_that_drips_is_cut_off(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "MAX_SECONDS", 0.4)
    began = time.monotonic()
    assert "no answer within 0.4 seconds" in refusal(f"{server}/slow")
    assert time.monotonic() - began < 3


def test_a_host_that_does_not_listen_is_named() -> None:
    assert "refused" in refusal("http://127.0.0.1:9/a.png")


@pytest.mark.parametrize(
    "url", ["http://", "http://a b/c.png", "http://[::1", "http://host:port/a.png", "http://..../a"]
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    refusal(url)
