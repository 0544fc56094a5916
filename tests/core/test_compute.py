"""How a model is run, said in one line."""

from __future__ import annotations

import pytest

from lookalike.core.compute import Compute
from lookalike.core.errors import OptionError


def test_words_are_read_as_what_they_stand_for() -> None:
    read = Compute.read("bfloat16, channels-last,unipc,lora=a b.safetensors,lora-weight=0.5")
    assert read == Compute(
        dtype="bfloat16",
        channels_last=True,
        sampler="unipc",
        lora="a b.safetensors",
        lora_weight=0.5,
    )


def test_nothing_said_leaves_everything_off() -> None:
    assert Compute.read(" ") == Compute()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("compil", "knows no compil; did you mean compile"),
        ("lora-weight=much", "lora_weight = 'much': it should be a valid number"),
        ("lora-weight=9", "lora_weight = '9': it should be less than or equal to 4"),
        ("speed=9", "there is no option speed"),
        ("bfloat16,float16", "dtype is said twice"),
    ],
)
def test_a_wrong_word_is_refused_in_one_line(line: str, said: str) -> None:
    with pytest.raises(OptionError, match=said) as fault:
        Compute.read(line)
    assert "\n" not in str(fault.value)
