"""A small generator of characters for a small random checkpoint."""

from __future__ import annotations

from pathlib import Path

from lookalike.characters.recipe import CharactersRecipe
from lookalike.characters.training import trained
from lookalike.models.backbone import Backbone
from lookalike.models.maker import Maker

FIRST = "anna bob carl dora emma fred gina hugo iris jack kate liam mary nora otto paul rosa sam"
LAST = "king hill wood stone brook field moon rose wolf fox bell page lake frost snow day west hall"


def names_file(folder: Path) -> Path:
    """Names of two words of one token each."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "names.txt"
    pairs = zip(FIRST.split(), LAST.split(), strict=True)
    path.write_text("\n".join(f"{a} {b}" for a, b in pairs) + "\n", encoding="utf-8")
    return path


def small_recipe(steps: int = 6, **gan: object) -> CharactersRecipe:
    """A recipe for names in a file that is done in a moment."""
    schedule = {"steps": steps, "batch": 4, "rate": 1e-3, "warmup": 0, "bf16": False, "ema": 0.9}
    return CharactersRecipe.model_validate(
        {
            "names": {"source": "file"},
            "portrait": "@it, a portrait",
            "licence": "CC0 1.0",
            "gan": {
                "schedule": schedule,
                "generator": {"z": 8, "hidden": 16, "layers": 2},
                "hidden": 16,
                "shared": 2,
                "templates": ["@it", "a photo of @it, smiling", "the @it"],
                **gan,
            },
        }
    )


def small_maker(backbone: Backbone, folder: Path, recipe: CharactersRecipe | None = None) -> Maker:
    """A generator, trained for a few steps."""
    work = trained(backbone, recipe or small_recipe(), folder / "run", names_file(folder))
    *_, last = work
    assert isinstance(last, Maker)
    return last
