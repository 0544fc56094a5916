"""The saved library: pictures kept under names of the user's, and called by them as `@hero`."""

from __future__ import annotations

import hashlib
import os
import re
import sys
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from PIL import Image
from pydantic import Field, ValidationError

from lookalike.core.errors import (
    LookalikeError,
    OptionError,
    PictureError,
    RecipeError,
    did_you_mean,
)
from lookalike.core.files import building, read_json, remove, sha256, write_bytes, write_json
from lookalike.core.pictures import open_picture, png_bytes, read_recipe
from lookalike.core.record import Record, Text, explain
from lookalike.core.records import Recipe, Role

RECORD = "record.json"
"""The file that tells a folder of the library from any other."""

PICTURE = "picture.png"
"""The kept picture, beside its record."""

PROMPT = "prompt.safetensors"
"""What was learnt of the picture: an `Embedding`, or a character's card, beside its record."""

CHARACTERS = "characters"
"""What is said to have learnt a prompt that is a character's card."""

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Learnt(Record):
    """A prompt that was learnt of pictures, for one model."""

    by: str = Field(description="The converter that learnt it.")
    model: Text = Field(description="The name of the model that it was learnt for.")
    model_sha256: _Digest = Field(description="That model's hash.")
    pictures: int = Field(default=1, ge=1, le=1000, description="How many pictures it learnt from.")
    sha256: _Digest = Field(description="The SHA-256 of the file that holds it.")


class Kept(Record):
    """What is known of something in the library: where it comes from and what may be done with it.

    `kind` says what lies beside the record: for "picture", a PNG alone; for "prompt", also what
    was learnt of it for one model; for "character", a portrait and the character's card.
    """

    kind: Literal["picture", "prompt", "character"] = Field(
        default="picture", description="What is kept."
    )
    name: str = Field(pattern=rf"^{_NAME.pattern}$", description="What it is called, without @.")
    role: Role | None = Field(default=None, description="What it is meant for, where that is said.")
    source: Text = Field(min_length=1, description="The path or URL that it was saved from.")
    source_sha256: _Digest = Field(description="The SHA-256 of what was read there.")
    sha256: _Digest = Field(description="The SHA-256 of the file that is kept.")
    licence: Text = Field(default="", description="Under which terms it may be used, and by whom.")
    note: Text = Field(default="", description="Anything else.")
    saved: date = Field(description="The day on which it was saved.")
    learnt: Learnt | None = Field(
        default=None, description="What was learnt of it, where something was."
    )


def library_folder() -> Path:
    """Give the user's library: $LOOKALIKE_LIBRARY, or where this system keeps such things."""
    if named := os.environ.get("LOOKALIKE_LIBRARY"):
        return Path(named).expanduser()
    if sys.platform == "darwin":
        home = Path.home() / "Library" / "Application Support"
    elif sys.platform == "win32":
        home = Path(os.environ.get("LOCALAPPDATA", Path.home()))
    else:
        home = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return home / "lookalike" / "library"


def is_saved_name(source: object) -> bool:
    """Whether a source means the library: text that begins with @; a file `@a` is `./@a`."""
    return isinstance(source, str) and source.startswith("@")


def name_of(said: str) -> str:
    """A name as it is kept: without @; `OptionError` where it is none."""
    name = said.removeprefix("@")
    if _NAME.fullmatch(name):
        return name
    raise OptionError(
        f"{_shown(said)} is no name for the library: it has 1 to 40 small letters, digits and "
        f"hyphens, no hyphen first, as in @blue-hero{_file_hint(said)}"
    )


