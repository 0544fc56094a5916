"""The pictures of OpenAI's interface, asked for by its own Python client."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator

import openai
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from lookalike.core.pictures import open_picture
from lookalike.studio.sessions import Sessions
from lookalike.studio.studio import Studio
from tests.studio.live import problem, served


@pytest.fixture(scope="module")
def live(
    sessions: Sessions, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Studio, TestClient]]:
    with served(tmp_path_factory.mktemp("openai"), sessions) as both:
        yield both


@pytest.fixture(scope="module")
def client(live: tuple[Studio, TestClient]) -> openai.OpenAI:
    address = "http://127.0.0.1:7860/v1"
    return openai.OpenAI(base_url=address, api_key="none", http_client=live[1], max_retries=0)


def png(mode: str = "RGB", size: tuple[int, int] = (64, 64)) -> bytes:
    picture = Image.new(mode, size, (32, 80, 128, 255)[: len(mode)])
    if mode == "RGBA":
        picture.paste((0, 0, 0, 0), (16, 16, 48, 48))
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def size(picture: str | None) -> tuple[int, int]:
    return open_picture(base64.b64decode(picture or "")).size


def test_pictures_of_words_come_in_base64_and_by_their_address(
    client: openai.OpenAI, live: tuple[Studio, TestClient]
) -> None:
    made = client.images.generate(prompt="a cat -- red", n=2, size="32x32", quality="low")
    assert [size(one.b64_json) for one in made.data or []] == [(32, 32)] * 2
    [first, _] = made.data or []
    assert live[1].get(first.url or "").content == base64.b64decode(first.b64_json or "")
    item = live[0].history.find("cat", kind="picture")[0]
    assert item.record["prompt"]["settings"]["quality"] == 0.5


@pytest.mark.slow
def test_only_what_is_asked_for_is_sent(client: openai.OpenAI) -> None:
    asked = {"prompt": "a cat", "quality": "low", "size": "auto", "user": "me"}
    [one] = client.images.generate(**asked, response_format="url").data or []
    assert (one.b64_json, (one.url or "")[:31]) == (None, "http://127.0.0.1:7860/v1/files/")


@pytest.mark.slow
def test_a_part_that_a_mask_leaves_transparent_is_made_anew(client: openai.OpenAI) -> None:
    edited = client.images.edit(
        image=png(), mask=png("RGBA"), prompt="a hat", quality="low", response_format="b64_json"
    )
    [one] = edited.data or []
    picture = open_picture(base64.b64decode(one.b64_json or ""))
    assert picture.size == (64, 64)
    assert picture.getpixel((2, 2)) == (32, 80, 128)


@pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")
@pytest.mark.slow  # these have no option that makes them quick
def test_a_picture_is_edited_by_words_and_varied(
    client: openai.OpenAI, live: tuple[Studio, TestClient]
) -> None:
    client.images.edit(image=[png()], prompt="pink hair", quality="low")
    client.images.create_variation(image=png(), n=1)
    found = live[0].history.find(kind="picture", limit=2)
    assert [one.record["made_by"] for one in found] == ["vary", "edit"]


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"model": "gpt-image-1"}, "there is no model gpt-image-1 here"),
        ({"model": ""}, "model = '': it should have at least 1 character"),
        ({"size": "64x"}, "a size is WIDTHxHEIGHT"),
        ({"size": "4096x4096", "n": 2}, "are too much for one job"),
        ({"background": "transparent"}, "background = 'transparent'"),
        ({"output_format": "webp"}, "output_format = 'webp'"),
        ({"style": "vivid"}, "there is no option style"),
        ({"stream": True}, "stream = True"),
        ({"n": 11}, "n = 11"),
        ({"prompt": " "}, "the prompt is empty"),
    ],
)
def test_what_means_nothing_here_is_refused(
    client: openai.OpenAI, asked: dict[str, object], why: str
) -> None:
    with pytest.raises(openai.UnprocessableEntityError) as told:
        client.post("/images/generations", body={"prompt": "a", **asked}, cast_to=object)
    assert why in told.value.message
    assert isinstance(told.value.body, dict)
    assert told.value.body["type"] == "invalid_request_error"


@pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")
def test_what_cannot_be_edited_is_told(
    client: openai.OpenAI, live: tuple[Studio, TestClient]
) -> None:
    with pytest.raises(openai.UnprocessableEntityError, match="the mask is transparent nowhere"):
        client.images.edit(image=png(), mask=png(), prompt="a hat")
    with pytest.raises(openai.UnprocessableEntityError, match="a mask is for one picture"):
        client.images.edit(image=[png(), png()], mask=png("RGBA"), prompt="a hat")
    with pytest.raises(openai.UnprocessableEntityError, match="keeps its size, 64x64; not 32x32"):
        client.images.edit(image=png(), mask=png("RGBA"), prompt="a hat", size="32x32")
    with pytest.raises(openai.UnprocessableEntityError, match="it is text"):
        client.images.create_variation(image=b"no picture")
    answer = live[1].post("/v1/images/edits", data={"prompt": "a", "image": "text"})
    assert problem(answer) == (422, "image should be a file")
