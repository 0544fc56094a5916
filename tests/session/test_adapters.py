"""Adapters that a prompt names: which pictures they read, and recipes that hold them fast."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.adapters import save_adapter
from lookalike.core.errors import ModelError, OptionError, RecipeError
from lookalike.core.files import sha256
from lookalike.core.records import Settings
from lookalike.engine.references import mechanism_of
from lookalike.session import Note, Session
from lookalike.session.adapters import adapters_of, idle_adapter
from lookalike.session.job import Job
from tests.engine.tiny import noise_picture
from tests.models.tiny_checkpoints import make_clip, make_tiny

FEW = "--steps 1 --count 1 --seed 4"


@pytest.fixture(scope="module")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Session:
    """A session with a random SD 1 checkpoint of 32 pixels, which it keeps from test to test."""
    made = make_tiny("sd1")
    made.unet.register_to_config(sample_size=16)
    folder = made.save(tmp_path_factory.mktemp("models") / "tiny")
    make_clip(made).save_pretrained(folder / "clip")
    return Session(str(folder))


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An own folder with a picture and an adapter."""
    monkeypatch.setenv("LOOKALIKE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("LOOKALIKE_LIBRARY", str(tmp_path / "library"))
    monkeypatch.chdir(tmp_path)
    noise_picture().save("hero.png")
    save_adapter(Path("ip.safetensors"), make_tiny("sd1").unet, 24)
    return tmp_path


def by(warm: Session, line: str) -> list[str]:
    """The mechanisms that read the pictures of a line."""
    [prompt] = warm.prompts(line)
    return [mechanism_of(one, prompt.settings).name for one in prompt.references]


def test_a_named_adapter_reads_images_and_styles_unless_they_name_another(warm: Session) -> None:
    line = "hero.png a cat --sref ink.png me.png::1::reference-only"
    assert by(warm, line) == ["image-prompt", "style-aligned", "reference-only"]
    adapted = ["ip-adapter", "ip-adapter", "reference-only"]
    assert by(warm, f"{line} --adapter ip.safetensors") == adapted


def test_the_recipe_holds_the_adapter_and_makes_the_picture_again(
    warm: Session, here: Path
) -> None:
    made = warm.imagine(f"hero.png a cat --adapter ip.safetensors {FEW}")
    assert made.recipe.adapters == {"ip.safetensors": sha256(Path("ip.safetensors"))}
    [saved] = made.save(here)
    again = warm.again(saved)
    assert again.pictures[0].tobytes() == made.pictures[0].tobytes()
    assert again.recipe.adapters == made.recipe.adapters


def test_again_wants_the_very_adapter_and_encoder(warm: Session, here: Path) -> None:
    make_clip(make_tiny("sd1")).save_pretrained("eye")
    settings = Settings(adapter="ip.safetensors", adapter_encoder="eye", steps=1, count=1, seed=4)
    made = warm.imagine("a cat", image="hero.png", settings=settings)
    assert set(made.recipe.adapters) == {"ip.safetensors", "eye"}
    [saved] = made.save(here)
    warm.start_again(saved).close()
    kept = Path("ip.safetensors").rename("kept.safetensors")
    with pytest.raises(RecipeError, match=r"missing: there is no weight file ip\.safetensors"):
        warm.start_again(saved)
    save_adapter(Path("ip.safetensors"), make_tiny("sd1").unet, 24, seed=1)
    with pytest.raises(RecipeError, match=r"ip.safetensors has changed since .* SHA-256"):
        warm.start_again(saved)
    kept.replace("ip.safetensors")
    make_clip(make_tiny("sd1"), seed=9).save_pretrained("eye")
    with pytest.raises(RecipeError, match="eye has changed since"):
        warm.start_again(saved)


def test_an_adapter_without_weights_is_refused_before_a_model_is_loaded() -> None:
    cold = Session("no-such-model")
    with pytest.raises(OptionError, match="name a file with --adapter"):
        cold.start_imagine("hero.png::1::ip-adapter a cat")
    with pytest.raises(ModelError, match=r"no weight file nowhere\.safetensors"):
        cold.start_imagine("hero.png a cat --adapter nowhere.safetensors")


def test_an_adapter_with_nothing_to_read_is_told(warm: Session) -> None:
    for line, said in (
        ("hero.png::1::image-prompt a cat --adapter ip.safetensors", "--adapter reads"),
        ("hero.png a cat --adapter-encoder eye", "--adapter-encoder is for --adapter"),
        ("a cat --adapter ip.safetensors", "--adapter reads"),
    ):
        [prompt] = warm.prompts(line)
        [told] = idle_adapter(Job("imagine", prompt, adapters=adapters_of(prompt)))
        assert told.startswith(said)
    with pytest.warns(Note, match="--adapter reads"):
        made = warm.imagine(f"{line} {FEW}")
    assert made.recipe.adapters == {}
