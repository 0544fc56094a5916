"""The sentence encoder: the same places as its makers' own code, from wherever it is."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from lookalike.core.errors import ModelError
from lookalike.models import sentences as module
from lookalike.models.hub import fetch_sentences
from lookalike.models.sentences import HUB, Sentences
from tests.models.hub_cache import put_into_cache

LONG = " ".join(f"word{number}" for number in range(300))

PUBLISHED = {
    "a red fox in the snow, oil on canvas": (-0.0677, -0.014, 0.04534, 0.06612, 15.6458),
    "": (-0.11884, 0.0483, -0.00255, -0.01101, 13.943),
    "naïve café — 猫 🦊": (-0.03569, 0.01986, 0.04425, 0.03014, 15.494),
    LONG: (0.00304, -0.07043, -0.05078, -0.02393, 15.2244),
    "word " * 400 + "end": (-0.00812, -0.09559, -0.03867, 0.04966, 15.5525),
}
"""The first four numbers, and the sum of all sizes, by sentence-transformers 6.2.0."""


@pytest.fixture(scope="module")
def folder() -> Path:
    """The folder of the package that carries the encoder."""
    found = module._packaged()
    assert found is not None
    return found


@pytest.fixture(scope="module")
def sentences(folder: Path) -> Sentences:
    return Sentences.load(folder)


def test_texts_lie_where_sentence_transformers_puts_them(sentences: Sentences) -> None:
    found = sentences.read(list(PUBLISHED))
    told = torch.cat([found[:, :4], found.abs().sum(1, keepdim=True)], 1)
    assert torch.allclose(told, torch.tensor(list(PUBLISHED.values())), rtol=1e-5, atol=1e-5)
    assert found.norm(dim=1) == pytest.approx(1, abs=1e-6)


def test_each_text_gets_its_own_place_whatever_stands_beside_it(sentences: Sentences) -> None:
    texts = ["a cat", LONG, "a", *[f"a {n} of spades" for n in range(64)], "a cat"]
    found = sentences.read(texts)
    assert torch.equal(found[0], found[-1])
    for place in (0, 1, 2, 40):
        alone = sentences.read([texts[place]])[0]
        assert torch.allclose(found[place], alone, atol=1e-5)


def test_what_stands_behind_the_longest_text_is_not_read(sentences: Sentences) -> None:
    one, other = sentences.read([LONG + " a cat", LONG + " an elephant in Rome"])
    assert torch.equal(one, other)


def test_no_texts_have_no_places(sentences: Sentences) -> None:
    assert sentences.read([]).shape == (0, sentences.width) == (0, 384)


def test_the_hubs_copy_is_the_same_encoder_as_the_packaged_one(
    folder: Path, sentences: Sentences, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot = put_into_cache(folder, HUB)
    assert fetch_sentences(HUB) == snapshot
    monkeypatch.setattr(module, "_packaged", lambda: None)
    found = Sentences.find()
    assert found.sha256 == sentences.sha256
    assert torch.equal(found.read(["a cat"]), sentences.read(["a cat"]))


def test_where_none_is_at_hand_the_line_says_what_brings_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_packaged", lambda: None)
    with pytest.raises(ModelError, match=r'pip install "lookalike\[reverse\]"') as raised:
        Sentences.find()
    assert "\n" not in str(raised.value)


def no_bert(folder: Path) -> None:
    (folder / "config.json").write_text(json.dumps({"model_type": "gpt2"}))


def no_config(folder: Path) -> None:
    (folder / "config.json").unlink()


def pickled(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def cut(folder: Path) -> None:
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:1000])


def lacking(folder: Path) -> None:
    file = folder / "model.safetensors"
    whole = load_file(file)
    del whole["embeddings.LayerNorm.bias"]
    save_file(whole, file, metadata={"format": "pt"})


def no_tokenizer(folder: Path) -> None:
    for name in ("tokenizer.json", "vocab.txt", "tokenizer_config.json"):
        (folder / name).unlink()


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (no_bert, "holds a gpt2, not the BERT of a sentence encoder"),
        (no_config, "config.json"),
        (pickled, "holds no .safetensors weights"),
        (cut, "model.safetensors"),
        (lacking, "lacks weights that its config asks for, such as embeddings.LayerNorm.bias"),
        (no_tokenizer, "holds no tokenizer"),
    ],
)
def test_a_folder_that_holds_no_whole_encoder_is_said_in_one_line(
    small: Path, harm: Callable[[Path], None], said: str
) -> None:
    assert Sentences.find(str(small)).width == 16
    harm(small)
    with pytest.raises(ModelError) as raised:
        Sentences.find(str(small))
    assert str(small) in str(raised.value)
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.fixture
def small(folder: Path, tmp_path: Path) -> Path:
    """A random BERT of one layer with the encoder's own tokenizer."""
    from transformers import BertConfig, BertModel

    made = tmp_path / "small"
    config = BertConfig(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16
    )
    BertModel(config, add_pooling_layer=False).save_pretrained(made)
    for name in ("tokenizer.json", "vocab.txt", "tokenizer_config.json"):
        shutil.copyfile(folder / name, made / name)
    return made


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("./nowhere", "there is no sentence encoder ./nowhere: name a folder or a hub id"),
        ("nowhere", "there is no sentence encoder nowhere: name a folder or a hub id"),
        ("someone/absent", "cannot fetch someone/absent from the hub"),
    ],
)
def test_an_encoder_that_is_not_there_is_said_in_one_line(named: str, said: str) -> None:
    with pytest.raises(ModelError) as raised:
        Sentences.find(named)
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)