@dataclass(frozen=True)
class Library:
    """The pictures that were saved, each in a folder of its name with a record beside it."""

    folder: Path = field(default_factory=library_folder)

    def names(self) -> list[str]:
        """The names of all that is kept, sorted."""
        if not self.folder.is_dir():
            return []
        return sorted(each.name for each in self.folder.iterdir() if self._keeps(each.name))

    def get(self, name: str) -> Kept:
        """The record of `name`; `PictureError` where there is none, or it is damaged."""
        name = self._known(name)
        path = self.folder / name / RECORD
        try:
            kept = Kept.model_validate(read_json(path))
        except ValidationError as fault:
            why = explain(fault, Kept.model_fields)
            raise PictureError(f"the record of @{name} is damaged: {why}{_again(name)}") from fault
        except LookalikeError as fault:
            raise PictureError(
                f"the record of @{name} is damaged: {fault}{_again(name)}"
            ) from fault
        if kept.name != name:
            raise PictureError(f"the record of @{name} is that of @{kept.name}{_again(name)}")
        return kept

    def open(self, name: str) -> Image.Image:
        """The picture of `name`; `PictureError` where it is not as it was saved."""
        return open_picture(self.path(name))

    def path(self, name: str) -> Path:
        """The file of `name`'s picture, which is found to be as it was saved."""
        kept = self.get(name)
        path = self.folder / kept.name / PICTURE
        if not path.is_file():
            raise PictureError(f"the picture of @{kept.name} is missing{_again(kept.name)}")
        if sha256(path) != kept.sha256:
            raise PictureError(
                f"the picture of @{kept.name} was changed since it was saved: its SHA-256 is "
                f"another{_again(kept.name)}"
            )
        return path

    def save(
        self,
        name: str,
        picture: Image.Image,
        *,
        source: str,
        source_sha256: str,
        role: Role | None = None,
        licence: str = "",
        note: str = "",
        day: date | None = None,
        replace: bool = False,
        learnt: Learnt | None = None,
        prompt: bytes = b"",
    ) -> Kept:
        """Keep a picture under a name, as PNG, with its record; all of it at once or not at all.

        `source` and `source_sha256` say where it comes from and what was read there; a recipe in
        that file is kept too. `role` is what it is meant for, `day` when it is saved (today if
        None). `prompt` is the file of what was `learnt` of it. With `replace` it takes the place of
        what has that name.

        Raises:
            OptionError: the name is none, or it is taken.
            OutputError: the library cannot be written.
        """
        name, data = name_of(name), png_bytes(picture, _recipe_in(source))
        self.check_free(name, replace=replace)
        kept = Kept(
            name=name,
            role=role,
            source=source,
            source_sha256=source_sha256,
            sha256=hashlib.sha256(data).hexdigest(),
            licence=licence,
            note=note,
            saved=day or date.today(),
            kind=_kind(learnt),
            learnt=learnt,
        )
        # A folder that holds no record is not ours, and is never replaced.
        with building(self.folder / name, replace=self._keeps(name)) as folder:
            write_bytes(folder / PICTURE, data)
            if learnt is not None:
                write_bytes(folder / PROMPT, prompt)
            write_json(folder / RECORD, kept.model_dump(mode="json"))
        return kept

    def check_free(self, name: str, *, replace: bool) -> None:
        """Raise `OptionError` for a name that is none, or is taken and not to be replaced."""
        if self._keeps(name_of(name)) and not replace:
            raise OptionError(f"@{name_of(name)} is taken; choose another name, or --replace it")

    def prompt(self, name: str) -> Path | None:
        """The file of what was learnt of `name`'s picture; None where nothing was.

        Raises:
            PictureError: it is not as it was learnt.
        """
        path = self.folder / self._known(name) / PROMPT
        # A damaged record is no hindrance where nothing was learnt.
        kept = self.get(name) if path.exists() else None
        if kept is None or kept.learnt is None:
            return None
        if sha256(path) != kept.learnt.sha256:
            raise PictureError(f"what was learnt of @{kept.name} was changed since; {_anew(kept)}")
        return path

    def forget(self, name: str) -> None:
        """Remove what is kept as `name`, also where it is damaged."""
        remove(self.folder / self._known(name))

    def holding(self, digest: str, learnt: str | None = None) -> str | None:
        """The name of a kept picture whose file has that SHA-256; None if there is none.

        Of several, one of which just that was `learnt` (its file's SHA-256) goes before others.
        Records are not asked, so that a damaged one is no hindrance.
        """
        found = [n for n in self.names() if _digest(self.folder / n / PICTURE) == digest]
        like = [n for n in found if _digest(self.folder / n / PROMPT) == learnt]
        return next(iter([*like, *found]), None)

    def picture(self, name: str) -> Image.Image:
        """The picture of `name` as it lies there, whatever its record says."""
        return open_picture(self.folder / name / PICTURE)

    def _keeps(self, name: str) -> bool:
        return bool(_NAME.fullmatch(name)) and (self.folder / name / RECORD).is_file()

    def _known(self, said: str) -> str:
        name = name_of(said)
        if self._keeps(name):
            return name
        near = did_you_mean(f"@{name}", [f"@{each}" for each in self.names()])
        how = f"`lookalike save PICTURE --as {name}` saves a picture so"
        raise PictureError(f"nothing is saved as @{name}{near} ({how}){_file_hint(said)}")


def saved_file(source: str | os.PathLike[str]) -> Path:
    """The file that a path or a saved name means."""
    return Library().path(str(source)) if is_saved_name(source) else Path(source)


def _anew(kept: Kept) -> str:
    if kept.kind == "character":
        return f"`lookalike characters save NUMBER --as {kept.name} --replace` saves it anew"
    return f"`lookalike learn PICTURE --as {kept.name} --replace` learns it anew"


def _kind(learnt: Learnt | None) -> Literal["picture", "prompt", "character"]:
    if learnt is None:
        return "picture"
    return "character" if learnt.by == CHARACTERS else "prompt"


def _digest(path: Path) -> str | None:
    return sha256(path) if path.is_file() else None


def _recipe_in(source: str) -> Recipe | None:
    """The recipe that a file carries, or None: most pictures carry none."""
    try:
        return read_recipe(source) if Path(source).is_file() else None
    except RecipeError:
        return None


def _again(name: str) -> str:
    return f"; `lookalike save PICTURE --as {name} --replace` saves it anew"


def _file_hint(said: str) -> str:
    return f"; the file is ./{said}" if said.startswith("@") and os.path.exists(said) else ""


def _shown(said: str) -> str:
    return repr(said if len(said) <= 60 else said[:59] + "…")
