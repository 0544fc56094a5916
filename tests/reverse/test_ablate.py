"""The ablation: which variants there are, what its tables mean, and that nothing is done twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from lookalike.core.errors import OptionError, OutputError
from lookalike.core.intervals import difference
from lookalike.describe.bank import bank_of
from lookalike.describe.reversing.readers import reader_of
from lookalike.models.latent import LatentDiffusion
from lookalike.reverse import members
from lookalike.reverse.ablate import CAPTION, FLOOR, NEIGHBOURS, Ablation, Study, ablate
from lookalike.reverse.assembling import assembled, index, shipped, trained
from lookalike.reverse.detector import detector_of
from lookalike.reverse.manifest import DataError
from lookalike.reverse.members import Bench, Doing, learnt
from lookalike.reverse.second import ENSEMBLE, FIRST, INDUCTIVE, TRANSDUCTIVE, WITH_KERNEL
from lookalike.reverse.setting import Setting, check_others, check_parts
from lookalike.reverse.training import snapshots
from lookalike.reverse.variants import variants
from lookalike.reverse.vocabulary import Vocabulary
from tests.reverse.benches import (
    WIDTH,
    WORDS,
    bench,
    random_features,
    reader_recipe,
    whole_recipe,
)
from tests.reverse.conftest import MakeManifest

STAGED = reader_recipe(curriculum=(0.5, 1.0))
RECIPE = whole_recipe(clip=STAGED, tower=reader_recipe("tower", 3, snapshots=1))
SEEDS = (0, 1)


def test_each_piece_of_the_method_has_its_variant() -> None:
    told = reader_recipe(curriculum=(0.5, 1.0))
    plain = told.model_copy(update={"vocabulary": 0.0})
    recipe = whole_recipe(
        all=told,
        words=reader_recipe(),
        stages=plain,
        none=reader_recipe(vocabulary=0.0),
    )
    found = list(variants(recipe, 7))
    assert {each.recipe.schedule.seed for each in found} == {7}
    assert [
        (each.name, bool(each.recipe.vocabulary), bool(each.recipe.curriculum), each.easy)
        for each in found
    ] == [
        ("all", False, False, None),
        ("all + vocabulary", True, False, None),
        ("all + vocabulary + curriculum", True, True, "all + vocabulary"),
        ("words", False, False, None),
        ("words + vocabulary", True, False, None),
        ("stages", False, False, None),
        ("stages + curriculum", False, True, "stages"),
        ("none", False, False, None),
    ]
    asked = {each.easy for each in found if each.easy}
    assert {each.name for each in found if each.weighing} == asked


@pytest.fixture(scope="module")
def setting(backbone: LatentDiffusion) -> Setting:
    words = tuple(f"word{place}" for place in range(WORDS))
    return Setting(bench(backbone), Vocabulary(words))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


def study(setting: Setting, home: Path) -> Study:
    return Study(setting.bench, RECIPE, SEEDS, home)


@pytest.fixture(scope="module")
def ablation(setting: Setting, home: Path) -> Ablation:
    *stages, found = ablate(study(setting, home))
    assert all(isinstance(each, Doing) for each in stages)
    assert isinstance(found, Ablation)
    return found


LEARNT = (
    "clip",
    "clip + vocabulary",
    "clip + vocabulary + curriculum",
    "tower",
    "tower + vocabulary",
)


def test_a_table_has_a_row_for_each_way(ablation: Ablation) -> None:
    (table,) = ablation.tables
    names = {row.name for row in table.rows}
    joined = {ENSEMBLE, FIRST, INDUCTIVE, TRANSDUCTIVE, WITH_KERNEL}
    assert names == {FLOOR, CAPTION, NEIGHBOURS, *LEARNT, *joined}
    assert (table.of, table.pictures, table.prompts) == ("test", 6, 3)
    assert len(ablation.chosen) == len(SEEDS)


def test_means_are_those_of_a_plain_loop(ablation: Ablation, setting: Setting, home: Path) -> None:
    asked = setting.bench.asked["test"]
    rows = {row.name: row for row in ablation.tables[0].rows}
    for name in LEARNT:
        by_seed = []
        for seed in SEEDS:
            said = load_file(home / f"seed-{seed}" / name / members.OUTPUTS)["test"]
            by_prompt: dict[str, list[float]] = {}
            for prompt, one, other in zip(asked.prompts, said, asked.targets, strict=True):
                by_prompt.setdefault(prompt, []).append(float(one @ other))
            by_seed.append(np.mean([np.mean(each) for each in by_prompt.values()]))
        assert rows[name].seeds == pytest.approx(by_seed, abs=1e-6)
        assert rows[name].cosine.mean == pytest.approx(np.mean(by_seed), abs=1e-6)


def test_seeds_and_their_mean_weigh_prompts_alike_whatever_their_pictures(
    setting: Setting, tmp_path: Path
) -> None:
    asked = setting.bench.asked["test"]
    some = {"test": asked.take(torch.tensor([0, 1, 2, 4, 5]))}
    one = Study(replace(setting.bench, asked=some), whole_recipe(), (0,), tmp_path)
    *_, found = ablate(one)
    assert isinstance(found, Ablation)
    for row in found.tables[0].rows:
        assert row.cosine.mean == pytest.approx(np.mean(row.seeds), abs=1e-9)


def test_gains_are_differences_of_the_same_prompts(
    ablation: Ablation, setting: Setting, home: Path
) -> None:
    (table,) = ablation.tables
    name = "clip + vocabulary - clip"
    assert set(table.gains) >= {name, f"{WITH_KERNEL} - {ENSEMBLE}", "tower + vocabulary - tower"}
    asked = setting.bench.asked["test"]

    def scores(of: str) -> list[float]:
        said = [load_file(home / f"seed-{s}" / of / members.OUTPUTS)["test"] for s in SEEDS]
        every = torch.stack(said) * asked.targets
        return every.sum(2).mean(0).reshape(3, 2).mean(1).tolist()

    expected = difference(scores("clip + vocabulary"), scores("clip"))
    assert expected is not None
    assert table.gains[name].mean == pytest.approx(expected.mean, abs=1e-6)
    assert table.gains[name].low == pytest.approx(expected.low, abs=1e-6)
    means = {row.name: row.cosine.mean for row in table.rows}
    for pair, gain in table.gains.items():
        one, _, other = pair.partition(" - ")
        assert gain.mean == pytest.approx(means[one] - means[other], abs=1e-6)


def test_a_finished_ablation_asked_again_trains_nothing(
    ablation: Ablation, setting: Setting, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(members, "ReaderTask", None)
    *_, again = ablate(study(setting, home))
    assert again == ablation


def outputs(bench: Bench, folder: Path, **more: object) -> Mapping[str, torch.Tensor]:
    *_, found = learnt(bench, "clip", reader_recipe(**more), folder, ["test", "train"])
    assert not isinstance(found, Doing)
    return found


def test_a_member_says_what_is_asked_and_is_asked_again_of_other_pictures(
    setting: Setting, tmp_path: Path, backbone: LatentDiffusion
) -> None:
    first = outputs(setting.bench, tmp_path)
    assert {of: len(said) for of, said in first.items()} == {"test": 6, "train": 12}
    other = replace(setting.bench, asked={"test": random_features(backbone, 4, 9)})
    again = outputs(other, tmp_path)
    assert torch.equal(again["train"], first["train"])
    assert len(again["test"]) == 4
    assert torch.equal(outputs(setting.bench, tmp_path)["test"], first["test"])


def test_a_folder_of_another_training_is_refused(
    setting: Setting, tmp_path: Path, backbone: LatentDiffusion
) -> None:
    outputs(setting.bench, tmp_path)
    with pytest.raises(OutputError, match="training of another recipe; name another --run"):
        outputs(setting.bench, tmp_path, pace=0.5)
    other = replace(setting.bench, train=setting.bench.validation)
    with pytest.raises(OutputError, match="training of another training part"):
        outputs(other, tmp_path)


def test_a_curriculum_goes_by_the_looks_of_the_run_before_it(
    ablation: Ablation, home: Path
) -> None:
    looks = snapshots(home / "seed-0" / "clip + vocabulary")
    assert [len(each.train) for each in looks] == [12, 12, 12]
    assert [len(each.train) for each in snapshots(home / "seed-0" / "clip")] == [0, 0, 0]


def test_a_set_of_one_picture_is_refused_before_anything_is_trained(
    setting: Setting, tmp_path: Path
) -> None:
    one = {"test": setting.bench.asked["test"].take(torch.tensor([0]))}
    with pytest.raises(DataError, match="test has one picture"):
        next(ablate(Study(replace(setting.bench, asked=one), RECIPE, (0,), tmp_path)))
    assert list(tmp_path.iterdir()) == []


def test_a_model_is_joined_from_the_readers_that_the_recipe_ships(
    setting: Setting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = RECIPE.model_copy(update={"shipped": ("tower", "clip")})

    def run() -> list[object]:
        work, done = trained(setting, recipe, 0, tmp_path), 0
        while True:
            try:
                next(work)
                done += 1
            except StopIteration as end:
                return [end.value, done]

    readers, steps = run()
    assert steps
    monkeypatch.setattr(members, "ReaderTask", None)
    assert run()[1] == 0
    assert isinstance(readers, list)
    assert [each.variant.reader for each in readers] == ["tower", "clip"]
    assert all(each.variant.recipe.vocabulary for each in readers)
    found = assembled(setting, recipe, readers, tmp_path, {"seed": 0})
    shares = [shape.share for shape in found.about.readers]
    assert [shape.kind for shape in found.about.readers] == ["tower", "clip"]
    assert sum(shares) == pytest.approx(1)
    assert found.lists.bank == bank_of(setting.bench.backbone, None)
    assert set(found.about.notes["validation"]) >= {"modifier_f1", "cosine"}


def test_the_index_holds_each_training_prompt_once_where_it_lies(setting: Setting) -> None:
    prompts, places = index(setting.bench)
    known = setting.bench.train.features
    assert list(prompts) == list(dict.fromkeys(known.prompts))
    assert torch.equal(places, known.targets[::2])


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("clipp",), "the recipe ships clipp, which is no reader of it; did you mean clip"),
        (("plain",), "of which none learns the vocabulary"),
    ],
)
def test_a_recipe_that_cannot_be_shipped_is_refused(names: tuple[str, ...], said: str) -> None:
    recipe = whole_recipe(clip=reader_recipe(), plain=reader_recipe(vocabulary=0.0))
    with pytest.raises(OptionError) as raised:
        shipped(recipe.model_copy(update={"shipped": names}))
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_detector_that_is_joined_of_equal_heads_finds_words_that_lie_apart(
    backbone: LatentDiffusion,
) -> None:
    drawn = torch.Generator().manual_seed(0)
    places = torch.nn.functional.normalize(torch.randn(60, WIDTH, generator=drawn), dim=-1)
    marks = places[:, :WORDS] > 0.1
    readers = [reader_of("clip", backbone, WIDTH, WORDS, {"hidden": 8}) for _ in range(2)]
    found = detector_of(readers, [0.5, 0.5], (places, marks), (places, marks))
    logits = places * WIDTH**0.5 @ found.weight.T + found.bias
    assert float(((logits > 0) == marks).float().mean()) > 0.9
    assert found.figures["modifier_f1"] > 0.8
    plain = reader_of("clip", backbone, WIDTH, 0, {"hidden": 8})
    with pytest.raises(DataError, match="no reader learnt the vocabulary"):
        detector_of([plain], [1.0], (places, marks), (places, marks))


def test_a_data_set_whose_test_part_was_seen_is_refused(manifest_with: MakeManifest) -> None:
    made = manifest_with(["a", "b", "c"])
    with pytest.raises(DataError, match="`lookalike reverse split"):
        check_parts(made)
    parts = ["train", "validation", "test"]
    check_parts(made.with_column("split", parts, "string"))
    with pytest.raises(DataError, match="no rows of the part test"):
        check_parts(made.with_column("split", ["train", "validation", "train"], "string"))
    for seen, name in ((["a", "b", "a"], "training"), (["a", "b", "b"], "validation")):
        again = manifest_with(seen).with_column("split", parts, "string")
        with pytest.raises(DataError, match=f"test part are in the {name} part too"):
            check_parts(again)
    with pytest.raises(DataError, match="another domain cannot be called train"):
        check_others({"train": made})
