"""Methods found by name: one file in a package's folder, or one entry point, adds a method."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from inspect import isabstract
from types import ModuleType
from typing import Any, ClassVar, Generic, TypeVar, get_args

from annotated_types import Ge, Gt, Le, Lt
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from lookalike.core.errors import OptionError, did_you_mean
from lookalike.core.record import Record, explain


class Method(Record):
    """Base of every method: a frozen record whose fields are its options, with one verb.

    A field needs a description, and a number needs a bound on either side: command-line flags,
    forms and documentation are read off the fields.
    """

    name: ClassVar[str] = ""
    """How users call the method, such as "closed-form"; empty on bases, which are no methods."""

    summary: ClassVar[str] = ""
    """What the method does, in one sentence."""

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        if "name" in cls.__dict__ and not cls.summary:
            raise TypeError(f"the method {cls.__name__} has no summary")
        for name, field in cls.model_fields.items():
            if not field.description:
                raise TypeError(f"the option {name} of {cls.__name__} has no description")
            if _is_number(field) and not _is_bounded(field):
                raise TypeError(f"the option {name} of {cls.__name__} lacks a bound")


M = TypeVar("M", bound=Method)


class Registry(Generic[M]):
    """The methods of one kind, looked for when one is first asked for."""

    def __init__(self, package: str, base: type[M], group: str) -> None:
        """Look in the folder of `package`, and among the entry points of `group`, for `base`."""
        self.package = package
        self.base = base
        self.group = group

    def names(self) -> list[str]:
        """The names of all methods, sorted."""
        return sorted({*self._packaged, *self._plugins})

    def get(self, name: str) -> type[M]:
        """The method of that name; `OptionError` names the nearest and all that there are."""
        if name in self._packaged and name in self._plugins:
            raise OptionError(f"the {self._kind} {name} is defined twice: here and by a plugin")
        if name in self._packaged:
            return self._packaged[name]
        if name in self._plugins:
            return self._load(self._plugins[name])
        known = self.names()
        near = did_you_mean(name, known)
        raise OptionError(f"there is no {self._kind} {name}{near} (there are: {', '.join(known)})")

    def make(self, name: str, options: Mapping[str, object]) -> M:
        """The method of that name with `options`; `OptionError` names the one that is wrong."""
        method = self.get(name)
        try:
            return method.model_validate(dict(options))
        except ValidationError as fault:
            raise OptionError(f"{name}: {explain(fault, method.model_fields)}") from fault

    @property
    def _kind(self) -> str:
        return self.base.__name__.lower()

    @cached_property
    def _packaged(self) -> dict[str, type[M]]:
        folder = importlib.import_module(self.package)
        files = sorted(entry.name for entry in pkgutil.iter_modules(folder.__path__))
        found: dict[str, type[M]] = {}
        for file in files:
            method = self._in(importlib.import_module(f"{self.package}.{file}"))
            if method is None:
                continue
            if method.name in found:
                raise TypeError(f"two files of {self.package} are called {method.name}")
            found[method.name] = method
        return found

    @cached_property
    def _plugins(self) -> dict[str, EntryPoint]:
        return {point.name: point for point in entry_points(group=self.group)}

    def _in(self, module: ModuleType) -> type[M] | None:
        """The method that a file defines; None for a base or a helper."""
        mine = [
            value
            for value in vars(module).values()
            if isinstance(value, type)
            and issubclass(value, self.base)
            and value.__module__ == module.__name__
            and value.name
            and not isabstract(value)
        ]
        if len(mine) > 1:
            raise TypeError(f"{module.__name__} defines more than one {self._kind}")
        return mine[0] if mine else None

    def _load(self, point: EntryPoint) -> type[M]:
        try:
            method = point.load()
        except Exception as fault:  # a plugin is not our code: any error may come out of it
            raise OptionError(f"the plugin {point.name} cannot be loaded: {fault}") from fault
        if not (isinstance(method, type) and issubclass(method, self.base)):
            raise OptionError(f"the plugin {point.name} ({point.value}) is no {self._kind}")
        return method


def _is_number(field: FieldInfo) -> bool:
    kinds = {field.annotation, *get_args(field.annotation)}
    return bool(kinds & {int, float})


def _is_bounded(field: FieldInfo) -> bool:
    marks: list[object] = field.metadata
    below = any(isinstance(mark, Ge | Gt) for mark in marks)
    return below and any(isinstance(mark, Le | Lt) for mark in marks)
