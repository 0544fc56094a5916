"""What every method promises of its options, whatever it does."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from annotated_types import Ge, Gt, Le, Lt

from lookalike.core.errors import OptionError
from lookalike.core.registry import Method, Registry


def assert_options_are_described(method: type[Method]) -> None:
    """Every option has a sentence, every number bounds on both sides, and a default."""
    for name, field in method.model_fields.items():
        assert field.description, name
        assert field.description.strip().endswith("."), name
        assert not field.is_required(), name
        if {int, float} & {field.annotation, *get_args(field.annotation)}:
            marks = field.metadata
            assert any(isinstance(mark, Ge | Gt) for mark in marks), name
            assert any(isinstance(mark, Le | Lt) for mark in marks), name


def assert_it_says_what_it_does(name: str, method: type[Method]) -> None:
    """A name that users can type, a sentence for lists, a docstring for the documentation."""
    assert method.name == name
    assert name == name.lower().replace("_", "-").strip()
    assert method.summary.endswith(".")
    assert "\n" not in method.summary
    assert method.__doc__


def assert_wrong_options_are_refused(registry: Registry[Any], name: str) -> None:
    """An option that there is not, and one of a wrong kind, are one line each."""
    wrong: list[dict[str, object]] = [{"no_such_option": 1}]
    wrong += [{option: object()} for option in registry.get(name).model_fields]
    for options in wrong:
        with pytest.raises(OptionError) as raised:
            registry.make(name, options)
        assert "\n" not in str(raised.value)
        assert next(iter(options)) in str(raised.value)


def assert_an_unknown_name_is_refused(registry: Registry[Any]) -> None:
    """A name that is nearly right is refused with the right one."""
    (name, *_) = registry.names()
    with pytest.raises(OptionError, match=f"did you mean {name}") as raised:
        registry.get(f"{name}x")
    assert "\n" not in str(raised.value)
