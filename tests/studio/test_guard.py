"""Who gets in: the right host, no page of another site, the token, not too much, not too often."""

from __future__ import annotations

import httpx2
import pytest
from fastapi.testclient import TestClient
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from lookalike.studio.http.guard import COOKIE, Guard, Pace, Rules
from lookalike.studio.token import is_token


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Says how many bytes came."""
    body = await Request(scope, receive).body()
    await PlainTextResponse(f"{len(body)} {scope['state']['client']}")(scope, receive, send)


def client(rules: Rules, host: str = "127.0.0.1:7860", asks: str = "127.0.0.1") -> TestClient:
    return TestClient(Guard(echo, rules), base_url=f"http://{host}", client=(asks, 50000))


def told(answer: httpx2.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == answer.status_code
    return answer.status_code, answer.json()["type"]


@pytest.mark.parametrize("host", ["127.0.0.1:7860", "localhost", "[::1]:7860", "LOCALHOST:1"])
def test_a_studio_answers_to_its_own_names(host: str) -> None:
    assert client(Rules(), host).get("/").status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "192.168.1.5", "a@evil.example", "[x"]
)
def test_a_name_that_was_bent_to_lead_here_is_refused(host: str) -> None:
    answer = client(Rules()).get("/", headers={"host": host})
    assert told(answer) == (421, "urn:lookalike:host")


def test_on_all_addresses_it_answers_to_addresses_and_not_to_names() -> None:
    shared = client(Rules(address="0.0.0.0"), "192.168.1.5:80")
    assert shared.get("/").status_code == 200
    assert shared.get("/", headers={"host": "evil.example"}).status_code == 421


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:81"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_pages_of_other_sites_are_refused(origin: str, method: str) -> None:
    answer = client(Rules()).request(method, "/", headers={"origin": origin})
    assert told(answer) == (403, "urn:lookalike:origin")


def test_its_own_page_is_let_in_and_a_post_from_elsewhere_without_origin_is_not() -> None:
    own = {"origin": "http://127.0.0.1:7860", "sec-fetch-site": "same-origin"}
    assert client(Rules()).post("/", headers=own).status_code == 200
    other = {"sec-fetch-site": "cross-site"}
    assert client(Rules()).post("/", headers=other).status_code == 403
    assert client(Rules()).get("/", headers=other).status_code == 200  # a link that is followed


@pytest.fixture
def guarded() -> TestClient:
    from hashlib import sha256

    digest = sha256(b"a secret").hexdigest()
    assert is_token("a secret", digest)
    return client(Rules(address="192.168.1.5", token=digest), "192.168.1.5")


@pytest.mark.parametrize("said", ["", "Bearer", "Bearer wrong", "Basic a secret", "Bearer a secre"])
def test_without_the_token_nobody_gets_in(guarded: TestClient, said: str) -> None:
    answer = guarded.get("/", headers={"authorization": said})
    assert told(answer) == (401, "urn:lookalike:token")
    assert answer.headers["www-authenticate"] == "Bearer"


def test_with_the_token_one_gets_in_by_header_or_cookie(guarded: TestClient) -> None:
    assert guarded.get("/", headers={"authorization": "bearer a secret"}).status_code == 200
    assert guarded.get("/", headers={"cookie": f'{COOKIE}="a secret"'}).status_code == 200
    assert guarded.get("/health").status_code == 200


def test_a_body_that_is_too_large_is_refused_by_what_it_says_and_by_what_comes() -> None:
    bounded = client(Rules(most_body=2**20))
    assert bounded.post("/", content=b"x" * 2**20).status_code == 200
    assert told(bounded.post("/", content=b"x" * (2**20 + 1))) == (413, "urn:lookalike:size")
    in_pieces = (b"x" * 2**18 for _ in range(5))  # without a length
    assert told(bounded.post("/", content=in_pieces)) == (413, "urn:lookalike:size")


def test_clients_have_a_pace_of_their_own_and_no_name() -> None:
    fast = client(Rules(requests=2))
    assert [fast.get("/").status_code for _ in range(3)] == [200, 200, 429]
    shared = Guard(echo, Rules(address="0.0.0.0", requests=1))
    asked = [
        TestClient(shared, base_url="http://10.0.0.1", client=(host, 1)).get("/")
        for host in ("10.0.0.7", "10.0.0.8", "10.0.0.7")
    ]
    assert [one.status_code for one in asked] == [200, 200, 429]
    assert "10.0.0" not in asked[0].text


def test_a_pace_comes_back_with_time(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: moment[0])
    pace = Pace(60)
    assert [pace.allows("a") for _ in range(61)] == [True] * 60 + [False]
    moment[0] = 1.0
    assert [pace.allows("a") for _ in range(2)] == [True, False]


def test_answers_say_what_browsers_must_not_do() -> None:
    headers = client(Rules()).get("/").headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "SAMEORIGIN"
    assert "access-control-allow-origin" not in headers
