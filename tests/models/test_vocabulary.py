"""The tokenizer made of CLIP's merges is CLIP's tokenizer."""

from __future__ import annotations

from lookalike.models.vocabulary import clip_tokenizer


def test_texts_get_the_numbers_that_openai_gave_them() -> None:
    tokenizer = clip_tokenizer()
    assert len(tokenizer) == 49408
    # Known from the original implementation's tests and from its encoding of other scripts.
    assert tokenizer("a photo of a cat").input_ids == [49406, 320, 1125, 539, 320, 2368, 49407]
    foreign = [3306, 267, 86, 31762, 730, 568, 39121, 19277, 361, 272, 273]
    assert tokenizer("Hello, wörld's 日本 12").input_ids[1:-1] == foreign


def test_padding_is_the_end_token_or_the_one_asked_for() -> None:
    assert clip_tokenizer().pad_token_id == 49407
    assert clip_tokenizer("!").pad_token_id == 0
