"""Several prompts in one run make the pictures that each would make alone."""

from __future__ import annotations

import pytest
import torch

from lookalike.core.errors import PromptError
from lookalike.core.language import read
from lookalike.core.plan import Plan
from lookalike.engine.frames import side_by_side
from lookalike.engine.guidance import guided
from lookalike.engine.plan import text_plan
from tests.engine.tiny import tiny_backbone


@pytest.mark.parametrize("family", ["sd1", "sdxl"])
def test_each_picture_is_steered_as_if_it_were_alone(family: str) -> None:
    backbone = tiny_backbone(family)
    texts = ("a red cat::2 rain::1 --no dog", "a house::2 snow::1 --no dog")
    alone = [text_plan(backbone, read(text), [i]) for i, text in enumerate(texts)]
    level = torch.tensor(500)

    def steered(plan: Plan) -> torch.Tensor:
        with torch.no_grad():
            return guided(backbone.denoise, plan, plan.start, level)

    both = steered(side_by_side(alone))
    torch.testing.assert_close(both, torch.cat([steered(p) for p in alone]), rtol=1e-3, atol=1e-3)


def test_prompts_of_other_parts_or_weights_are_refused() -> None:
    backbone = tiny_backbone()
    plans = [text_plan(backbone, read(text), [1]) for text in ("a cat", "a cat::2 rain::1")]
    with pytest.raises(PromptError, match="number 2 has 2 and 1"):
        side_by_side(plans)
