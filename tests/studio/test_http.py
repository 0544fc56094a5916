"""The studio over HTTP, with mini: what is asked is made and found again; what is wrong is told."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from lookalike.core.pictures import open_picture, read_recipe
from lookalike.core.records import Prompt, Settings
from lookalike.session import Session
from lookalike.studio.sessions import Sessions
from lookalike.studio.studio import Studio
from tests.studio.live import BRIEF, events, made, problem, served


@pytest.fixture(scope="module")
def live(
    sessions: Sessions, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Studio, TestClient]]:
    with served(tmp_path_factory.mktemp("live"), sessions) as both:
        yield both


@pytest.fixture
def client(live: tuple[Studio, TestClient]) -> TestClient:
    return live[1]


@pytest.fixture
def studio(live: tuple[Studio, TestClient]) -> Studio:
    return live[0]


@pytest.fixture(scope="module")
def cat(live: tuple[Studio, TestClient]) -> dict[str, object]:
    """The one picture of a job that was made before."""
    job = made(live[1], "imagine", prompt="a cat --seed 4", settings=BRIEF)
    return job["items"][0]


def test_a_picture_is_the_one_that_a_session_makes(
    client: TestClient, studio: Studio, cat: dict[str, str]
) -> None:
    data = client.get(f"/v1/files/{cat['file']}").content
    session = studio.sessions.of("mini")
    wanted = session.imagine("a cat --seed 4", settings=Settings.model_validate(BRIEF))
    assert open_picture(data).tobytes() == wanted.pictures[0].tobytes()
    assert read_recipe(studio.shelf.path(cat["file"])).prompt == wanted.recipe.prompt


@pytest.mark.slow
def test_a_picture_that_leans_on_an_upload_is_made_again_from_its_file(
    client: TestClient, studio: Studio
) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (48, 48), "#ee8800").save(buffer, "JPEG")
    upload = client.post("/v1/pictures", files={"picture": buffer.getvalue()})
    assert upload.status_code == 201
    job = made(client, "vary", picture=upload.json()["picture"], settings=BRIEF)
    file = studio.shelf.path(job["items"][0]["file"])
    again = Session.again(studio.sessions.of("mini"), file)
    assert again.pictures[0].tobytes() == open_picture(file).tobytes()


def test_a_request_is_the_record_that_python_has(client: TestClient) -> None:
    prompt = Prompt.of("a dog", settings=Settings(seed=7, steps=1, count=2))
    job = made(client, "imagine", prompt=prompt.model_dump(mode="json", exclude_unset=True))
    assert [item["kind"] for item in job["items"]] == ["picture", "picture", "grid"]
    assert job["items"][1]["record"]["seeds"] == [7, 8]
    assert job["items"][1]["text"] == "a dog --seed 7 --steps 1 --count 2"


@pytest.mark.slow
def test_a_picture_is_described_and_found_by_its_words(
    client: TestClient, cat: dict[str, str]
) -> None:
    job = made(client, "describe", pictures=[cat["picture"]], count=2)
    words = job["items"][0]["text"]
    assert len(job["items"]) == 2
    found = client.get("/v1/history", params={"words": words, "kind": "description"}).json()
    assert job["items"][0]["id"] in [item["id"] for item in found["items"]]


def test_a_picture_is_found_by_likeness_as_soon_as_it_is_there(
    client: TestClient, cat: dict[str, str]
) -> None:
    like = client.get("/v1/history", params={"like": cat["picture"], "kind": "picture"}).json()
    assert like["items"][0]["id"] == cat["id"]
    assert like["items"][0]["likeness"] == pytest.approx(1, abs=1e-5)
    assert like["unseen"] == 0


@pytest.mark.slow
def test_every_verb_of_pictures_makes_one(client: TestClient, cat: dict[str, str]) -> None:
    shown = {"picture": cat["picture"], "settings": BRIEF}
    for verb, more in {
        "vary": {"region": "10%,10%,50%,50%", "text": "a hat"},
        "edit": {"text": "hot pink hair"},
        "remix": {"text": "a dog", "strength": 0.5},
        "zoom": {"factor": 2},
        "pan": {"direction": "left"},
    }.items():
        job = made(client, verb, **shown, **more)
        assert [item["kind"] for item in job["items"]] == ["picture"]
        assert job["items"][0]["record"]["made_by"] == verb
    two = made(client, "blend", pictures=[cat["picture"]] * 2, settings=BRIEF)
    assert len(two["items"]) == 1


def test_an_embedding_is_a_safetensors_file(client: TestClient, cat: dict[str, str]) -> None:
    [item] = made(client, "convert", pictures=[cat["picture"]])["items"]
    assert item["kind"] == "embedding"
    file = client.get(f"/v1/files/{item['file']}")
    assert file.headers["content-type"] == "application/octet-stream"
    assert b"lookalike-embedding-1" in file.content


@pytest.mark.slow
def test_a_story_is_a_picture_a_prompt(client: TestClient) -> None:
    job = made(client, "story", prompts=["a cat", "a cat in the rain"], settings={"steps": 1})
    assert [item["kind"] for item in job["items"]] == ["picture", "picture", "grid"]


def test_progress_comes_with_previews_and_ends_with_the_job(client: TestClient) -> None:
    asked = {"prompt": "a cat", "settings": {"count": 1, "steps": 4}}
    answer = client.post("/v1/imagine", json=asked)
    assert answer.status_code == 202
    found = events(client, answer.json()["id"])
    assert answer.headers["location"] == f"/v1/jobs/{answer.json()['id']}"
    names = [name for name, _ in found]
    assert names[-1] == "done"
    assert {"progress", "done"} <= set(names) <= {"progress", "preview", "done"}
    assert found[-1][1]["items"][0]["kind"] == "picture"
    assert all(data["of"] == 4 for name, data in found if name == "progress")
    for data in (data for name, data in found if name == "preview"):
        assert data["picture"].startswith("data:image/webp;base64,")


def test_a_fault_in_a_prompt_is_told_with_its_caret(client: TestClient) -> None:
    answer = client.post("/v1/imagine", json={"prompt": "a cat --srf 3"})
    assert problem(answer) == (
        422,
        "there is no --srf; did you mean --sref?\n  a cat --srf 3\n        ^^^^^",
    )
    assert answer.json()["type"] == "urn:lookalike:prompt"


@pytest.mark.parametrize(
    ("verb", "asked", "why"),
    [
        ("imagine", {}, "prompt: field required"),
        ("imagine", {"prompt": "a", "stiles": 1}, "there is no option stiles; did you mean style?"),
        ("imagine", {"prompt": "a", "settings": {"steps": 0}}, "settings.steps = 0: it should be"),
        ("imagine", {"prompt": 3}, "prompt = 3: it should be"),
        ("imagine", {"prompt": "/etc/x.png, a cat"}, "'/etc/x.png' is no picture here"),
        ("imagine", {"prompt": "http://127.0.0.1/x.png, a cat"}, "is a private address"),
        ("imagine", {"prompt": "a --model /etc"}, "there is no model /etc here"),
        ("imagine", {"prompt": "a", "settings": {"model": "/etc"}}, "there is no model /etc here"),
        ("imagine", {"prompt": "a", "settings": {"adapter": "x"}}, "adapters are files of the"),
        ("imagine", {"prompt": "a", "settings": {"pixels": 4096}}, "are too much for one job"),
        ("describe", {"pictures": ["@nobody"]}, "@nobody"),
        ("describe", {"pictures": ["cat.png"]}, "'cat.png' is no picture here"),
        ("describe", {"pictures": []}, "pictures = []: it should have at least 1 item"),
        ("convert", {"pictures": ["CAT"], "by": "tunde"}, "did you mean tuned?"),
        ("convert", {"pictures": ["CAT"], "by": "tuned", "options": {"weights": "/x"}}, "names a"),
        ("vary", {"picture": "CAT", "text": "a hat"}, "words and --feather are for a part"),
        ("vary", {"picture": "CAT", "region": "1,2"}, "a region is x,y,width,height"),
        ("edit", {"picture": "CAT", "text": " "}, "the prompt is empty"),
        ("blend", {"pictures": ["CAT"]}, "should have at least 2 items"),
    ],
)
def test_what_is_wrong_is_refused_before_anything_is_made(
    client: TestClient, cat: dict[str, str], verb: str, asked: dict[str, object], why: str
) -> None:
    def real(value: object) -> object:
        if isinstance(value, list):
            return [real(each) for each in value]
        return cat["picture"] if value == "CAT" else value

    before = client.get("/v1/jobs").json()["counts"]
    answer = client.post(f"/v1/{verb}", json={name: real(each) for name, each in asked.items()})
    status, detail = problem(answer)
    assert status == 422
    assert why in detail
    assert client.get("/v1/jobs").json()["counts"] == before


def test_what_is_not_json_is_told(client: TestClient) -> None:
    headers = {"content-type": "application/json"}
    status, detail = problem(client.post("/v1/imagine", content=b"{no", headers=headers))
    assert (status, detail[:25]) == (422, "the whole: should be JSON")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/jobs/none", 404),
        ("GET", "/v1/jobs/none/events", 404),
        ("POST", "/v1/jobs/none/cancel", 404),
        ("GET", "/v1/history/999999", 404),
        ("DELETE", "/v1/history/999999", 404),
        ("GET", "/v1/history/0", 422),
        ("GET", "/v1/history?limit=0", 422),
        ("GET", "/v1/history?like=cat.png", 422),
        ("GET", "/v1/files/..%2Fstudio.db", 404),
        ("GET", "/v1/files/studio.db", 404),
        ("GET", "/nowhere", 404),
        ("PUT", "/v1/jobs", 405),
        ("GET", "/v1/imagine", 405),
    ],
)
def test_every_other_fault_is_a_problem_document_too(
    client: TestClient, method: str, path: str, status: int
) -> None:
    assert problem(client.request(method, path))[0] == status


def test_a_job_is_cancelled_and_tried_again(client: TestClient) -> None:
    slow = {"prompt": "a cat", "settings": {"count": 1, "steps": 500}}
    name = client.post("/v1/imagine", json=slow).json()["id"]
    assert problem(client.post(f"/v1/jobs/{name}/retry"))[0] == 409
    assert client.post(f"/v1/jobs/{name}/cancel").status_code == 200
    assert events(client, name)[-1][0] == "cancelled"
    assert problem(client.post(f"/v1/jobs/{name}/cancel"))[0] == 409
    again = client.post(f"/v1/jobs/{name}/retry")
    assert (again.status_code, again.json()["retry_of"]) == (202, name)
    client.post(f"/v1/jobs/{again.json()['id']}/cancel")
    assert events(client, again.json()["id"])[-1][0] == "cancelled"


def test_items_are_starred_and_removed(client: TestClient) -> None:
    [item] = made(client, "imagine", prompt="a bird", settings=BRIEF)["items"]
    address = f"/v1/history/{item['id']}"
    assert client.patch(address, json={"starred": True}).json()["starred"] is True
    starred = client.get("/v1/history", params={"starred": True}).json()["items"]
    assert [one["id"] for one in starred] == [item["id"]]
    assert client.delete(address).status_code == 204
    assert problem(client.get(address))[0] == 404
    assert problem(client.get(f"/v1/files/{item['file']}"))[0] == 404


def test_the_openapi_document_has_the_records_that_python_has(client: TestClient) -> None:
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    own = Settings.model_json_schema()["properties"]
    assert schemas["Settings"]["properties"]["steps"] == own["steps"]
    assert {"Imagine", "Describe", "Vary", "Job", "Item", "Problem"} <= set(schemas)


def test_the_studio_says_how_it_is(client: TestClient) -> None:
    assert client.get("/health").json() == {"status": "ok"}
    assert client.get("/v1/studio").json()["model"] == "mini"
