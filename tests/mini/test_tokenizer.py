"""Mini's tokenizer: every text has tokens, and the end token ends and pads."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import CLIPTokenizer

from lookalike.mini.clip import tokens
from lookalike.mini.tokenizer import END, LENGTH, START
from lookalike.world.caption import caption
from lookalike.world.look import draw
from tests.mini.conftest import Place

ODD = [
    "",
    " ",
    "a  cat\n",
    "ÄÖÜ ß",
    "日本語 テキスト",
    "🦊🎨",
    "a\u0301",
    "I'm here, it's 1999!",
    "\x00",
]


def bare(text: str) -> str:
    """A text as CLIP reads it: composed, in lower case, and its spaces counted for nothing."""
    return "".join(unicodedata.normalize("NFC", text).lower().split())


def assert_comes_back(tokenizer: CLIPTokenizer, text: str) -> None:
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    assert all(0 <= number < tokenizer.eos_token_id for number in ids)
    assert "".join(tokenizer.decode(ids).split()) == bare(text)


@pytest.mark.parametrize("text", ODD)
def test_odd_texts_come_back_from_their_tokens(tokenizer: CLIPTokenizer, text: str) -> None:
    assert_comes_back(tokenizer, text)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc", "Cn", "Zs", "Zl", "Zp"])))
@settings(max_examples=100, deadline=None)
def test_any_text_comes_back_from_its_tokens(tokenizer: CLIPTokenizer, text: str) -> None:
    assert_comes_back(tokenizer, text)


def test_the_end_token_has_the_highest_number_and_pads(tokenizer: CLIPTokenizer) -> None:
    assert tokenizer.convert_tokens_to_ids(END) == len(tokenizer) - 1
    assert tokenizer.convert_tokens_to_ids(START) == len(tokenizer) - 2
    ids = tokens(tokenizer, ["a cat", "word " * 200])
    assert ids.shape == (2, LENGTH)
    end = ids[0].tolist().index(len(tokenizer) - 1)
    assert set(ids[0, end:].tolist()) == {len(tokenizer) - 1}
    assert ids[:, 0].tolist() == [len(tokenizer) - 2] * 2
    assert int(ids[1, -1]) == len(tokenizer) - 1
    assert len(tokenizer) - 1 not in ids[1, :-1]


def test_the_vocabulary_has_the_size_of_the_recipe(tokenizer: CLIPTokenizer, place: Place) -> None:
    # The pieces that end a word come in both forms, whether or not they were learnt.
    assert 512 < len(tokenizer) <= place.recipe.clip.vocabulary + 256


def test_captions_take_far_fewer_tokens_than_there_are(tokenizer: CLIPTokenizer) -> None:
    lengths = [len(tokenizer(caption(draw(seed)))["input_ids"]) for seed in range(60)]
    assert max(lengths) < LENGTH


def test_the_two_files_of_older_libraries_hold_the_same_tokenizer(
    tokenizer: CLIPTokenizer, place: Place, tmp_path: Path
) -> None:
    for name in ("vocab.json", "merges.txt"):
        (tmp_path / name).write_bytes((place.run / "tokenizer" / name).read_bytes())
    older = CLIPTokenizer.from_pretrained(tmp_path)
    for text in ["a person with hot pink mohawk hair, micah style", "日本 🦊 1999"]:
        assert older(text)["input_ids"] == tokenizer(text)["input_ids"]
