"""The page "Methods and parameters": every method with the fields of its record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from benchmarks.pages.markdown import code, docstring, head, source, table
from lookalike.convert import converters
from lookalike.core.registry import Method, Registry
from lookalike.describe import describers
from lookalike.refer import USUAL, mechanisms
from lookalike.restyle.options import PRESETS, Restyle, options_of

HEAD = head(
    "Methods and parameters",
    "A method is a frozen record with one verb. Its fields are its options: on the "
    "command line they are flags, in Python the dictionary `options`, in a recipe what it "
    "keeps, and here a table. The parameters of prompts (`--ar`, `--sref` and the like) "
    "have [a page of their own](guides/parameters.md).",
)

KINDS: Mapping[str, tuple[Registry[Any], str]] = {
    "Describers": (
        describers,
        "From a picture to prompts: `lookalike describe PICTURE --by NAME`, "
        '`session.describe(picture, by="NAME", options={…})`.',
    ),
    "Converters": (
        converters,
        "From a picture to a prompt embedding: `lookalike convert`, `vary`, `edit`, `blend` and "
        '`learn` take `--by NAME`, `session.convert(picture, by="NAME", options={…})` too.',
    ),
    "Reference mechanisms": (
        mechanisms,
        "How a picture in a prompt bends what is made: a reference names one behind its weight, "
        "as in `--sref ink.png::1::reference-only`. Options of a mechanism stand at their usual "
        "values there; another mechanism, rather than another option, is what a prompt asks for.",
    ),
}

KINDS_IN_WORDS: Mapping[object, str] = {
    bool: "yes or no",
    int: "a whole number",
    float: "a number",
    str: "text",
}


def page() -> str:
    """The page's text."""
    kinds = [f"## {kind}\n\n{say}\n\n{_methods(reg)}" for kind, (reg, say) in KINDS.items()]
    return "\n".join([HEAD, *kinds, _restyle()])


def _methods(registry: Registry[Any]) -> str:
    added = f"Other packages add theirs by the entry point group `{registry.group}`.\n\n"
    return added + "\n".join(_method(registry.get(name)) for name in registry.names())


def _method(method: type[Method]) -> str:
    facts = [f"### {method.name}", "", method.summary, *_told(method), *_roles(method), ""]
    options = options_table(method) if method.model_fields else "It has no options."
    return "\n".join([*facts, options, "", f"In {code(source(method))}.", ""])


def _told(method: type[Method]) -> Iterator[str]:
    """The docstring, where it says more than the summary."""
    text = docstring(method)
    if " ".join(text.split()) != method.summary:
        yield from ("", text)


def _roles(method: type[Method]) -> Iterator[str]:
    roles = getattr(method, "roles", ())
    if roles:
        usual = [role for role in roles if USUAL.get(role) == method.name]
        where = f"; the usual one of {' and '.join(usual)} references" if usual else ""
        yield from ("", f"For references of role {', '.join(roles)}{where}.")


def options_table(record: type[BaseModel]) -> str:
    """A record's fields: name, what it takes, its default, its sentence."""
    rows = [
        (code(name), takes(field), default(field), field.description or "")
        for name, field in record.model_fields.items()
    ]
    return table(("option", "takes", "unless said", "what it is"), rows)


def takes(field: FieldInfo) -> str:
    """A field's kind and bounds, in words."""
    kind = field.annotation
    if get_origin(kind) is Literal:
        return ", ".join(code(each) for each in get_args(kind))
    names = [_kind(each) for each in (get_args(kind) or (kind,)) if each is not type(None)]
    return " ".join([" or ".join(dict.fromkeys(names)), *_bounds(field)])


def _kind(kind: object) -> str:
    if get_origin(kind) is Literal:
        return ", ".join(code(each) for each in get_args(kind))
    return KINDS_IN_WORDS.get(kind, str(kind))


def _bounds(field: FieldInfo) -> Iterator[str]:
    found = {
        name: _number(getattr(mark, name))
        for mark in field.metadata
        for name in ("ge", "gt", "le", "lt")
        if getattr(mark, name, None) is not None
    }
    said = {"ge": "from {}", "gt": "above {}", "le": "to {}", "lt": "below {}"}
    yield from (say.format(found[name]) for name, say in said.items() if name in found)


def _number(value: float) -> str:
    return f"{int(value):,}" if value == int(value) else f"{value:g}"


def default(field: FieldInfo) -> str:
    """What it is where nobody says, in words."""
    if field.is_required():
        return "must be said"
    value = field.get_default(call_default_factory=True)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "–" if value is None or value in ((), "") else code(value)


def _restyle() -> str:
    own = Restyle()
    changed = [
        name
        for name in Restyle.model_fields
        if any(getattr(options_of(p), name) != getattr(own, name) for p in PRESETS)
    ]
    rows = [
        (code(name), *(str(getattr(options_of(preset), name)) for preset in PRESETS))
        for name in changed
    ]
    return "\n".join(
        [
            "## Restyle",
            "",
            "`lookalike restyle CONTENT STYLE…`, `session.restyle(…, options={…})`: "
            "[a picture in the manner of another](guides/restyle.md). What a preset does not "
            "name is as in `best`.",
            "",
            options_table(Restyle),
            "",
            f"In {code(source(Restyle))}.",
            "",
            "### Presets of restyle",
            "",
            table(("option", *(code(preset) for preset in PRESETS)), rows),
            "",
        ]
    )
