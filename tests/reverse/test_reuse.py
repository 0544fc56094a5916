"""Re-use: a curve over shares that starts at the plain model, which stays as it was."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from lookalike.core.errors import ModelError, OptionError
from lookalike.core.records import Settings
from lookalike.describe.reversing.readers import White
from lookalike.engine.rows import sampled
from lookalike.models.halves import FirstHalf
from lookalike.models.latent import LatentDiffusion
from lookalike.models.probe import Probe, ProbeNet
from lookalike.reverse.manifest import DataError, manifest_of
from lookalike.reverse.prompts import Asked, truth_of, world_prompts
from lookalike.reverse.recipe import read_recipe
from lookalike.reverse.reuse import SEED, Curve, Shown, reuse
from lookalike.reverse.reused import held_out, probe_for, read_half, trained
from lookalike.world.caption import caption
from lookalike.world.look import foreign_looks, look
from lookalike.world.style import values
from tests.engine.tiny import backbone, one_thread, own_cache

__all__ = ["backbone", "one_thread", "own_cache"]

SETTINGS = Settings(steps=2, guidance=2)
ASKED = [*islice(world_prompts("test", 3), 3), Asked("an old ship")]


@pytest.fixture
def half(backbone: LatentDiffusion) -> FirstHalf:
    """A half whose weights lie elsewhere."""
    made = FirstHalf(backbone.unet).requires_grad_(False)
    chance = torch.Generator().manual_seed(0)
    for weight in made.parameters():
        weight += 0.1 * torch.randn(weight.shape, generator=chance)
    return made


@pytest.fixture
def probe() -> Probe:
    """A probe that was never trained."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Probe(ProbeNet({name: list(words) for name, words in values().items()}, [8], 8))


def bits(backbone: LatentDiffusion) -> Mapping[str, bytes]:
    """A U-Net's weights to the last bit."""
    return {name: each.numpy().tobytes() for name, each in backbone.unet.state_dict().items()}


@pytest.mark.slow
def test_the_curve_has_a_row_a_share_and_the_model_stays_as_it_was(
    backbone: LatentDiffusion, half: FirstHalf, probe: Probe
) -> None:
    before = bits(backbone)
    shown, last = {}, None
    for step in reuse(backbone, half, ASKED, (1.0, 0.5, 0.5), 2, SETTINGS, probe):
        # Between steps too: whoever stops here leaves nothing behind.
        assert bits(backbone) == before
        last = step
        if isinstance(step, Shown):
            shown[step.share] = step.pictures
    assert isinstance(last, Curve)
    assert [row.share for row in last.rows] == list(shown) == [0, 0.5, 1]
    assert (last.prompts, last.known, last.seeds) == (4, 3, 2)
    assert last.distance == half.distance(backbone.unet)
    plain = sampled(
        backbone, backbone.embed([one.prompt for one in ASKED]), SETTINGS, range(SEED, SEED + 4)
    )
    same = {
        share: [a.tobytes() == b.tobytes() for a, b in zip(pictures, plain, strict=True)]
        for share, pictures in shown.items()
    }
    assert same == {0: [True] * 4, 0.5: [False] * 4, 1: [False] * 4}


def test_the_figures_are_those_of_a_plain_loop(
    backbone: LatentDiffusion, half: FirstHalf, probe: Probe
) -> None:
    truth = look("avataaars", hair="bob", hair_colour="black", mouth="smile", background="mint")
    asked = [
        Asked(caption(truth), truth_of(truth)),
        Asked("a man with sad mouth, mint background", truth_of(truth)),
        Asked("an old ship"),
    ]
    stated = [
        [("hair", "bob"), ("hair_colour", "black"), ("mouth", "smile"), ("background", "mint")],
        [("background", "mint")],
    ]
    stated[0].append(("style", "avataaars"))
    *_, curve = reuse(backbone, half, asked, (0.5,), 2, SETTINGS, probe)
    assert isinstance(curve, Curve)
    means = []
    for share in (0.0, 0.5):
        cosines, shares = [[], [], []], [[], []]
        for run in range(2):
            seeds = range(SEED + 3 * run, SEED + 3 * run + 3)
            with torch.no_grad(), half.lent(backbone.unet, share):
                embedding = backbone.embed([one.prompt for one in asked])
                pictures = sampled(backbone, embedding, SETTINGS, seeds)
            with torch.no_grad():
                for row, picture in enumerate(pictures):
                    one = backbone.clip.see([picture]).projected[0]
                    other = backbone.clip.project([asked[row].prompt])[0]
                    cosines[row].append(float(torch.cosine_similarity(one, other, dim=0)))
            for row, wanted in enumerate(stated):
                read = probe.read([pictures[row]])[0]
                shares[row].append(np.mean([read[name] == value for name, value in wanted]))
        means.append((np.mean(cosines, 1), np.mean(shares, 1)))
    for row, (cosine, share) in zip(curve.rows, means, strict=True):
        assert row.figures["clip_t"].mean == pytest.approx(cosine.mean(), abs=1e-5)
        assert row.figures["agreement"].mean == pytest.approx(share.mean())
    gain = curve.rows[1].against
    differences = means[1][0] - means[0][0]
    assert gain["clip_t"].mean == pytest.approx(differences.mean(), abs=1e-5)
    assert differences.min() - 1e-5 <= gain["clip_t"].low <= gain["clip_t"].high
    assert not curve.rows[0].against


