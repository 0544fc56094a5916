"""A character goes out as an embedding that diffusers reads as we do, and comes in again."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from diffusers import StableDiffusionPipeline
from PIL import Image
from safetensors.torch import load_file, save_file

from lookalike.characters import drawing
from lookalike.characters.passing import export_embedding, import_character
from lookalike.core.errors import ModelError, OutputError
from lookalike.core.records import Settings
from lookalike.models.card import About, Card
from lookalike.models.latent import LatentDiffusion
from lookalike.models.named import embed_named
from lookalike.models.spec import packaged
from lookalike.models.store import Models
from tests.engine.tiny import tiny_backbone


@pytest.fixture(scope="module")
def backbone() -> LatentDiffusion:
    return tiny_backbone("sd1")


def card(space: str, *widths: int) -> Card:
    chance = torch.Generator().manual_seed(0)
    words = tuple(torch.randn(2, width, generator=chance) * 0.02 for width in widths)
    about = About(base="tiny", space=space, model_sha256="a" * 64, made="drawn", licence="CC0 1.0")
    return Card(words, None, Image.new("RGB", (8, 8)), about)


def test_diffusers_reads_an_exported_character_as_we_do(tmp_path: Path) -> None:
    path = tmp_path / "nadia.safetensors"
    text = ", red t-shirt, white background"
    with Models("cpu").use("mini") as mini:
        own = card(mini.space, 192)
        export_embedding(own, "nadia", path)
        wanted = embed_named(mini, [f"@nadia{text}"], {"nadia": own.words})
    pipeline = StableDiffusionPipeline.from_pretrained(packaged() / "mini", safety_checker=None)
    pipeline.load_textual_inversion(path)
    found, _ = pipeline.encode_prompt(f"<nadia>{text}", "cpu", 1, do_classifier_free_guidance=False)
    assert torch.allclose(found, wanted.tokens, atol=1e-4)


def test_two_encoders_are_exported_under_the_names_of_sdxl(tmp_path: Path) -> None:
    path = tmp_path / "nadia.safetensors"
    own = card("sdxl:0", 32, 64)
    export_embedding(own, "nadia", path)
    found = load_file(path)
    assert torch.equal(found["clip_l"], own.words[0])
    assert torch.equal(found["clip_g"], own.words[1])
    with pytest.raises(OutputError, match="it exists already"):
        export_embedding(own, "nadia", path)


@pytest.mark.parametrize("key", ["<nadia>", "emb_params"])
def test_an_embedding_from_elsewhere_is_a_character(
    backbone: LatentDiffusion, tmp_path: Path, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawing, "PORTRAIT", Settings(count=1, steps=1))
    own = card(backbone.space, 32)
    save_file({key: own.words[0]}, tmp_path / "nadia.safetensors")
    found = import_character(backbone, tmp_path / "nadia.safetensors")
    assert torch.equal(found.words[0], own.words[0])
    assert (found.about.made, found.place) == ("imported", None)
    assert found.portrait.size == (32, 32)


def test_a_card_is_imported_as_it_is(backbone: LatentDiffusion, tmp_path: Path) -> None:
    own = card(backbone.space, 32)
    own.save(tmp_path / "card.safetensors")
    found = import_character(backbone, tmp_path / "card.safetensors")
    assert torch.equal(found.words[0], own.words[0])
    assert found.about == own.about


def test_what_is_no_character_for_this_model_is_refused(
    backbone: LatentDiffusion, tmp_path: Path
) -> None:
    path = tmp_path / "x.safetensors"
    bad = {
        "is for another text encoder .* have 16 numbers, not 32": {"<x>": torch.zeros(2, 16)},
        "holds no character": {"a": torch.zeros(2, 32), "b": torch.zeros(2, 32)},
        "neither a card nor an embedding": {"a": torch.zeros(2, 2, 32)},
        "not finite numbers": {"a": torch.full((1, 32), torch.nan)},
        "have 32 and 64 numbers, not 32": {
            "clip_l": torch.zeros(1, 32),
            "clip_g": torch.zeros(1, 64),
        },
    }
    for said, tensors in bad.items():
        save_file(tensors, path)
        with pytest.raises(ModelError, match=said):
            import_character(backbone, path)
    card("sd1:other", 32).save(tmp_path / "other.safetensors")
    with pytest.raises(ModelError, match="@other is a character for tiny"):
        import_character(backbone, tmp_path / "other.safetensors")
