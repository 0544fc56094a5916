"""What an embedding was learnt together with travels with it: kept, mixed, and never confused."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from lookalike.core.adjustment import Adjustment, summed
from lookalike.core.embedding import Embedding, join, mix
from lookalike.core.errors import OptionError


def learnt(value: float, name: str = "a.weight") -> Embedding:
    """An embedding of one row, all of it `value`, that adds ten times that to a weight."""
    added = Adjustment({name: torch.full((2, 3), 10 * value)})
    return Embedding(torch.full((1, 4, 5), value), None, "here", added)


def additions(of: Embedding) -> dict[str, float]:
    assert of.adjustment is not None
    return {name: float(each.mean()) for name, each in of.adjustment.additions.items()}


def test_an_adjustment_comes_back_from_its_file_bit_for_bit(tmp_path: Path) -> None:
    own = learnt(0.1)
    own.save(tmp_path / "a.safetensors", about={"by": "online"})
    back = Embedding.load(tmp_path / "a.safetensors")
    assert own.adjustment is not None
    assert back.adjustment is not None
    assert back.adjustment.additions.keys() == {"a.weight"}
    expected = own.adjustment.additions["a.weight"]
    assert torch.equal(back.adjustment.additions["a.weight"], expected)


def test_a_file_without_an_adjustment_gives_none(tmp_path: Path) -> None:
    Embedding(torch.ones(1, 4, 5), None, "here").save(tmp_path / "a.safetensors")
    assert Embedding.load(tmp_path / "a.safetensors").adjustment is None


def test_rows_copies_and_other_types_keep_their_adjustment() -> None:
    own = learnt(1.0)
    for one in (own.take(0), own.repeat(3), own.to("cpu", torch.float16)):
        assert one.adjustment is own.adjustment


def test_a_mix_adds_adjustments_up_by_their_shares() -> None:
    plain = Embedding(torch.zeros(1, 4, 5), None, "here")
    assert additions(mix([learnt(1.0), plain], [1, 3])) == {"a.weight": 2.5}
    both = additions(mix([learnt(1.0), learnt(2.0)], [3, 1]))
    assert both == {"a.weight": pytest.approx(12.5)}
    apart = additions(mix([learnt(1.0), learnt(2.0, "b.weight")], [1, 1]))
    assert apart == {"a.weight": pytest.approx(5.0), "b.weight": pytest.approx(10.0)}
    assert mix([plain, plain], [1, 1]).adjustment is None
    assert summed([]) is None


def test_rows_that_were_learnt_apart_are_not_joined() -> None:
    one, plain = learnt(1.0), Embedding(torch.zeros(1, 4, 5), None, "here")
    together = join([one, one.repeat(2)])
    assert (len(together), together.adjustment) == (3, one.adjustment)
    for other in (learnt(1.0), plain):
        with pytest.raises(OptionError, match="learnt apart"):
            join([one, other])
