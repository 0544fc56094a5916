"""Every picture from the page is made again from its file alone, by the command line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from lookalike.cli.main import run
from lookalike.core.pictures import open_picture
from lookalike.core.png import png_bytes
from lookalike.studio.page.assets import NAMES
from lookalike.studio.records import Progress
from lookalike.studio.sessions import Sessions
from lookalike.studio.studio import Studio
from lookalike.studio.verbs import VERBS
from lookalike.world.look import looks_in
from lookalike.world.render import render
from tests.studio.conftest import until
from tests.studio.live import made, served

SOME = {"steps": 2, "count": 2}
ONE = {"steps": 2, "count": 1}
LEANING = [
    {"source": "{one}", "role": role, "weight": 1} for role in ("image", "style", "character")
]
KINDS: dict[str, dict[str, Any]] = {
    "imagine": {
        "prompt": {
            "parts": [{"text": "a person with a beard"}],
            "references": LEANING,
            "settings": {**SOME, "seed": 7},
        },
        "strict": False,
    },
    "vary": {"picture": "{one}", "settings": SOME, "strength": "strong"},
    "region": {"picture": "{one}", "text": "a hat", "mask": "{mask}", "settings": ONE},
    "edit": {"picture": "{one}", "text": "hot pink hair", "settings": ONE},
    "remix": {"picture": "{one}", "text": "a cat", "strength": 0.7, "settings": ONE},
    "blend": {"pictures": ["{one}", "{two}"], "weights": [2, 1], "settings": ONE},
    "zoom": {"picture": "{one}", "factor": 1.5, "text": "", "settings": ONE},
    "pan": {"picture": "{one}", "direction": "left", "share": 0.5, "text": "", "settings": ONE},
    "story": {
        "prompts": ["a person smiles", "the person is sad"],
        "character": ["{one}"],
        "style": ["{two}"],
        "settings": {"steps": 2},
    },
    "restyle": {
        "picture": "{one}",
        "styles": ["{two}"],
        "weights": [1],
        "preset": "fast",
        "options": {"size": 48, "steps": 2},
    },
    "characters": {"count": 2, "settings": {"seed": 3}},
}


@pytest.fixture(scope="module")
def live(
    home: Path, sessions: Sessions, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Studio, TestClient]]:
    with served(tmp_path_factory.mktemp("again"), sessions) as both:
        yield both


@pytest.fixture(scope="module")
def given(live: tuple[Studio, TestClient]) -> dict[str, str]:
    """What the page calls two pictures and a painted mask, after their upload."""
    _, client = live
    one, two = looks_in("micah", "test"), looks_in("personas", "test")
    drawn = {"one": render(next(one), 96), "two": render(next(two), 96)}
    mask = Image.new("L", (96, 96))
    mask.paste(255, (24, 8, 72, 48))
    shown = {**drawn, "mask": mask.convert("RGB")}
    return {name: uploaded(client, picture) for name, picture in shown.items()}


def uploaded(client: TestClient, picture: Image.Image) -> str:
    answer = client.post("/v1/pictures", files={"picture": png_bytes(picture)})
    return answer.json()["picture"]


def filled(value: Any, given: dict[str, str]) -> Any:
    """A request with the pictures' names in place."""
    if isinstance(value, str):
        return value.format(**given) if value.startswith("{") else value
    if isinstance(value, dict):
        return {name: filled(each, given) for name, each in value.items()}
    return [filled(each, given) for each in value] if isinstance(value, list) else value


def downloaded(client: TestClient, item: dict[str, Any], folder: Path) -> Path:
    """The file as the page's link gives it, alone in a folder."""
    path = folder / f"lookalike-{item['id']}.png"
    path.parent.mkdir()
    path.write_bytes(client.get(f"/v1/files/{item['file']}").content)
    return path


def test_every_verb_of_the_page_that_makes_pictures_is_tried() -> None:
    makes_none = {"describe", "convert"}
    assert set(VERBS) - makes_none == set(KINDS) - {"region"}
    assert {f"{name}.js" for name in ("imagine", "change", "blend", "story")} <= set(NAMES)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_every_picture_is_made_again_from_its_file(
    kind: str,
    live: tuple[Studio, TestClient],
    given: dict[str, str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    studio, client = live
    verb = "vary" if kind == "region" else kind
    job = made(client, verb, **filled(KINDS[kind], given))
    # U2 where there are several; and the grid of them all.
    pictures = [item for item in job["items"] if item["kind"] == "picture"]
    grids = [item for item in job["items"] if item["kind"] == "grid"]
    for item in (pictures[-1], *grids):
        path = downloaded(client, item, tmp_path / str(item["id"]))
        out = tmp_path / f"out-{item['id']}"
        data = str(studio.data.root)
        code = run(["again", str(path), "--data", data, "--out", str(out)])
        said = capsys.readouterr()
        assert (code, "differ" in said.err) == (0, False), said.err
        again = Path(said.out.split()[-1])
        assert open_picture(again).tobytes() == open_picture(path).tobytes()
        assert client.post("/v1/recipe", json={"picture": item["picture"]}).status_code == 200


@pytest.mark.slow
def test_what_lies_in_no_studio_is_told_in_one_line(
    live: tuple[Studio, TestClient],
    given: dict[str, str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    _, client = live
    job = made(client, "edit", **filled(KINDS["edit"], given))
    path = downloaded(client, job["items"][0], tmp_path / "one")
    code = run(["again", str(path), "--data", str(tmp_path), "--out", str(tmp_path / "out")])
    [line] = capsys.readouterr().err.splitlines()
    assert code == 2
    assert f"neither beside it nor in {tmp_path / 'files'}" in line
    assert "--data" in line


@pytest.mark.slow
def test_a_restyle_that_is_stopped_keeps_its_best_which_is_made_again(
    live: tuple[Studio, TestClient],
    given: dict[str, str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    studio, client = live
    request = filled(KINDS["restyle"], given) | {"options": {"size": 32, "steps": 1000}}
    job = client.post("/v1/restyle", json=request).json()["id"]
    until(lambda: (studio.job(job).progress or Progress(step=0, of=1)).step >= 2, 120)
    client.post(f"/v1/jobs/{job}/cancel")
    until(lambda: studio.job(job).state == "done", 60)
    done = client.get(f"/v1/jobs/{job}").json()
    assert done["notes"] == ["stopped; this is the best so far"]
    [item] = done["items"]
    assert 2 <= item["record"]["options"]["stopped"] < 100
    path = downloaded(client, item, tmp_path / "stopped")
    data = str(studio.data.root)
    assert run(["again", str(path), "--data", data, "--out", str(tmp_path / "out")]) == 0
    again = Path(capsys.readouterr().out.split()[-1])
    assert open_picture(again).tobytes() == open_picture(path).tobytes()
