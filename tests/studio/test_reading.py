"""What the page asks while somebody types, and the library of names that it shows."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from fastapi.testclient import TestClient
from PIL import Image

from lookalike.core.language.parameters import table
from lookalike.core.pictures import png_bytes
from lookalike.core.records import Prompt, Recipe
from lookalike.models.card import About, Card
from lookalike.studio import requests as ask
from lookalike.studio.history.keeping import keep
from lookalike.studio.http.app import build
from lookalike.studio.jobs.queue import Asked
from lookalike.studio.studio import Studio
from lookalike.studio.verbs import VERBS
from tests.plain import RECIPE
from tests.studio.conftest import Counting
from tests.studio.live import problem


@pytest.fixture(scope="module")
def idle(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """A studio that is asked for no job."""
    with Studio(tmp_path_factory.mktemp("page"), Counting()) as studio:
        yield studio


@pytest.fixture(scope="module")
def client(idle: Studio) -> TestClient:
    return TestClient(build(idle), base_url="http://127.0.0.1:7860", client=("127.0.0.1", 5))


def told(client: TestClient, text: object, **more: object) -> dict[str, Any]:
    answer = client.post("/v1/read", json={"text": text, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


def picture(client: TestClient, data: bytes | None = None) -> str:
    buffer = io.BytesIO()
    Image.new("RGB", (16, 16), "red").save(buffer, "PNG")
    answer = client.post("/v1/pictures", files={"picture": data or buffer.getvalue()})
    return answer.json()["picture"]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("a cat --srf x", "--srf"),
        ("🐈 a cat --ar wide", "wide"),
        ("a cat --chaos 101", "101"),
        ("a {red cat", "{"),
    ],
)
def test_a_fault_says_where_in_the_text_it_is(client: TestClient, text: str, word: str) -> None:
    found = told(client, text)
    start, length = found["place"]["start"], found["place"]["length"]
    assert text[start : start + length] == word
    assert found["fault"]["kind"] == "prompt"
    assert found["prompts"] == []


def test_a_fault_in_one_of_several_choices_has_no_place_in_the_text(client: TestClient) -> None:
    found = told(client, "a {red, blue} cat --srf x")
    assert found["fault"]["message"].startswith("there is no --srf")
    assert found["place"] is None


def test_a_text_is_read_into_every_prompt_that_it_stands_for(client: TestClient) -> None:
    found = told(client, "a {red, blue} cat --seed 3 --repeat 2", settings={"steps": 9})
    said = [(p["parts"][0]["text"], p["settings"]["seed"]) for p in found["prompts"]]
    assert said == [("a red cat", 3), ("a red cat", 7), ("a blue cat", 3), ("a blue cat", 7)]
    assert {p["settings"]["steps"] for p in found["prompts"]} == {9}
    assert found["text"] == "a red cat --seed 3 --model none --steps 9"


def test_references_beside_the_text_count_with_their_weights(client: TestClient) -> None:
    mark = picture(client)
    beside = [{"source": mark, "role": "style", "weight": 2}]
    assert told(client, "a cat --sw 50")["fault"] is not None
    found = told(client, "a cat --sw 50", references=beside)
    assert found["prompts"][0]["references"] == [{**beside[0], "weight": 2.0, "by": None}]
    [again] = told(client, found["text"])["prompts"]
    assert again == found["prompts"][0]


def test_two_pictures_are_a_prompt_and_one_alone_is_none(client: TestClient) -> None:
    one = {"source": picture(client), "role": "image"}
    assert told(client, " ", references=[one, one])["fault"] is None
    assert "one picture alone" in told(client, " ", references=[one])["fault"]["message"]


@pytest.mark.parametrize("source", ["hero.png", "sha256:" + "0" * 64, "@nobody"])
def test_a_picture_that_is_not_there_is_told_before_anything_is_asked(
    client: TestClient, source: str
) -> None:
    found = told(client, "a cat", references=[{"source": source, "role": "image"}])
    assert found["fault"]["kind"] == "picture"


def test_a_prompt_as_a_record_is_said_in_words(client: TestClient) -> None:
    prompt = Prompt.of("a cat").model_dump(mode="json")
    assert told(client, prompt)["text"] == "a cat"


def test_help_has_every_parameter(client: TestClient) -> None:
    known = client.get("/v1/choices").json()
    assert [one["name"] for one in known["parameters"]] == list(table())
    assert known["models"][0] == "none"
    assert "phrases" in known["describers"]
    assert all(one["takes"] and one["meaning"] for one in known["parameters"])


def test_a_picture_says_its_recipe_after_it_was_uploaded(client: TestClient) -> None:
    recipe = Recipe(
        made_by="imagine",
        version="0",
        prompt=Prompt.of("a cat"),
        model="mini",
        model_sha256="0" * 64,
        seeds=(7,),
    )
    mark = picture(client, png_bytes(Image.new("RGB", (8, 8)), recipe))
    found = client.post("/v1/recipe", json={"picture": mark}).json()
    assert found["text"] == "a cat"
    assert found["recipe"]["seeds"] == [7]
    status, detail = problem(client.post("/v1/recipe", json={"picture": picture(client)}))
    assert (status, detail.split(";")[0]) == (422, "this picture carries no recipe")


def test_a_saved_picture_is_listed_shown_and_forgotten(client: TestClient) -> None:
    mark = picture(client)
    saved = client.put("/v1/library/red-one", json={"picture": mark, "role": "style"})
    assert saved.status_code == 201
    listed = client.get("/v1/library").json()["saved"]
    assert [(one["name"], one["kind"], one["role"]) for one in listed] == [
        ("red-one", "picture", "style")
    ]
    assert "source" not in listed[0]  # a path of this machine
    shown = client.get("/v1/library/red-one/picture")
    assert Image.open(io.BytesIO(shown.content)).size == (16, 16)
    status, detail = problem(client.put("/v1/library/red-one", json={"picture": mark}))
    assert (status, detail.split(";")[0]) == (422, "@red-one is taken")
    assert client.put("/v1/library/red-one", json={"picture": mark, "replace": True}).is_success
    assert client.delete("/v1/library/red-one").status_code == 204
    assert client.get("/v1/library").json()["saved"] == []


@pytest.mark.parametrize("name", ["..%2F..%2Fetc", "A B", "%00", "x" * 41])
def test_a_name_that_is_none_is_refused(client: TestClient, name: str) -> None:
    assert client.put(f"/v1/library/{name}", json={"picture": picture(client)}).status_code in (
        404,
        422,
    )


def card() -> Card:
    about = About(base="none", space="none", model_sha256="0" * 64, made="drawn", seed=7, number=1)
    return Card((torch.ones(2, 4),), torch.ones(3), Image.new("RGB", (8, 8), "blue"), about)


def test_a_drawn_character_is_saved_by_its_number(client: TestClient, idle: Studio) -> None:
    made = VERBS["characters"].made([(card(), RECIPE)], ask.Characters())
    assert [one.kind for one in made] == ["picture", "character"]
    asked = Asked("characters", {}, "none")
    name = idle.queue.add(asked, client="local", priority=0)
    assert keep(idle.database, idle.shelf, name, made)
    face, kept = idle.history.of_jobs([name])[name]
    assert kept.record["shown"] == face.picture
    assert client.put("/v1/library/blue", json={"character": kept.id}).status_code == 201
    assert [one["name"] for one in client.get("/v1/characters").json()["saved"]] == ["blue"]
    status, detail = problem(client.put("/v1/library/red", json={"character": face.id}))
    assert (status, detail) == (422, f"item {face.id} is no character, but a picture")
    assert problem(client.put("/v1/library/red", json={}))[0] == 422


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"options": {"size": 4096}}, "paints 1024 pixels a side at most"),
        ({"options": {"sizes": 64}}, "did you mean size"),
        ({"settings": {"steps": 3}}, "has no settings; it has options"),
        ({"weights": [1, 2]}, "2 weights do not fit 1 styles"),
    ],
)
def test_what_restyle_cannot_do_here_is_told_at_once(
    client: TestClient, more: dict[str, object], why: str
) -> None:
    mark = picture(client)
    asked = {"picture": mark, "styles": [mark], **more}
    status, detail = problem(client.post("/v1/restyle", json=asked))
    assert status == 422
    assert why in detail
