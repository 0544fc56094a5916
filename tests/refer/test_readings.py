"""All readings of a bent plan come out of one call as they come out of calls of their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from PIL.Image import Image as Picture

from benchmarks.adapters import save_adapter
from lookalike.core.compute import Compute
from lookalike.core.plan import Plan
from lookalike.core.records import Part, Prompt, Reference, Role, Settings
from lookalike.core.regions import Canvas
from lookalike.engine.frames import side_by_side
from lookalike.engine.plan import text_plan
from lookalike.engine.references import leaning
from lookalike.engine.region import filling
from lookalike.engine.run import run
from lookalike.models.latent import LatentDiffusion
from lookalike.refer import Referred
from lookalike.refer.story import consistent
from tests.engine.tiny import noise_picture, tiny_backbone

By = tuple[Role, str]
STYLE: By = ("style", "style-aligned")
ONLY: By = ("style", "reference-only")
SUBJECT: By = ("character", "subject")
IMAGE: By = ("image", "image-prompt")
SEEN: By = ("image", "ip-adapter")
SEEN_STYLE: By = ("style", "ip-adapter")

SAID = (
    Part(text="a cat, a red hat"),
    Part(text="a house", weight=0.5),
    Part(text="a dog", weight=-0.5),
)
FEW = Settings(steps=2, guidance=3.0)


@pytest.fixture(scope="module")
def sdxl() -> LatentDiffusion:
    """A random SDXL backbone of 32 pixels; not to be changed by a test."""
    return tiny_backbone("sdxl")


@pytest.fixture
def settings(backbone: LatentDiffusion, tmp_path: Path) -> Settings:
    """Few steps, and an adapter of random weights."""
    return with_adapter(backbone, tmp_path)


def with_adapter(backbone: LatentDiffusion, folder: Path) -> Settings:
    width = backbone.clip.vision.config.projection_dim
    path = save_adapter(folder / "a.safetensors", backbone.unet, width)
    return FEW.model_copy(update={"adapter": str(path)})


def words(backbone: LatentDiffusion, settings: Settings, avoid: str = "") -> Plan:
    prompt = Prompt(parts=SAID, avoid=avoid, settings=settings)
    return text_plan(backbone, prompt, (1, 2))


def leant(backbone: LatentDiffusion, plan: Plan, every: Sequence[By]) -> Plan:
    pictures = [noise_picture(40, 32, seed=number) for number in range(len(every))]
    references = [
        (Reference(source="a.png", role=role, by=name), picture)
        for (role, name), picture in zip(every, pictures, strict=True)
    ]
    return leaning(backbone, plan, references)


def calls(backbone: LatentDiffusion, made: Callable[[], list[Picture]]) -> tuple[int, np.ndarray]:
    """How often the U-Net is asked, and the pictures' levels."""
    asked: list[int] = []
    handle = backbone.unet.register_forward_pre_hook(lambda *_: asked.append(1))
    try:
        pictures = made()
    finally:
        handle.remove()
    return len(asked), np.stack([np.asarray(one, dtype=int) for one in pictures])


def check(backbone: LatentDiffusion, plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    """One call a step gives what one for each reading gives, but for rounding."""
    with torch.no_grad():
        once, together = calls(backbone, lambda: run(backbone, plan))
        monkeypatch.setattr(backbone, "compute", Compute(one_by_one=True))
        often, apart = calls(backbone, lambda: run(backbone, plan))
        bare = replace(plan, wraps=(), injections=())
        _, plain = calls(backbone, lambda: run(backbone, bare))
    assert (once, often > 2 * once) == (2, True)
    assert abs(together - apart).max() <= 1
    assert (together != plain).any()


slow = pytest.mark.slow
CASES = [
    (STYLE,),
    pytest.param((ONLY,), marks=slow),
    (SUBJECT,),
    (SEEN_STYLE,),
    pytest.param((STYLE, STYLE), marks=slow),
    pytest.param((IMAGE, STYLE), marks=slow),
    pytest.param((SEEN, STYLE, ONLY, SUBJECT), marks=slow),
]


@pytest.mark.parametrize("every", CASES)
def test_pictures_are_the_same_however_readings_are_asked(
    backbone: LatentDiffusion,
    settings: Settings,
    every: Sequence[By],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Where pictures are read as prompts, what is avoided is taken out of them, which takes long.
    avoid = "hat" if len(every) > 1 or every == (SEEN_STYLE,) else ""
    plan = words(backbone, settings, avoid)
    check(backbone, leant(backbone, plan, every), monkeypatch)


@slow
def test_so_it_is_where_a_model_is_told_more_than_words(
    sdxl: LatentDiffusion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = words(sdxl, with_adapter(sdxl, tmp_path))
    check(sdxl, leant(sdxl, plan, (SEEN, STYLE, SUBJECT)), monkeypatch)


def test_so_it_is_for_a_story_with_references(
    backbone: LatentDiffusion, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pictures see one another, each its own words, and never another reading's."""
    said = ("a cat", "a dog", "a house")
    own = [
        text_plan(backbone, Prompt.of(text, settings=settings.model_copy(update={"steps": 2})), [n])
        for n, text in enumerate(said)
    ]
    plan = leant(backbone, side_by_side(own), (STYLE, SUBJECT))
    story = consistent(backbone, plan, earlier=[Referred(noise_picture(seed=9))])
    with torch.no_grad():
        _, together = calls(backbone, lambda: run(backbone, story))
        monkeypatch.setattr(backbone, "compute", Compute(one_by_one=True))
        _, apart = calls(backbone, lambda: run(backbone, story))
    assert abs(together - apart).max() <= 1


@slow
def test_so_it_is_in_a_region(
    backbone: LatentDiffusion, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    mask = Image.new("L", (32, 32))
    mask.paste(255, (0, 0, 16, 32))
    plan = leant(backbone, words(backbone, settings), (STYLE,))
    check(backbone, filling(backbone, plan, Canvas(noise_picture(), mask)), monkeypatch)
