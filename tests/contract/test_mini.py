"""The model in the package keeps the promises that are made of it."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import pytest
import torch

import lookalike
from lookalike.core.records import Prompt, Settings
from lookalike.engine.plan import text_plan
from lookalike.engine.run import run
from lookalike.engine.shorten import shorten
from lookalike.models.backbone import Backbone
from lookalike.models.catalogue import known, resolve
from lookalike.models.quiet import quiet
from lookalike.world.style import FOREIGN, styles

FOLDER = Path(lookalike.__file__).parent / "weights" / "mini"
TEXT = "a person with tan skin, black short hair, red t-shirt, micah style"


def test_stock_diffusers_makes_a_picture_of_a_prompt() -> None:
    from diffusers import StableDiffusionPipeline

    with warnings.catch_warnings(), quiet():
        warnings.simplefilter("ignore")  # of other people's libraries
        pipeline = StableDiffusionPipeline.from_pretrained(FOLDER, safety_checker=None)
        pipeline.set_progress_bar_config(disable=True)
        made = pipeline(TEXT, num_inference_steps=2, generator=torch.Generator().manual_seed(0))
    (picture,) = made.images
    assert picture.width == picture.height >= 64


def test_stock_transformers_loads_clip_from_its_folder(mini: Backbone) -> None:
    from transformers import CLIPModel

    with quiet():
        clip = CLIPModel.from_pretrained(FOLDER / "clip")
    assert clip.text_projection.weight.shape[0] == clip.text_projection.weight.shape[1]
    torch.testing.assert_close(
        clip.text_projection.weight.float(), mini.clip.text_projection, rtol=0, atol=0
    )


def test_mini_is_small_and_in_pieces_of_fifteen_megabytes() -> None:
    files = [path.stat().st_size for path in FOLDER.rglob("*") if path.is_file()]
    assert sum(files) < 64 * 2**20
    assert max(files) <= 16 * 10**6


def test_nothing_in_mini_is_a_pickle() -> None:
    kinds = {path.suffix for path in FOLDER.rglob("*") if path.is_file()}
    assert kinds <= {".safetensors", ".json", ".txt", ".md"}


def test_the_catalogue_knows_mini_its_licence_and_its_hash(mini: Backbone) -> None:
    (spec,) = [one for one in known() if one.name == "mini"]
    assert spec.licence == "Apache-2.0"
    assert spec.family == mini.family == "sd1"
    assert spec.sha256 == mini.sha256
    assert resolve("mini").source == "packaged:mini"


def test_mini_names_every_style_it_learnt_from_and_no_foreign_one() -> None:
    about = json.loads((FOLDER / "model.json").read_text("utf-8"))
    assert about["trained_on"].keys() == styles().keys()
    assert not about["trained_on"].keys() & set(FOREIGN)


@pytest.mark.parametrize("text", [TEXT, "日本語 🦊", "word " * 300])
def test_mini_reads_any_text(mini: Backbone, text: str) -> None:
    embedding = mini.embed([text])
    assert embedding.tokens.shape == (1, 77, mini.width)
    assert bool(embedding.tokens.isfinite().all())


def test_minis_same_seed_gives_the_same_picture(mini: Backbone) -> None:
    prompt = Prompt.of(TEXT, settings=Settings(steps=2))
    first, second = (run(mini, text_plan(mini, prompt, [3]))[0] for _ in range(2))
    assert first.tobytes() == second.tobytes()


def test_shortening_finds_the_words_that_say_what_is_seen(mini: Backbone) -> None:
    text = "a person with brown skin, blue short hair, micah style and lovely"
    work = shorten(mini, Prompt.of(text), levels=1)
    try:
        while True:
            next(work)
    except StopIteration as end:
        found = end.value
    shares = {each.text: each.share for each in found.pieces}
    ranked = sorted(shares, key=lambda word: shares[word])
    assert {"a", "person", "with", "style"} <= set(ranked[:5])
    assert {"micah", "blue", "short"} <= set(ranked[-5:])
    assert "brown" in ranked[6:]
