"""Reverse models from nothing, on the command line: data, training, use, and refusals."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from jaxtyping import Float
from torch import Tensor

from lookalike.models import sentences
from lookalike.reverse.manifest import Manifest, read, write
from tests.cli.conftest import Ask
from tests.cli.test_bad_input import refused

PROMPTS = ["a red cat at sea", "a blue dog", "an old wooden ship", "a green bird, oil on canvas"]
ROWS = 12
PARTS = ["train"] * 6 + ["validation"] * 3 + ["test"] * 3

RECIPE = """
words = 8
captioner = "phrases"
caption = { phrases = 1, beam = 1, options = 1 }
neighbours = { count = 2 }
kernel = { centroids = 2, gammas = [2], alphas = [1] }

[readers.clip]
kind = "clip"
hidden = 8
snapshots = 2
schedule = { steps = 4, batch = 4, rate = 1e-2, bf16 = false }
"""


class Encoder(sentences.Sentences):
    """Places a text by its letters, without a model."""

    def __init__(self) -> None:
        self.width, self.sha256 = 12, "e" * 64

    def read(self, texts: Sequence[str]) -> Float[Tensor, "texts width"]:
        counts = [[text.count(letter) + 0.1 for letter in "abcdeginorst"] for text in texts]
        return torch.nn.functional.normalize(torch.tensor(counts), dim=-1)


@pytest.fixture(autouse=True)
def small_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sentences.Sentences, "find", lambda *given, **named: Encoder())


@pytest.fixture
def recipe(own_place: Path) -> str:
    (own_place / "quick.toml").write_text(RECIPE)
    return "quick.toml"


@pytest.fixture
def data(ask: Ask, own_place: Path, tiny: str) -> Manifest:
    """A data set that `reverse make` made, its parts dealt by hand."""
    (own_place / "prompts.txt").write_text("\n".join(PROMPTS))
    line = ["reverse", "make", "--prompts", "prompts.txt", "--seeds", "3", "--steps", "1"]
    answer = ask([*line, "--model", tiny, "--out", "data"])
    assert (answer.code, answer.out) == (0, "data\n")
    made = read(own_place / "data").with_column("split", PARTS, "string")
    write(made)
    return made


@pytest.mark.slow
def test_from_prompts_to_a_model_that_describes_pictures(
    ask: Ask, data: Manifest, recipe: str, tiny: str
) -> None:
    assert len(data) == ROWS
    of = ["data", "--recipe", recipe, "--model", tiny]
    answer = ask(["reverse", "train", *of, "--out", "weights"])
    assert answer.code == 0, answer.err
    assert answer.out.endswith("weights\n")
    assert "cosine" in answer.out
    picture = str(data.paths[0])
    line = ["describe", picture, "--by", "reverse", "--weights", "weights", "--model", tiny]
    told = json.loads(ask([*line, "--json"]).out)[0]["descriptions"]
    assert len({each["text"] for each in told}) == len(told) > 1

    line = ["reverse", "ablate", *of, "--seeds", "1", "--run", "ablation", "--json"]
    (table,) = json.loads(ask(line).out)["tables"]
    assert (table["of"], table["pictures"]) == ("test", 3)
    assert {"clip", "clip + vocabulary", "ensemble"} < {row["name"] for row in table["rows"]}

    before = sorted(Path("weights").iterdir())
    refused(ask(["reverse", "train", *of, "--out", "weights"]), "weights", "exists already")
    assert sorted(Path("weights").iterdir()) == before
    Path("other.toml").write_text(RECIPE.replace("steps = 4", "steps = 5"))
    again = ["reverse", "train", "data", "--recipe", "other.toml", "--model", tiny]
    refused(ask([*again, "--out", "other"]), "training of another recipe; name another --run")
    assert not Path("other").exists()


def test_prompts_and_drawings_of_the_world_are_written(ask: Ask, own_place: Path) -> None:
    answer = ask(["reverse", "prompts", "--count", "3", "--out", "world.jsonl"])
    assert (answer.code, answer.out) == (0, "world.jsonl\n")
    assert len(Path("world.jsonl").read_text().splitlines()) == 3
    again = ask(["reverse", "prompts", "--count", "3", "--out", "world.jsonl"])
    refused(again, "world.jsonl", "exists already")
    line = ["reverse", "draw", "--count", "2", "--pixels", "16", "--out", "drawn"]
    assert ask(line).out == "drawn\n"
    assert len(read(own_place / "drawn")) == 2
    refused(ask(line), "cannot write drawn")
    refused(ask([*line[:-1], "other", "--style", "no-such"]), "there is no style no-such")


@pytest.mark.parametrize("verb", ["train", "ablate"])
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("hidden = 8", "hiden = 8"), "hiden"),
        (("words = 8", "words = 8\nshipped = ['clipp']"), "no reader of it; did you mean clip"),
        (("hidden = 8", "vocabulary = 0.0"), "none learns the vocabulary"),
        (("words = 8", "words ="), "is not valid"),
        (('kind = "clip"', 'kind = "ear"'), "kind"),
    ],
)
def test_a_recipe_that_is_none_is_refused(
    ask: Ask, own_place: Path, verb: str, change: tuple[str, str], said: str
) -> None:
    Path("bad.toml").write_text(RECIPE.replace(*change))
    out = ["--out", "weights"] if verb == "train" else []
    answer = ask(["reverse", verb, "nowhere", "--recipe", "bad.toml", *out])
    if verb == "ablate" and ("ship" in change[1] or "vocab" in change[1]):
        said = "there is no manifest at nowhere"  # which nothing is shipped of
    refused(answer, said)


@pytest.mark.parametrize("verb", ["train", "ablate"])
@pytest.mark.parametrize(
    ("parts", "said"),
    [
        (None, "`lookalike reverse split data` does that"),
        (["train"] * 9 + ["validation"] * 3, "no rows of the part test"),
        (["train", "validation", "test"] * 4, "prompts of the test part are in the training part"),
    ],
)
def test_a_data_set_that_cannot_be_learnt_from_is_refused(
    ask: Ask,
    data: Manifest,
    recipe: str,
    tiny: str,
    verb: str,
    parts: list[str] | None,
    said: str,
) -> None:
    plain = Manifest(data.folder, data.rows.drop_columns(["split"]))
    write(plain if parts is None else plain.with_column("split", parts, "string"))
    out = ["--out", "weights"] if verb == "train" else []
    refused(ask(["reverse", verb, "data", "--recipe", recipe, "--model", tiny, *out]), said)
    assert not Path("weights").exists()


def test_what_cannot_be_made_is_refused(ask: Ask, own_place: Path, tiny: str) -> None:
    Path("prompts.txt").write_text("a cat\n")
    line = ["reverse", "make", "--prompts", "prompts.txt", "--model", tiny, "--out"]
    refused(ask([*line, "prompts.txt"]), "something else is there")
    refused(ask([*line, "data", "--seed", str(2**32)]), "seed")
    refused(ask([*line, "data", "--steps", "0"]), "steps")
    refused(ask(["reverse", "make", "--prompts", "no.txt", "--out", "data"]), "no.txt")
    assert not Path("data").exists()
