"""Commands whose options grow with the method that is asked for: flags read off its fields."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from contextvars import ContextVar
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, get_args, get_origin

import typer
from typer.core import TyperCommand

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from lookalike.core.registry import Registry

_METHOD = "lookalike.method"
_MARK = "method_"  # before a field's name, so that no parameter of the command is hidden by it
_options: ContextVar[Mapping[str, Any]] = ContextVar("options", default=MappingProxyType({}))


class MethodCommand(TyperCommand):
    """A command with `--by METHOD`, which also takes the fields of that method as options."""

    default: ClassVar[str]

    @classmethod
    def registry(cls) -> Registry[Any]:
        """Where the methods are."""
        raise NotImplementedError

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Find the method before anything else is read, since it decides what can be read."""
        ctx.meta[_METHOD] = self.registry().get(_asked(args) or self.default)
        return super().parse_args(ctx, args)

    def get_params(self, ctx: Any) -> list[Any]:
        """The command's own parameters, then the method's fields that have other names."""
        own = super().get_params(ctx)
        taken = {name for each in own for name in each.opts}
        grown = _grown(ctx.meta[_METHOD].model_fields)
        return [*own[:-1], *(each for each in grown if each.opts[0] not in taken), *own[-1:]]

    def invoke(self, ctx: Any) -> Any:
        """Lay the method's options aside for `method_options`: the command names none of them."""
        given = {name: ctx.params.pop(name) for name in list(ctx.params) if name.startswith(_MARK)}
        options = {k.removeprefix(_MARK): v for k, v in given.items() if v is not None}
        before = _options.set(options)
        try:
            return super().invoke(ctx)
        finally:
            _options.reset(before)


class DescriberCommand(MethodCommand):
    """A command that describes pictures."""

    default = "phrases"

    @classmethod
    def registry(cls) -> Registry[Any]:
        """The describers."""
        from lookalike.describe import describers

        return describers


class ConverterCommand(MethodCommand):
    """A command that converts pictures to embeddings."""

    default = "closed-form"

    @classmethod
    def registry(cls) -> Registry[Any]:
        """The converters."""
        from lookalike.convert import converters

        return converters


class LearnerCommand(ConverterCommand):
    """A command that learns from pictures by a converter."""

    default = "online"


class RestyleCommand(MethodCommand):
    """A command that has one method alone, whose options are restyle's."""

    default = "restyle"

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Restyle's own options, whatever is asked for."""
        from lookalike.restyle.options import Restyle

        ctx.meta[_METHOD] = Restyle
        return TyperCommand.parse_args(self, ctx, args)


def method_options() -> dict[str, Any]:
    """What was given on the command line for the fields of the running command's method."""
    return dict(_options.get())


def _asked(args: Sequence[str]) -> str | None:
    """What stands behind `--by`, found without knowing the other options."""
    for place, argument in enumerate(args):
        if argument == "--":
            return None
        if argument.startswith("--by="):
            return argument.removeprefix("--by=")
        if argument == "--by" and place + 1 < len(args):
            return args[place + 1]
    return None


def _grown(fields: dict[str, FieldInfo]) -> list[Any]:
    """Options of the command line for the fields of a method."""
    parameters = [_parameter(name, field) for name, field in fields.items()]

    def sample() -> None: ...

    # Typer reads options off a function's signature and annotations; there is no other public way.
    vars(sample)["__signature__"] = inspect.Signature(parameters)
    sample.__annotations__ = {each.name: each.annotation for each in parameters}
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    app.command()(sample)
    return list(typer.main.get_command(app).params)


def _parameter(name: str, field: FieldInfo) -> inspect.Parameter:
    kind = bool if field.annotation is bool else str
    flag = name.replace("_", "-")
    option = typer.Option(
        f"--{flag}/--no-{flag}" if kind is bool else f"--{flag}",
        metavar=None if kind is bool else _metavar(field.annotation),
        help=" ".join([field.description or "", *_notes(field)]),
    )
    return inspect.Parameter(
        f"{_MARK}{name}",
        inspect.Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Annotated[kind | None, option],
    )


def _metavar(annotation: Any) -> str:
    """The choices, or the kind of what is wanted."""
    if get_origin(annotation) is Literal:
        return "|".join(map(str, get_args(annotation)))
    kinds = {annotation, *get_args(annotation)}
    return "NUMBER" if kinds & {int, float} else "TEXT"


def _notes(field: FieldInfo) -> Iterator[str]:
    """The bounds of a number, and the default where there is one, in words."""
    words = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}
    marks: list[Any] = field.metadata
    said = [
        f"{word} {getattr(mark, name):g}"
        for mark in marks
        for name, word in words.items()
        if hasattr(mark, name)
    ]
    if said:
        yield f"({', '.join(said)})"
    if field.default is not None:
        yield f" [default: {field.default}]"