def test_prompts_that_nothing_is_known_of_are_judged_by_clip_alone(
    backbone: LatentDiffusion, half: FirstHalf
) -> None:
    asked = [Asked("an old ship"), Asked("two cats")]
    assert probe_for(asked) is None
    *_, curve = reuse(backbone, half, asked, (), 1, SETTINGS)
    assert isinstance(curve, Curve)
    assert curve.known == 0
    assert [list(row.figures) for row in curve.rows] == [["clip_t"]]


def test_foreign_styles_are_read_by_the_judge_that_knows_them() -> None:
    own = [Asked("x", truth_of(look("avataaars")))]
    foreign = [Asked("x", truth_of(one)) for one in islice(foreign_looks("dylan", "test"), 1)]
    known = [probe_for(asked) for asked in (own, [*own, *foreign])]
    assert ["dylan" in each.heads["style"] for each in known if each is not None] == [False, True]


def test_only_different_prompts_of_the_test_part_are_taken(tmp_path: Path) -> None:
    row = {"picture": "p.png", "seed": 0, "steps": 2, "guidance": 2.0, "sampler": "ddim"}
    row |= {"width": 8, "height": 8}
    told = [("a", "train"), ("b", "test"), ("c", "test"), ("b", "test"), ("d", "test")]
    rows = [{**row, "prompt": prompt, "split": part} for prompt, part in told]
    data = manifest_of(tmp_path, rows)
    assert held_out(data, 9) == [Asked("b"), Asked("c"), Asked("d")]
    knowing = data.with_column("truth", [f"truth of {prompt}" for prompt, _ in told], "string")
    assert held_out(knowing, 2) == [Asked("b", "truth of b"), Asked("c", "truth of c")]


def test_a_truth_that_is_no_look_is_refused() -> None:
    with pytest.raises(DataError, match="no look of the world: a cat"):
        probe_for([Asked("x", "a cat")])


def test_the_half_of_a_trained_reader_is_read(backbone: LatentDiffusion, tmp_path: Path) -> None:
    reader, file = White(backbone, 8, 3), tmp_path / "best.safetensors"
    save_file({name: each.contiguous() + 1 for name, each in reader.state_dict().items()}, file)
    found = read_half(backbone, file).state_dict()
    wanted = reader.encoder.state_dict()
    assert found.keys() == wanted.keys()
    assert all(torch.equal(found[name], wanted[name] + 1) for name in wanted)
    save_file({"encoder.parts.conv_in.weight": torch.zeros(2, 2)}, file)
    with pytest.raises(ModelError, match="holds no half of the U-Net of tiny"):
        read_half(backbone, file)
    file.write_bytes(b"nothing")
    with pytest.raises(ModelError, match="is not a readable"):
        read_half(backbone, file)


def test_a_trained_reader_lies_where_an_ablation_keeps_it(tmp_path: Path) -> None:
    recipe = read_recipe("mini")
    with pytest.raises(ModelError, match="the reader white was not trained: there is no"):
        trained(recipe, "white", 1, tmp_path)
    file = tmp_path / "seed-1" / "white + vocabulary + curriculum" / "best.safetensors"
    file.parent.mkdir(parents=True)
    file.touch()
    assert trained(recipe, "white", 1, tmp_path) == file
    with pytest.raises(OptionError, match="no reader whit; did you mean white"):
        trained(recipe, "whit", 1, tmp_path)
    with pytest.raises(OptionError, match=r"the reader clip has no half .* that do: white"):
        trained(recipe, "clip", 1, tmp_path)
