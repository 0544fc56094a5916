"""Recipes of trainings: TOML files in the package by name, or of the user's own by path."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from lookalike.core.errors import OptionError, did_you_mean
from lookalike.core.files import reason
from lookalike.core.record import explain

R = TypeVar("R", bound=BaseModel)

FOLDER = "recipes"
"""Where a room keeps its recipes."""


def shipped(room: str) -> list[str]:
    """Names of the recipes of a room, such as `lookalike.mini`."""
    folder = files(room).joinpath(FOLDER)
    return sorted(f.name[:-5] for f in folder.iterdir() if f.name.endswith(".toml"))


def recipe_of(kind: type[R], room: str, name: str) -> R:
    """The recipe of that name in a room, or in a .toml file of that path.

    Raises:
        OptionError: there is no such recipe, or it has a wrong or unknown entry.
    """
    try:
        text = _text(room, name)
        return kind.model_validate(tomllib.loads(text))
    except FileNotFoundError as fault:
        known = shipped(room)
        raise OptionError(
            f"there is no recipe {name!r}{did_you_mean(name, known)}; "
            f"there are {', '.join(known)}, or name a .toml file"
        ) from fault
    except OSError as fault:
        raise OptionError(f"the recipe {name} cannot be read: {reason(fault)}") from fault
    except UnicodeDecodeError as fault:
        raise OptionError(f"the recipe {name} is not readable text in UTF-8") from fault
    except tomllib.TOMLDecodeError as fault:
        raise OptionError(f"the recipe {name} is not valid: {fault}") from fault
    except ValidationError as fault:
        raise OptionError(f"the recipe {name}: {explain(fault, kind.model_fields)}") from fault


def _text(room: str, name: str) -> str:
    if name in shipped(room):
        return files(room).joinpath(FOLDER, f"{name}.toml").read_text("utf-8")
    return Path(name).read_text("utf-8")
