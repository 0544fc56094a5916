"""The widely used web interface's API: what maps works, what does not is refused."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from lookalike.cli.options import own_pixels
from lookalike.core.pictures import open_picture
from lookalike.studio.sessions import Sessions
from lookalike.studio.studio import Studio
from tests.studio.live import problem, served


@pytest.fixture(scope="module")
def live(
    sessions: Sessions, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Studio, TestClient]]:
    with served(tmp_path_factory.mktemp("sdapi"), sessions) as both:
        yield both


@pytest.fixture
def client(live: tuple[Studio, TestClient]) -> TestClient:
    return live[1]


def inline(colour: str = "#205080") -> str:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), colour).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


def mask() -> str:
    picture, buffer = Image.new("L", (64, 64), 0), io.BytesIO()
    picture.paste(255, (16, 16, 48, 48))
    picture.save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


def test_pictures_of_words_have_the_seeds_that_are_told(
    client: TestClient, live: tuple[Studio, TestClient]
) -> None:
    asked = {
        "prompt": "a cat",
        "negative_prompt": "hat",
        "seed": 7,
        "steps": 1,
        "cfg_scale": 4,
        "batch_size": 2,
        "sampler_name": "DPM++ 2M",
        "override_settings": {"sd_model_checkpoint": "mini"},
    }
    made = client.post("/sdapi/v1/txt2img", json=asked).json()
    info = json.loads(made["info"])
    side = own_pixels()
    sizes = [open_picture(base64.b64decode(one)).size for one in made["images"]]
    assert sizes == [(side, side)] * 2
    assert (info["seed"], info["all_seeds"], info["width"]) == (7, [7, 8], side)
    prompt = live[0].job(info["job"]).items[0].record["prompt"]
    assert (prompt["avoid"], prompt["settings"]["guidance"]) == ("hat", 4)
    assert info["cfg_scale"] == 4


def test_a_picture_is_remade_and_a_part_of_it_filled(
    client: TestClient, live: tuple[Studio, TestClient]
) -> None:
    asked = {"prompt": "a hat", "init_images": [inline()], "steps": 1}
    whole = {**asked, "denoising_strength": 0.6}
    part = {**asked, "mask": f"data:image/png;base64,{mask()}", "mask_blur": 2}
    for request, verb in ((whole, "remix"), (part, "vary")):
        made = client.post("/sdapi/v1/img2img", json=request).json()
        assert len(made["images"]) == 1
        item = live[0].job(json.loads(made["info"])["job"]).items[0]
        assert item.record["made_by"] == verb
        assert item.record["options"]["strength"] == (0.6 if verb == "remix" else 1.0)


@pytest.mark.slow
def test_a_picture_is_read(client: TestClient) -> None:
    answer = client.post("/sdapi/v1/interrogate", json={"image": inline(), "model": "clip"})
    assert answer.json()["caption"]


def test_what_there_is_is_listed(client: TestClient) -> None:
    assert client.get("/sdapi/v1/options").json() == {"sd_model_checkpoint": "mini"}
    assert client.get("/sdapi/v1/samplers").json()[0]["name"] == "DPM++ 2M"
    assert "mini" in [one["title"] for one in client.get("/sdapi/v1/sd-models").json()]
    idle = client.get("/sdapi/v1/progress").json()
    assert (idle["progress"], idle["state"]["job_count"]) == (0, 0)
    same = client.post("/sdapi/v1/options", json={"sd_model_checkpoint": "mini"})
    assert same.status_code == 200


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"sampler_name": "Euler a"}, "sampler_name = 'Euler a'"),
        ({"enable_hr": True}, "enable_hr = True"),
        ({"restore_faces": True}, "restore_faces = True"),
        ({"alwayson_scripts": {"controlnet": None}}, "alwayson_scripts"),
        ({"override_settings": {"CLIP_stop_at_last_layers": 2}}, "CLIP_stop_at_last_layers cannot"),
        ({"override_settings": {"sd_model_checkpoint": "x"}}, "there is no model x here"),
        ({"prompt": "a <lora:x:1>"}, "<lora:x:1> calls for a network"),
        ({"prompt": "a (red:1.3) cat"}, "(red:1.3) would be read as words"),
        ({"batch_size": 16, "n_iter": 16}, "count = 256: it should be less than or equal to 64"),
        ({"hires": 1}, "there is no option hires"),
        ({"styles": ["anime"]}, "styles"),
        ({"subseed_strength": 0.5}, "subseed_strength = 0.5"),
    ],
)
def test_what_does_not_map_is_refused(
    client: TestClient, asked: dict[str, object], why: str
) -> None:
    answer = client.post("/sdapi/v1/txt2img", json={"prompt": "a", "steps": 1, **asked})
    status, detail = problem(answer)
    assert status == 422
    assert why in detail


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"init_images": []}, "init_images"),
        ({"init_images": ["@@"]}, "the given data is no base64"),
        ({"init_images": ["CAT"], "negative_prompt": "hat"}, "negative_prompt is not read"),
        ({"init_images": ["CAT"], "mask": "CAT", "denoising_strength": 0.7}, "is 0.5 or 1"),
        ({"init_images": ["CAT"], "mask": "CAT", "width": 64}, "keeps its size"),
        ({"init_images": ["CAT"], "inpainting_mask_invert": 1}, "inpainting_mask_invert = 1"),
    ],
)
def test_what_does_not_map_of_pictures_is_refused(
    client: TestClient, asked: dict[str, object], why: str
) -> None:
    text = json.dumps({"prompt": "a", "steps": 1, **asked}).replace("CAT", inline())
    status, detail = problem(client.post("/sdapi/v1/img2img", content=text, headers=JSON))
    assert status == 422
    assert why in detail


JSON = {"content-type": "application/json"}


def test_options_are_for_everybody_and_not_set(client: TestClient) -> None:
    answer = client.post("/sdapi/v1/options", json={"sd_model_checkpoint": "other"})
    assert problem(answer)[0] == 422
