"""The extra `reverse`: asked for in one line where it lacks."""

from __future__ import annotations

import pytest

from lookalike.core.errors import OptionError
from lookalike.reverse.extra import check_extra


def test_a_package_that_lacks_is_named_with_the_command_that_brings_it() -> None:
    check_extra("numpy", "counting")
    with pytest.raises(OptionError) as told:
        check_extra("no_such_package", "the vocabulary")
    assert str(told.value) == (
        'the vocabulary needs no_such_package, which is not there: pip install "lookalike[reverse]"'
    )
