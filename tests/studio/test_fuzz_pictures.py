"""Whatever is uploaded, nothing breaks, nothing is written elsewhere, and memory is bounded."""

from __future__ import annotations

import base64
import hashlib
import resource
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from lookalike.studio.http.app import build
from lookalike.studio.jobs.worker import Workers
from lookalike.studio.studio import Bounds, Studio
from tests.studio.conftest import Counting
from tests.studio.mutated import mutated

FILES, SEED = 300, 11
MOST = 700
"""MiB beyond what the process had: a few copies of the largest picture that is taken."""


@pytest.fixture
def studio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Studio]:
    monkeypatch.setenv("LOOKALIKE_LIBRARY", str(tmp_path / "library"))
    monkeypatch.setattr(Workers, "wake", lambda self, model: None)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    with Studio(tmp_path / "data", Counting(), bounds=Bounds(each=10**6, most=10**6)) as made:
        yield made


def tree(folder: Path) -> set[str]:
    """Everything below a folder but the studio's data."""
    found = (str(each.relative_to(folder)) for each in folder.rglob("*"))
    return {each for each in found if each != "data" and not each.startswith("data/")}


def memory() -> float:
    """The most that this process ever had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def sent(client: TestClient, data: bytes, place: int) -> int:
    """A file as the page sends it, or as a data address to be looked into or described."""
    if place % 3 == 0:
        return client.post("/v1/pictures", files={"picture": ("../../up.png", data)}).status_code
    inline = f"data:image/png;base64,{base64.b64encode(data).decode()}"
    if place % 3 == 1:
        return client.post("/v1/recipe", json={"picture": inline}).status_code
    return client.post("/v1/describe", json={"pictures": [inline]}).status_code


@pytest.mark.slow
def test_three_hundred_mutated_pictures_break_nothing(
    studio: Studio, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    client = TestClient(
        build(studio), base_url="http://127.0.0.1:7860", client=("127.0.0.1", 50000)
    )
    before, had = tree(tmp_path), memory()
    answers = Counter(sent(client, data, i) for i, data in enumerate(mutated(FILES, SEED)))
    grown = memory() - had
    with capsys.disabled():
        print(f"\n{FILES} mutated files: {dict(answers)}, {grown:.0f} MiB more")
    assert set(answers) <= {200, 201, 202, 413, 422}
    assert answers[201] > 10  # some are still pictures
    assert answers[422] > 100
    assert grown < MOST
    assert tree(tmp_path) == before
    for name in studio.shelf.names():
        data = studio.shelf.path(name).read_bytes()
        assert name == f"{hashlib.sha256(data).hexdigest()}.png"
        with Image.open(studio.shelf.path(name)) as kept:
            kept.load()
            assert kept.format == "PNG"
            assert kept.width * kept.height <= studio.bounds.upload_pixels
            assert set(kept.info) <= {"lookalike"}
    assert client.get("/health").status_code == 200
    listed = client.get("/v1/history", params={"kind": "upload", "limit": 500}).json()["items"]
    assert {item["file"] for item in listed} <= set(studio.shelf.names())
