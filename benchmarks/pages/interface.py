"""The page "Python interface": names that others may call, from signatures and docstrings."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from benchmarks.pages.markdown import code, docstring, head, source, table
from benchmarks.pages.methods import default

HEAD = head(
    "Python interface",
    "What is on this page is meant to be called; what is not may change without a word. "
    "`import lookalike` alone loads no model library, and nothing here loads a model "
    "before it is asked for one.",
)

PUBLIC: Mapping[str, Sequence[str]] = {
    "The session": ("lookalike:Session", "lookalike.session:Run", "lookalike.session:Note"),
    "Prompts as data": (
        "lookalike.core.records:Prompt",
        "lookalike.core.records:Part",
        "lookalike.core.records:Reference",
        "lookalike.core.records:Settings",
        "lookalike.core.records:Description",
        "lookalike.core.records:Recipe",
    ),
    "The prompt language": (
        "lookalike.core.language:read",
        "lookalike.core.language:write",
        "lookalike.core.language:expand",
        "lookalike.core.language:parameters",
        "lookalike.core.presets:preset",
        "lookalike.core.presets:applied",
    ),
    "What holds tensors": (
        "lookalike.core.embedding:Embedding",
        "lookalike.core.plan:Plan",
        "lookalike.core.plan:Result",
    ),
    "Pictures and names": (
        "lookalike.core.pictures:open_picture",
        "lookalike.core.pictures:read_recipe",
        "lookalike.core.library:Library",
    ),
    "Adding methods": (
        "lookalike.core.registry:Method",
        "lookalike.core.registry:Registry",
        "lookalike.describe:Describer",
        "lookalike.convert:Converter",
        "lookalike.refer:Mechanism",
        "lookalike.refer:Referred",
    ),
    "Models": ("lookalike.models.store:Models", "lookalike.models.backbone:Backbone"),
    "Errors": (
        "lookalike.core.errors:LookalikeError",
        "lookalike.core.errors:PromptError",
        "lookalike.core.errors:OptionError",
        "lookalike.core.errors:PictureError",
        "lookalike.core.errors:ModelError",
    ),
}

ALIASES: Mapping[str, Sequence[str]] = {
    "lookalike.core.pictures": ("PictureSource",),
    "lookalike.core.records": ("Role",),
    "lookalike.core.pieces": ("By",),
    "lookalike.session.session": ("Pictures",),
    "lookalike.session.prompts": ("Given",),
    "lookalike.session.variations": ("Options", "Strength"),
}
LINE = 96
BASES = ("Record", "Method")
"""What is behind every record and every method is told once."""


def page() -> str:
    """The page's text."""
    parts = [f"## {name}\n\n" + "\n".join(map(_entry, places)) for name, places in PUBLIC.items()]
    first, *kinds = _aliases()
    return "\n".join([HEAD, *parts, first, "", *kinds, ""])


def thing_at(place: str) -> Any:
    """What stands at `module:name`."""
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)


def _entry(place: str) -> str:
    thing, (module, _, name) = thing_at(place), place.partition(":")
    lines = [f"### {name}", "", code(f"from {module} import {name}"), ""]
    if inspect.isclass(thing):
        lines += list(_class(thing))
    else:
        lines += [_signature(name, thing), "", docstring(thing), ""]
    return "\n".join([*lines, f"In {code(source(thing))}.", ""])


def _class(thing: type) -> Iterator[str]:
    yield from (docstring(thing), "")
    if issubclass(thing, BaseModel):
        rows = [
            (code(key), code(_annotation(thing, key)), default(field), field.description or "")
            for key, field in thing.model_fields.items()
        ]
        if rows:
            yield from (table(("field", "kind", "unless said", "what it is"), rows), "")
    elif "__init__" in vars(thing) and not issubclass(thing, Exception):
        yield from (_signature(thing.__name__, thing.__init__), "")
    for name, member in _members(thing):
        yield from (f"#### {thing.__name__}.{name}", "", *_member(thing, name, member), "")


def _annotation(record: type[BaseModel], field: str) -> str:
    for kind in record.__mro__:
        if field in vars(kind).get("__annotations__", {}):
            return str(vars(kind)["__annotations__"][field])
    raise LookupError(field)


def _member(thing: type, name: str, member: Any) -> Iterator[str]:
    if isinstance(member, property):
        kind = inspect.signature(member.fget).return_annotation if member.fget else ""
        yield from (f"A property, {code(kind)}.", "", docstring(member))
        return
    function = member.__func__ if isinstance(member, classmethod | staticmethod) else member
    yield from (_signature(f"{thing.__name__}.{name}", function), "", docstring(function))


def _members(thing: type) -> Iterator[tuple[str, Any]]:
    """Public methods and properties in the order of their files, those of our bases too."""
    seen: set[str] = set()
    for kind in thing.__mro__:
        ours = kind.__module__.startswith("lookalike.") and kind.__name__ not in BASES
        if kind is not thing and not ours:
            continue
        for name, member in vars(kind).items():
            public = not name.startswith("_") and name not in seen
            if public and (inspect.isfunction(member) or _is_wrapped(member)):
                seen.add(name)
                yield name, member


def _is_wrapped(member: object) -> bool:
    return isinstance(member, property | classmethod | staticmethod)


def _signature(name: str, function: Any) -> str:
    """A call, a parameter to a line where it is long."""
    signature = inspect.signature(function)
    given = [*_parameters(signature)]
    returned = _kind(signature.return_annotation)
    line = f"{name}({', '.join(given)}){returned}"
    if len(line) > LINE:
        inside = ",\n    ".join(given)
        line = f"{name}(\n    {inside},\n){returned}"
    return f"<!-- signature -->\n```python\n{line}\n```"


def _kind(annotation: object, mark: str = " -> ") -> str:
    """An annotation as it stands in the file, behind its mark."""
    if annotation is inspect.Signature.empty:
        return ""
    return f"{mark}{annotation if isinstance(annotation, str) else repr(annotation)}"


def _parameters(signature: inspect.Signature) -> Iterator[str]:
    keywords = False
    for each in signature.parameters.values():
        if each.name in ("self", "cls"):
            continue
        if each.kind is each.KEYWORD_ONLY and not keywords:
            keywords = True
            yield "*"
        stars = {each.VAR_POSITIONAL: "*", each.VAR_KEYWORD: "**"}.get(each.kind, "")
        told = f"{stars}{each.name}{_kind(each.annotation, ': ')}"
        yield told if each.default is each.empty else f"{told} = {each.default!r}"


def _aliases() -> Iterator[str]:
    """What signatures call kinds that are made of others."""
    yield "## Names of kinds\n\nThese stand in signatures for kinds that are made of others."
    for module, names in ALIASES.items():
        tree = ast.parse(Path(import_module(module).__file__ or "").read_text("utf-8"))
        for node in tree.body:
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in names:
                yield f"- `{ast.unparse(node)}`"
