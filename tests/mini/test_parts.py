"""The losses of CLIP, autoencoder and probe, and the data they are fed."""

from __future__ import annotations

import math
import random
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import CLIPTokenizer

from lookalike.mini.clip import ABSENT as UNSAID
from lookalike.mini.clip import ClipTask, codes, contrast, naming, truth
from lookalike.mini.clip import build as build_clip
from lookalike.mini.data import as_tensor, captions, scaled
from lookalike.mini.probe import ABSENT, ProbeTask, blurred, labels
from lookalike.mini.training import trained_clip
from lookalike.mini.vae import build as build_vae
from lookalike.mini.vae import edges, latent_scale, posterior
from lookalike.train.checkpoint import trained_weights
from lookalike.train.loop import train
from lookalike.world.caption import caption, read
from lookalike.world.contrast import attributes, facts, long_pair, short_pair
from lookalike.world.dataset import Dataset
from lookalike.world.style import values
from tests.mini.conftest import Place


def test_pictures_are_kept_as_bytes_and_scaled_to_one(pictures: Dataset) -> None:
    whole = as_tensor(pictures)
    assert (whole.dtype, whole.shape) == (torch.uint8, (24, 3, 32, 32))
    assert np.array_equal(whole[5].permute(1, 2, 0).numpy(), pictures.pictures[5])
    ends = scaled(torch.tensor([0, 255], dtype=torch.uint8).reshape(1, 1, 1, 2).expand(1, 3, 1, 2))
    assert ends[0, 0, 0].tolist() == [-1.0, 1.0]


def test_captions_belong_to_their_pictures_and_depend_on_chance_alone(pictures: Dataset) -> None:
    which = torch.arange(24)
    made = captions(pictures, which, torch.Generator().manual_seed(1))
    assert made == captions(pictures, which, torch.Generator().manual_seed(1))
    assert made != captions(pictures, which, torch.Generator().manual_seed(2))
    for text, look in zip(made, pictures.looks, strict=True):
        assert read(text).items() <= look.values.items()
    assert 6 <= sum(t == caption(o) for t, o in zip(made, pictures.looks, strict=True)) <= 19


def test_contrast_is_clips_symmetric_cross_entropy() -> None:
    draw = torch.Generator().manual_seed(0)
    a, b = (torch.randn(4, 6, generator=draw).double() for _ in range(2))
    logits = 7.0 * (a / a.norm(dim=1, keepdim=True)) @ (b / b.norm(dim=1, keepdim=True)).T
    rows = -logits.log_softmax(1).diagonal().mean()
    columns = -logits.log_softmax(0).diagonal().mean()
    loss, found = contrast(a.float(), b.float(), torch.eye(4).bool(), torch.tensor(7.0))
    assert float(loss) == pytest.approx(float((rows + columns) / 2), rel=1e-5)
    assert found == float((logits.argmax(1) == torch.arange(4)).float().mean())


def test_contrast_is_least_where_pictures_find_their_own_captions() -> None:
    own, true = torch.eye(4), torch.eye(4).bool()
    right, found = contrast(own, own, true, torch.tensor(20.0))
    wrong, lost = contrast(own, own.roll(1, 0), true, torch.tensor(20.0))
    assert float(right) < 1e-3 < float(wrong)
    assert (found, lost) == (1.0, 0.0)


def test_near_misses_are_rivals_to_pictures_and_have_no_picture_to_find() -> None:
    own, true = torch.eye(4), torch.eye(4, 8).bool()
    apart, _ = contrast(own, torch.cat([own, -own]), true, torch.tensor(20.0))
    alike, found = contrast(own, torch.cat([own, own + 0.05]), true, torch.tensor(20.0))
    assert float(apart) < 1e-3 < float(alike)
    assert found == 1.0


def test_what_is_true_of_another_picture_is_no_rival() -> None:
    """Both captions are true of both pictures: they cannot be told apart, and need not be."""
    both = torch.ones(2, 3) / 3**0.5
    everything = torch.ones(2, 2).bool()
    spared, _ = contrast(both, both, everything, torch.tensor(20.0))
    punished, _ = contrast(both, both, torch.eye(2).bool(), torch.tensor(20.0))
    assert float(spared) == pytest.approx(0.0, abs=1e-6)
    assert float(punished) == pytest.approx(math.log(2), rel=1e-5)


def test_truth_by_codes_is_truth_in_words(pictures: Dataset) -> None:
    chance = random.Random(0)
    said = [
        one for of in pictures.looks for one in (*long_pair(of, chance), *short_pair(of, chance))
    ]
    found = truth(codes([facts(of) for of in pictures.looks]), codes([one.stated for one in said]))
    wanted = [[one.true_of(of) for one in said] for of in pictures.looks]
    assert found.tolist() == wanted


