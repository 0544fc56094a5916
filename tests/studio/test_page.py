"""The page: under a strict policy, whole, with nothing from elsewhere, and shut by a token."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from benchmarks import page as figures
from benchmarks import walk
from lookalike.studio.http.app import build
from lookalike.studio.http.guard import COOKIE, Rules
from lookalike.studio.page.assets import NAMES, POLICY, SHOWN
from lookalike.studio.studio import Studio
from lookalike.studio.token import _digest
from tests.studio.conftest import Counting

TEXTS = [name for name in NAMES if name.endswith((".html", ".css", ".js"))]
_IMPORT = re.compile(r'(?:from|import) "\./([a-z]+\.js)"')
_NAMED = re.compile(r'(?:href|src)="/page/([\w.-]+)"|"/page/([\w-]+\.(?:json|svg|png))"')


@pytest.fixture(scope="module")
def idle(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """A studio that is asked for no job."""
    with Studio(tmp_path_factory.mktemp("page"), Counting()) as studio:
        yield studio


@pytest.fixture(scope="module")
def client(idle: Studio) -> TestClient:
    return TestClient(build(idle), base_url="http://127.0.0.1:7860", client=("127.0.0.1", 5))


def read(name: str) -> str:
    return (figures.FILES / name).read_text("utf-8")


def test_the_page_and_all_its_files_are_served_under_the_policy(client: TestClient) -> None:
    assert client.get("/").text == read("index.html")
    for path in SHOWN:
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert answer.headers["content-security-policy"] == POLICY
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_policy_lets_nothing_run_but_the_pages_own_files() -> None:
    rules = dict(rule.split(" ", 1) for rule in POLICY.split("; "))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == rules["style-src"] == rules["connect-src"] == "'self'"
    assert rules["require-trusted-types-for"] == "'script'"
    assert "unsafe" not in POLICY


def test_every_file_that_is_named_is_there_and_every_file_is_named() -> None:
    named = {"index.html"}
    for name in TEXTS:
        named |= set(_IMPORT.findall(read(name)))
        named |= {one for pair in _NAMED.findall(read(name)) for one in pair if one}
    named |= {plot.name for plot in figures.plots()}
    assert named == set(NAMES)


@pytest.mark.parametrize("name", TEXTS)
def test_nothing_comes_from_elsewhere_and_no_text_becomes_markup(name: str) -> None:
    text = read(name)
    assert not re.search(r"https?:|//[a-z]+\.[a-z]", text)
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", text)
    assert not re.search(r"setAttribute\(\"style|new Function|srcdoc", text)


class _Seen(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.labelled: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append((tag, given))
        if "label" in self.open or "aria-label" in given:
            self.labelled.add(given.get("id") or "")
        if tag not in ("meta", "link", "img", "input", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_frame_is_valid_and_all_in_it_has_a_name() -> None:
    seen = _Seen()
    seen.feed(read("index.html"))
    assert seen.open == []
    assert ("html", {"lang": "en"}) in seen.tags
    for tag, given in seen.tags:
        assert not [name for name in given if name.startswith("on") or name == "style"]
        if tag == "img":
            assert "alt" in given
        if tag in ("input", "select", "textarea"):
            assert given["id"] in seen.labelled


@pytest.fixture
def shut(idle: Studio) -> Iterator[TestClient]:
    rules = Rules(address="127.0.0.1", token=_digest("a secret"))
    with TestClient(build(idle, rules), base_url="http://127.0.0.1:7860") as made:
        yield made


def test_the_page_is_shown_to_all_and_what_was_made_to_who_has_the_token(shut: TestClient) -> None:
    assert shut.get("/").status_code == 200
    assert shut.get("/v1/history").status_code == 401
    assert shut.get("/page/nothing.js").status_code == 401


def test_the_token_is_kept_where_no_script_and_no_other_site_has_it(shut: TestClient) -> None:
    wrong = shut.post("/page/enter", headers={"Authorization": "Bearer no secret"})
    assert wrong.status_code == 401
    assert "set-cookie" not in wrong.headers
    right = shut.post("/page/enter", headers={"Authorization": "Bearer a secret"})
    assert right.status_code == 204
    told = right.headers["set-cookie"].lower()
    assert f"{COOKIE}=" in told
    assert "httponly" in told
    assert "samesite=strict" in told
    assert shut.get("/v1/history").status_code == 200
    foreign = shut.post("/v1/imagine", headers={"Origin": "http://evil.example"}, json={})
    assert foreign.status_code == 403
    shut.post("/page/leave")
    assert shut.get("/v1/history").status_code == 401


def test_the_figures_are_those_of_the_documentation() -> None:
    assert read(figures.DATA) == figures.text()
    for plot in figures.plots():
        assert (figures.FILES / plot.name).read_bytes() == plot.read_bytes()


def test_what_stands_in_a_page_of_figures_becomes_data() -> None:
    text = (
        "# A `b`\n\nSee [this](x.md), **now**.\n\n|  | n |\n|---|---:|\n| a | 1 |\n\n![P](i/p.svg)"
    )
    assert list(figures.blocks(text)) == [
        {"heading": "A b", "level": 1},
        {"text": "See this, now."},
        {"head": ["", "n"], "rows": [["a", "1"]]},
        {"plot": "p.svg", "alt": "P"},
    ]


def test_the_guide_shows_pictures_that_a_walk_makes() -> None:
    assert walk.wanted() >= {"page-imagine.png", "page-phone-imagine.png"}
    assert {one.name for one in walk.IMAGES.glob("page-*.png")} == walk.wanted()
