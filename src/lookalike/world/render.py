"""Looks as pictures: DiceBear draws them, resvg rasterises them."""

from __future__ import annotations

import io
import json
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from lookalike.world.look import Look, generator
from lookalike.world.style import Attribute, Style, style_of

if TYPE_CHECKING:
    from PIL.Image import Image


@cache
def _drawn(style: str) -> Any:
    from dicebear import Style as Drawn

    return Drawn(json.loads(files("dicebear_styles").joinpath(f"{style}.json").read_text("utf-8")))


def _component(component: str, variant: str) -> dict[str, Any]:
    if not variant:
        return {f"{component}Probability": 0}
    return {f"{component}Variant": variant, f"{component}Probability": 100}


def _shade(colour: str, factor: float) -> str:
    """A lighter (factor above 1) or darker colour: towards white, or towards black."""
    channels = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    if factor > 1:
        mixed = [c + (255 - c) * (factor - 1) for c in channels]
    else:
        mixed = [c * factor for c in channels]
    return "#" + "".join(f"{min(255, round(c)):02x}" for c in mixed)


def _attribute(attribute: Attribute, value: str) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for component, variant in attribute.words.get(value, {}).items():
        options |= _component(component, variant)
    for slot, factor in attribute.paint.items():
        options[f"{slot}Color"] = _shade(attribute.palette[value], factor)
    return options


def options(of: Look) -> dict[str, Any]:
    """DiceBear's options that draw a look; what cannot be seen is fixed, never left to chance."""
    style: Style = style_of(of.style)
    found: dict[str, Any] = {"seed": str(of.seed), **style.options}
    chance = generator("nuisance", *of.of("identity").items())
    for component, variants in style.nuisance.items():
        found |= _component(component, chance.choice(variants))
    for name, value in of.attributes:
        attribute = style.attribute(name)
        assert attribute is not None  # looks hold only what their style has
        found |= _attribute(attribute, value)
    for attribute in style.attributes:
        if of.get(attribute.name) is None:
            found = _attribute(attribute, attribute.values[0]) | found
    return found


def _rasterise(svg: str, pixels: int) -> Image:
    import resvg_py
    from PIL import Image

    png = resvg_py.svg_to_bytes(svg_string=svg, width=pixels, height=pixels, skip_system_fonts=True)
    return Image.open(io.BytesIO(bytes(png))).convert("RGB")


def render(of: Look, pixels: int = 64) -> Image:
    """The picture of a look: RGB, `pixels` on each side."""
    from dicebear import Avatar

    return _rasterise(Avatar(_drawn(of.style), options(of)).to_string(), pixels)
