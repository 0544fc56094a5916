"""What the guide to the studio tells to type works as it stands there."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from benchmarks.studio.page import filled
from lookalike.studio.requests import Request
from lookalike.studio.verbs import VERBS
from tests.studio.running import Running

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "studio.md"
HERE = "http://127.0.0.1:7860"


def block(mark: str) -> str:
    """The block below a comment."""
    text = GUIDE.read_text(encoding="utf-8")
    [found] = re.findall(rf"^<!-- {mark} -->\n```\w+\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    return found


@pytest.fixture(scope="module")
def address(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    running = Running(tmp_path_factory.mktemp("guide"))
    yield running.address
    running.kill()


def curled(mark: str, address: str) -> Any:
    """What curl prints of a block."""
    script = block(mark).replace(HERE, address)
    return json.loads(subprocess.run(["sh", "-c", script], capture_output=True, check=True).stdout)


def test_the_guide_names_every_verb() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    assert all(f"`{name}`" in text for name in VERBS)


def test_the_guide_has_the_figures_that_were_taken() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    assert filled(text) == text


def test_what_the_guide_sends_is_a_request() -> None:
    [sent] = re.findall(r"-d '(.*)'", block("asking"))
    assert isinstance(VERBS["imagine"].request.model_validate_json(sent), Request)


@pytest.mark.slow
def test_the_guides_curl_works(address: str) -> None:
    job = curled("asking", address)
    assert job["state"] == "done"
    found = curled("history", address)["items"]
    assert [item["id"] for item in found] == [job["items"][0]["id"]]
    detail = curled("wrong", address)["detail"]
    assert detail in GUIDE.read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("mark", ["python", "openai"])
def test_the_guides_python_works(
    address: str, mark: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (64, 64), "#ee8800").save("hero.png")
    code = block(mark).replace(HERE, address).replace('open("hero.png", "rb")', "hero")
    found: dict[str, Any] = {"hero": Path("hero.png").read_bytes()}
    exec(compile(code, GUIDE.name, "exec"), found)
    found["studio" if mark == "python" else "client"].close()
    made = found["pictures"] if mark == "python" else found["made"].data
    assert len(made) == (3 if mark == "python" else 1)