def test_naming_asks_only_what_is_known() -> None:
    sizes = [len(words) for words in attributes().values()]
    prototypes = torch.eye(sum(sizes))
    nothing = torch.full((1, len(sizes)), UNSAID)
    style = nothing.clone()
    style[0, 1] = 2
    at = sizes[0] + 2
    right = naming(prototypes[[at]], prototypes, style, torch.tensor(50.0))
    wrong = naming(prototypes[[at + 1]], prototypes, style, torch.tensor(50.0))
    assert float(right) < 1e-6
    assert float(wrong) == pytest.approx(50.0, rel=1e-4)
    both = naming(prototypes[[at, at]], prototypes, torch.cat([style, nothing]), torch.tensor(50.0))
    assert float(both) == pytest.approx(float(right), abs=1e-6)


def test_clips_text_projection_is_square_and_pads_with_the_end(
    place: Place, tokenizer: CLIPTokenizer
) -> None:
    model = build_clip(place.recipe.clip, tokenizer, 32)
    assert model.text_projection.weight.shape == (32, 32)
    text = model.config.text_config
    assert text.pad_token_id == text.eos_token_id == len(tokenizer) - 1
    assert text.max_position_embeddings == 77


def test_edges_are_the_differences_of_neighbours() -> None:
    picture = torch.tensor([[1.0, 3.0, 2.0], [5.0, 5.0, 0.0]]).expand(1, 3, 2, 3)
    down, right = (4 + 2 + 2) / 3, (2 + 1 + 0 + 5) / 4
    assert float(edges(picture)) == pytest.approx(down + right)
    assert float(edges(torch.full((1, 3, 4, 4), 0.7))) == 0


def test_the_scaling_factor_gives_latents_unit_deviation(place: Place, pictures: Dataset) -> None:
    vae = build_vae(place.recipe.vae, 32).eval()
    shown = scaled(as_tensor(pictures))
    factor = latent_scale(vae, as_tensor(pictures))
    with torch.no_grad():
        mean = posterior(vae, shown).mean * factor
    assert float(mean.std()) == pytest.approx(1.0, rel=1e-4)


def test_labels_name_what_is_seen_and_nothing_else(pictures: Dataset) -> None:
    made = labels(pictures, values())
    assert made.keys() == values().keys()
    for name, words in values().items():
        for number, look in zip(made[name].tolist(), pictures.looks, strict=True):
            shown = look.values.get(name)
            assert number == (ABSENT if shown is None else words.index(shown))


def test_attributes_that_are_not_shown_do_not_count_in_the_probes_loss(
    place: Place, pictures: Dataset
) -> None:
    task = ProbeTask(place.recipe.probe, pictures, values())
    before = float(task.loss(0)[0].detach())
    which = task.order(0, 24)
    hidden = next(n for n, row in task.labels.items() if bool((row[which] == ABSENT).any()))
    place_of = which[task.labels[hidden][which] == ABSENT][0]
    with torch.no_grad():
        task.module.out[hidden].bias.add_(torch.randn(len(values()[hidden])))
    seen = task.labels[hidden][which] != ABSENT
    changed = float(task.loss(0)[0].detach())
    assert (changed == before) == (not bool(seen.any()))
    task.labels[hidden][place_of] = 0  # were it shown after all, it would count
    assert float(task.loss(0)[0].detach()) != changed


def test_blurring_depends_on_chance_and_keeps_the_picture_in_place(pictures: Dataset) -> None:
    shown = scaled(as_tensor(pictures)[:4])
    made = blurred(shown, torch.Generator().manual_seed(3))
    assert torch.equal(made, blurred(shown, torch.Generator().manual_seed(3)))
    assert not torch.equal(made, blurred(shown, torch.Generator().manual_seed(4)))
    shifts = [(down, right) for down in range(-2, 3) for right in range(-2, 3)]
    error = min(float((made - shown.roll(s, (2, 3))).abs().mean()) for s in shifts)
    assert error < 0.15
    assert math.isfinite(error)


def test_clip_is_trained_in_three_stages(
    place: Place, pictures: Dataset, tokenizer: CLIPTokenizer, tmp_path: Path
) -> None:
    """Pictures are named alone, then captioned, then drawn to texts that stay where they are."""
    task = ClipTask(place.recipe.clip, pictures, tokenizer)
    kept = [weights(task)]
    told = []
    for step in train(task, tmp_path):
        kept.append(weights(task))
        told.append(step.details)
    assert [moved(a, b, "text_") for a, b in pairwise(kept)] == [False, True, False]
    assert [moved(a, b, "vision_") for a, b in pairwise(kept)] == [True, True, True]
    assert [each["apart"] > 0 for each in told] == [False, False, True]


def test_the_prototypes_are_no_part_of_the_finished_clip(
    place: Place, losses: dict[str, list[float]]
) -> None:
    model, _ = trained_clip(place.recipe, place.run)
    assert not any("prototypes" in name for name in model.state_dict())
    assert any("prototypes" in name for name in trained_weights(place.run / "clip"))


def weights(task: ClipTask) -> dict[str, torch.Tensor]:
    return {name: weight.clone() for name, weight in task.module.state_dict().items()}


def moved(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor], prefix: str) -> bool:
    return any(not torch.equal(a[k], b[k]) for k in a if k.startswith(prefix))
