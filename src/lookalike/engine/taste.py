"""What the product's own look comes to on open models: words of a version, weighed by `--stylize`.

A version's model is not ours to run. What can be had of its manner are a few words, which are
read as one more part of the prompt. Where no version is named, nothing is added.
"""

from __future__ import annotations

from lookalike.core.records import Part, Settings

HOUSE = {
    "4": "digital art, dramatic light",
    "5": "highly detailed photograph, natural light",
    "5.1": "highly detailed, dramatic light",
    "5.2": "highly detailed, sharp, dramatic light",
    "6": "highly detailed, balanced composition, soft light",
    "6.1": "highly detailed, balanced composition, soft light",
    "7": "highly detailed, rich textures, balanced composition",
    "niji 5": "anime illustration, vivid colours",
    "niji 6": "anime illustration, clean lines, vivid colours",
}
"""Our words for what each version's pictures look like."""

USUAL = 100
"""The stylize of prompts that say nothing of it."""

VARIANTS = {"cute": "cute", "expressive": "expressive, dramatic", "scenic": "scenic background"}
"""Our words for the variants of niji 5."""


def taste(settings: Settings) -> Part | None:
    """The part that a version adds; its weight, against the words' 1, is a thousandth of stylize.

    None without a version, with `--style raw`, and where stylize is 0.
    """
    words = HOUSE.get(settings.profile or "")
    if not words or settings.style == "raw" or settings.stylize == 0:
        return None
    variant = VARIANTS.get(settings.style or "")
    text = f"{words}, {variant}" if variant else words
    return Part(text=text, weight=settings.stylize / 1000)


def idle(settings: Settings) -> list[str]:
    """A line for each setting that is valid and changes nothing here."""
    found: list[str] = []
    if settings.weird:
        found.append("--weird has no meaning on open models; it changes nothing")
    if settings.profile is None and settings.stylize != USUAL:
        found.append("--stylize weighs what --v or --niji adds; without either it changes nothing")
    if settings.style in ("4a", "4b", "4c", "original"):
        found.append(f"--style {settings.style} has no meaning on open models; it changes nothing")
    return found
