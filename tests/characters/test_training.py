"""A generator learns the same whether it was stopped or not, and tells when it collapses."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest
import torch

from lookalike.characters.adversaries import Adversaries, GanTask
from lookalike.characters.names import Names, file_names
from lookalike.characters.training import settled, trained
from lookalike.core.errors import ModelError, OptionError
from lookalike.models.latent import LatentDiffusion
from lookalike.models.maker import Maker, drawn_places, load_maker, maker_of, save_maker
from tests.characters.small import names_file, small_maker, small_recipe
from tests.engine.tiny import tiny_backbone


@pytest.fixture(scope="module")
def backbone() -> LatentDiffusion:
    return tiny_backbone("sd1")


def whole(maker: Maker) -> torch.Tensor:
    words = maker.words(drawn_places(3, seed=5, z=maker.about.shape.z))
    return torch.stack([torch.cat(list(each), -1) for each in words])


def test_a_stopped_training_ends_as_an_unbroken_one(
    backbone: LatentDiffusion, tmp_path: Path
) -> None:
    unbroken = small_maker(backbone, tmp_path)
    work = trained(backbone, small_recipe(), tmp_path / "other", names_file(tmp_path))
    list(islice(work, 3))
    work.close()
    *_, again = trained(backbone, small_recipe(), tmp_path / "other", names_file(tmp_path))
    assert isinstance(again, Maker)
    assert torch.equal(whole(again), whole(unbroken))


def test_a_generator_comes_back_from_its_folder(backbone: LatentDiffusion, tmp_path: Path) -> None:
    made = small_maker(backbone, tmp_path)
    save_maker(made, tmp_path / "maker")
    found = maker_of(backbone, tmp_path / "maker")
    # Weights in another place of the memory may be multiplied in another order.
    torch.testing.assert_close(whole(found), whole(made), rtol=1e-5, atol=1e-6)
    assert found.about == made.about
    assert found.about.licence == "CC0 1.0"
    other = tiny_backbone("sd2")
    with pytest.raises(ModelError, match="this generator of characters is for tiny"):
        maker_of(other, tmp_path / "maker")
    (tmp_path / "maker" / "model.safetensors").write_bytes(b"no weights")
    with pytest.raises(ModelError, match=r"the generator in .* is damaged"):
        load_maker(tmp_path / "maker")


def test_a_settled_place_is_taken_for_a_name_and_a_good_one_stays(
    backbone: LatentDiffusion, tmp_path: Path
) -> None:
    made = small_maker(backbone, tmp_path, small_recipe(steps=40))
    z = drawn_places(6, seed=2, z=8)

    def scores(places: torch.Tensor) -> torch.Tensor:
        return made.judge(made.coordinates(places), torch.Generator())

    settled_at = made.settled(z)
    assert bool((scores(settled_at) >= scores(z) - 1e-3).all())
    assert float(scores(settled_at).mean()) > float(scores(z).mean())
    assert torch.equal(made.settled(z), settled_at)
    with torch.no_grad():
        made.judge.layers[-1].bias += 10  # by which all are taken for names
    assert torch.equal(made.settled(z), z)


def test_two_encoders_get_words_of_their_own(tmp_path: Path) -> None:
    backbone = tiny_backbone("sdxl")
    made = small_maker(backbone, tmp_path)
    [words] = made.words(drawn_places(1, seed=0, z=8))
    assert [tuple(each.shape) for each in words] == [(2, 32), (2, 64)]


def test_the_statistics_of_characters_are_those_of_the_names(
    backbone: LatentDiffusion, tmp_path: Path
) -> None:
    made = small_maker(backbone, tmp_path)
    found = made.coordinates(drawn_places(4096, seed=3, z=8))
    assert torch.allclose(found.mean(0), torch.zeros(found.shape[1]), atol=0.1)
    assert torch.allclose(found.std(0), torch.ones(found.shape[1]), atol=0.1)
    assert torch.allclose(made.names.mean(0), torch.zeros(found.shape[1]), atol=1e-3)


def test_the_names_lie_at_their_coordinates(backbone: LatentDiffusion, tmp_path: Path) -> None:
    names = file_names(backbone, names_file(tmp_path))
    mean, directions = names.directions(1.0)
    found = names.coordinates(mean, directions)
    assert torch.allclose(found @ directions + mean, names.rows, atol=1e-4)
    assert torch.allclose(found.std(0)[:-1], torch.ones(found.shape[1] - 1), atol=1e-3)


def test_characters_that_are_all_alike_are_told(backbone: LatentDiffusion, tmp_path: Path) -> None:
    names = file_names(backbone, names_file(tmp_path))
    task = GanTask(backbone, names, 0.999, small_recipe().gan)
    settled(task.module.generator)
    assert task.spread() > 0.5
    with torch.no_grad():
        task.module.generator.out.weight.zero_()
    assert task.spread() == pytest.approx(0, abs=1e-6)


def test_consistency_is_the_mean_over_all_characters(
    backbone: LatentDiffusion, tmp_path: Path
) -> None:
    names = file_names(backbone, names_file(tmp_path))
    task = GanTask(backbone, names, 0.999, small_recipe(shared=3).gan)
    made = torch.randn(3, task.names.shape[1], generator=torch.Generator().manual_seed(0))

    def alone(row: int) -> float:
        return float(task._inconsistency(made[row : row + 1], torch.Generator().manual_seed(7)))

    together = float(task._inconsistency(made, torch.Generator().manual_seed(7)))
    assert together == pytest.approx(sum(map(alone, range(3))) / 3, rel=1e-4)
    assert together > 0


def test_each_network_learns_in_its_own_steps(backbone: LatentDiffusion, tmp_path: Path) -> None:
    names = file_names(backbone, names_file(tmp_path))
    task = GanTask(backbone, names, 0.999, small_recipe().gan)
    for step, learns, rests in (
        (0, "discriminator", "generator"),
        (1, "generator", "discriminator"),
    ):
        task.module.zero_grad(set_to_none=True)
        task.loss(step)[0].backward()
        grown = {n: p.grad is not None for n, p in task.module.named_parameters()}
        assert all(moved for name, moved in grown.items() if name.startswith(learns))
        assert not any(moved for name, moved in grown.items() if name.startswith(rests))


def test_too_few_names_are_refused(backbone: LatentDiffusion, tmp_path: Path) -> None:
    path = tmp_path / "few.txt"
    path.write_text("anna king\nbob\nqzxwvkj hill\n", encoding="utf-8")
    with pytest.raises(OptionError, match="holds 1 names of two words that are one token each"):
        file_names(backbone, path)
    with pytest.raises(OptionError, match="name one with --names"):
        next(trained(backbone, small_recipe(), tmp_path / "run"))


def test_a_run_of_other_names_is_refused(backbone: LatentDiffusion, tmp_path: Path) -> None:
    small_maker(backbone, tmp_path)
    rows = file_names(backbone, names_file(tmp_path))
    other = Names(rows.rows + 1, rows.widths)
    assert other.sha256 != rows.sha256
    names_file(tmp_path).write_text(
        "\n".join(reversed(names_file(tmp_path).read_text().splitlines())), encoding="utf-8"
    )
    work = trained(backbone, small_recipe(), tmp_path / "run", tmp_path / "names.txt")
    with pytest.raises(ModelError, match="made by another recipe"):
        next(work)
    assert isinstance(Adversaries(small_recipe().gan, 4), torch.nn.Module)
