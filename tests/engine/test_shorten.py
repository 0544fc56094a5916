"""Which words matter: the measure agrees with its formula, and the offers with the measure."""

from __future__ import annotations

import pytest
import torch

from lookalike.core.errors import OptionError, PromptError
from lookalike.core.language import read
from lookalike.core.pieces import By
from lookalike.core.records import Part, Prompt
from lookalike.engine import shorten as module
from lookalike.engine.guidance import guided
from lookalike.engine.plan import noise, text_plan
from lookalike.engine.run import Progress
from lookalike.engine.shorten import Shortened, effect, shorten
from lookalike.models.latent import LatentDiffusion
from tests.engine.tiny import tiny_backbone


def done(backbone: LatentDiffusion, text: str, levels: int = 1, by: By = "words") -> Shortened:
    return watched(backbone, text, levels, by)[1]


def watched(
    backbone: LatentDiffusion, text: str, levels: int, by: By
) -> tuple[list[Progress], Shortened]:
    work = shorten(backbone, read(text), by=by, levels=levels)
    seen = []
    while True:
        try:
            seen.append(next(work))
        except StopIteration as end:
            return seen, end.value


@pytest.mark.parametrize("text", ["a red cat", "a red cat::2 rain::-0.5", "a cat::3"])
def test_an_effect_is_what_guidance_makes_stronger(backbone: LatentDiffusion, text: str) -> None:
    prompt = read(f"{text} --guidance 1")
    plan = text_plan(backbone, prompt, (1, 2))
    level = torch.tensor(700)
    with torch.no_grad():
        seen = {
            part.text: backbone.denoise(plan.start, level, one.embedding)
            for part, one in zip(prompt.parts, plan.conditionings, strict=True)
        }
        bare = backbone.denoise(plan.start, level, plan.unconditional)
        steered = guided(backbone.denoise, plan, plan.start, level)
    found = effect({"": bare, **seen}, prompt.parts)
    torch.testing.assert_close(found, steered - bare, rtol=1e-4, atol=1e-5)


def test_a_share_is_the_change_of_the_effect_by_hand(backbone: LatentDiffusion) -> None:
    x = noise(backbone, (0, 1), (32, 32))
    level = backbone.scheduler(1).timesteps[0]
    with torch.no_grad():
        texts = ("red cat", "cat", "red")
        both, cat, red = (backbone.denoise(x, level, backbone.embed([t])) for t in texts)
        bare = backbone.denoise(x, level, backbone.unconditional())
    whole = (both - bare).flatten(1).norm(dim=1)
    by_hand = [float(((both - left).flatten(1).norm(dim=1) / whole).mean()) for left in (cat, red)]
    found = done(backbone, "red cat")
    assert [each.share for each in found.pieces] == pytest.approx(by_hand, rel=1e-3)


def test_without_its_only_word_all_of_the_effect_is_gone(backbone: LatentDiffusion) -> None:
    found = done(backbone, "cat")
    assert [each.share for each in found.pieces] == pytest.approx([1.0])
    assert found.prompts == ()


def test_words_that_the_model_does_not_read_count_for_nothing(backbone: LatentDiffusion) -> None:
    words = f"a cat, {'rain ' * 90}, dog"
    assert backbone.cut(words).endswith("dog")
    cat, _, dog = done(backbone, words, by="phrases").pieces
    assert dog.share < 1e-4 < 1e-2 < cat.share


def test_the_same_prompt_is_measured_the_same_again(backbone: LatentDiffusion) -> None:
    assert done(backbone, "a red cat, rain", 2) == done(backbone, "a red cat, rain", 2)


def test_texts_are_read_in_batches_without_a_difference(
    backbone: LatentDiffusion, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = [each.share for each in done(backbone, "a red cat, rain").pieces]
    monkeypatch.setattr(module, "_BATCH", 2)
    one_by_one = [each.share for each in done(backbone, "a red cat, rain").pieces]
    assert one_by_one == pytest.approx(at_once, rel=1e-3)


def test_every_level_is_told_twice_and_ends_with_a_picture(backbone: LatentDiffusion) -> None:
    seen, _ = watched(backbone, "a red cat --ar 2:1", 3, "words")
    assert [(one.step, one.of) for one in seen] == [(n + 1, 6) for n in range(6)]
    assert {one.preview.shape for one in seen} == {(2, 4, 12, 22)}


def test_shorter_prompts_keep_parameters_and_most_of_the_effect(backbone: LatentDiffusion) -> None:
    text = "one two three four, five six seven eight --ar 3:2 --seed 5 --cref a.png"
    found = done(backbone, text)
    assert 1 <= len(found.prompts) <= module.OFFERED
    whole, counts = read(text), []
    for each in found.prompts:
        said = read(each.text)
        assert (said.settings, said.references) == (whole.settings, whole.references)
        left = [p.text for n, p in enumerate(found.pieces) if n not in each.dropped]
        assert said.text.replace(",", "").split() == left
        assert module.ENOUGH <= each.keeps <= 1
        strongest_gone = max(found.pieces[n].share for n in each.dropped)
        assert all(
            p.share >= strongest_gone for n, p in enumerate(found.pieces) if n not in each.dropped
        )
        counts.append(len(each.dropped))
    assert counts == sorted(set(counts))


def test_phrases_are_left_out_whole(backbone: LatentDiffusion) -> None:
    found = done(backbone, "a red cat, in the rain, at night", by="phrases")
    assert [each.text for each in found.pieces] == ["a red cat", "in the rain", "at night"]


def test_sdxl_and_its_second_vector_are_measured_too() -> None:
    found = done(tiny_backbone("sdxl"), "a red cat")
    assert all(each.share > 0 for each in found.pieces)


def test_what_cannot_be_measured_is_refused(backbone: LatentDiffusion) -> None:
    with pytest.raises(PromptError, match="no words"):
        done(backbone, "a.png b.png")
    with pytest.raises(OptionError, match="1 to 50 noise levels, not 0"):
        done(backbone, "a cat", levels=0)
    with pytest.raises(OptionError, match="101 words"):
        done(backbone, "cat " * 101)


def test_a_prompt_left_with_less_than_no_weight_is_not_offered(backbone: LatentDiffusion) -> None:
    parts = (Part(text="cat", weight=1.0), Part(text="rain", weight=-0.9))
    offers = module._offered(Prompt(parts=parts), [(1,), (0,)], [parts[:1], parts[1:]], [0.1, 0.1])
    assert [each.text for each in offers] == ["cat"]
