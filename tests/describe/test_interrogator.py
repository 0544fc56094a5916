"""The interrogator describer: a caption, then flavours as its three modes choose them."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
import torch
from PIL import Image

from lookalike.core.errors import OptionError
from lookalike.core.records import Description
from lookalike.describe import describers
from lookalike.describe.interrogator import Interrogator
from lookalike.models.latent import LatentDiffusion
from tests.engine.tiny import noise_picture

FRAMES = ["a photo", "a drawing"]
GROUPS = {
    "movement": ["cubism", "baroque"],
    "medium": ["oil", "ink", "chalk"],
    "flavours": ["red", "green", "blue", "in a field"],
    "artists": ["by anna", "by bert"],
}
PICTURE = noise_picture(seed=3)


def cosines(backbone: LatentDiffusion, picture: Image.Image, texts: list[str]) -> list[float]:
    seen = torch.nn.functional.normalize(backbone.clip.see([picture]).projected, dim=-1)
    return (backbone.clip.project(texts) @ seen[0]).tolist()


def nearest(backbone: LatentDiffusion, texts: list[str]) -> list[str]:
    """The texts, the nearest to the picture first."""
    scores = dict(zip(texts, cosines(backbone, PICTURE, texts), strict=True))
    return sorted(texts, key=lambda text: -scores[text])


def every_phrase() -> list[str]:
    return [phrase for group in GROUPS.values() for phrase in group]


@pytest.fixture
def bank(tmp_path: Path) -> str:
    lines = ["# frame", *FRAMES]
    for name, group in GROUPS.items():
        lines += [f"# {name}", *group]
    (tmp_path / "bank.txt").write_text("\n".join(lines))
    return str(tmp_path / "bank.txt")


def described(backbone: LatentDiffusion, count: int, **options: object) -> list[Description]:
    (found,) = describers.make("interrogator", options).describe(backbone, [PICTURE], count)
    return found


def test_fast_is_the_nearest_caption_and_the_phrases_nearest_on_their_own(
    backbone: LatentDiffusion, bank: str
) -> None:
    (found,) = described(backbone, 1, bank=bank, mode="fast", most=5)
    caption, flavours = nearest(backbone, FRAMES)[0], nearest(backbone, every_phrase())[:5]
    assert found.text == ", ".join([caption, *flavours])
    assert [phrase for phrase, _ in found.parts] == flavours


def test_classic_takes_the_nearest_of_each_kind_and_three_flavours(
    backbone: LatentDiffusion, bank: str
) -> None:
    (found,) = described(backbone, 1, bank=bank, mode="classic")
    kinds = [nearest(backbone, GROUPS[name])[0] for name in ("medium", "artists", "movement")]
    flavours = nearest(backbone, GROUPS["flavours"])[:3]
    assert found.text == ", ".join([nearest(backbone, FRAMES)[0], *kinds, *flavours])


def test_classic_takes_one_of_each_group_where_groups_are_of_no_kind(
    backbone: LatentDiffusion, tmp_path: Path
) -> None:
    (tmp_path / "plain.txt").write_text("# pets\na cat\na dog\n# colours\nred\ngreen\n")
    (found,) = described(backbone, 1, bank=str(tmp_path / "plain.txt"), mode="classic")
    chosen = [nearest(backbone, group)[0] for group in (["a cat", "a dog"], ["red", "green"])]
    assert found.text == ", ".join(["a picture", *chosen])


def greedy(backbone: LatentDiffusion, fewest: int, most: int, phrases: list[str]) -> list[str]:
    """Each text of the chain, worked out plainly."""
    said, left = nearest(backbone, FRAMES)[0], list(phrases)
    texts = [said]
    for number in range(most):
        best = nearest(backbone, [f"{said}, {phrase}" for phrase in left])[0]
        before, after = cosines(backbone, PICTURE, [said, best])
        if number >= fewest and after <= before:
            break
        left.remove(best.removeprefix(f"{said}, "))
        said = best
        texts.append(said)
    return texts


@pytest.mark.parametrize(("fewest", "most"), [(0, 9), (3, 9), (2, 4)])
def test_best_is_the_nearest_text_of_a_greedy_chain_and_the_other_modes(
    backbone: LatentDiffusion, bank: str, fewest: int, most: int
) -> None:
    found = described(backbone, 1, bank=bank, fewest=fewest, most=most)
    texts = greedy(backbone, fewest, most, every_phrase())
    texts += [
        described(backbone, 1, bank=bank, mode=mode, most=most)[0].text
        for mode in ("fast", "classic")
    ]
    assert found[0].score == pytest.approx(max(cosines(backbone, PICTURE, texts)), abs=2e-6)


def test_best_tries_only_the_phrases_nearest_on_their_own(
    backbone: LatentDiffusion, bank: str
) -> None:
    few = nearest(backbone, every_phrase())[:2]
    found = described(backbone, 64, bank=bank, intermediate=2, fewest=2, most=2)
    modes = [
        described(backbone, 1, bank=bank, mode=mode, most=2)[0].text for mode in ("fast", "classic")
    ]
    said = {phrase for one in found if one.text not in modes for phrase, _ in one.parts}
    assert said == set(few)


@pytest.mark.parametrize("mode", ["best", "fast", "classic"])
def test_descriptions_differ_the_best_first_and_the_same_every_time(
    backbone: LatentDiffusion, bank: str, mode: str
) -> None:
    options = {"bank": bank, "mode": mode, "most": 6}
    found = described(backbone, 4, **options)
    assert len({one.text for one in found}) == len(found) > 1
    assert all(a.score >= b.score for a, b in pairwise(found))
    assert found == described(backbone, 4, **options)
    assert found[0] == described(backbone, 1, **options)[0]


@pytest.mark.parametrize("mode", ["best", "fast", "classic"])
def test_scores_are_cosines_and_a_flavours_score_what_the_text_loses_without_it(
    backbone: LatentDiffusion, bank: str, mode: str
) -> None:
    one = described(backbone, 1, bank=bank, mode=mode, most=4)[0]
    assert one.score == pytest.approx(cosines(backbone, PICTURE, [one.text])[0], abs=2e-6)
    for phrase, gain in one.parts:
        (without,) = cosines(backbone, PICTURE, [one.text.replace(f", {phrase}", "")])
        assert gain == pytest.approx(one.score - without, abs=4e-6)


def test_flavours_stop_where_the_model_reads_no_further(
    backbone: LatentDiffusion, tmp_path: Path
) -> None:
    phrases = [f"{'very ' * 12}{word}" for word in "abcdefghijklmnopqrst"]
    (tmp_path / "long.txt").write_text("\n".join(phrases))
    (found,) = described(backbone, 1, bank=str(tmp_path / "long.txt"), mode="fast")
    assert 0 < len(found.parts) < len(phrases)
    assert backbone.clip.cut(found.text) == ""


def test_each_picture_is_described_on_its_own(backbone: LatentDiffusion, bank: str) -> None:
    pictures = [PICTURE, noise_picture(64, 32, seed=5)]
    describer = Interrogator(bank=bank, most=3)
    both = describer.describe(backbone, pictures, 2)
    alone = [describer.describe(backbone, [one], 2)[0] for one in pictures]
    assert [[one.text for one in found] for found in both] == [
        [one.text for one in found] for found in alone
    ]
    assert [found[0].aspect for found in both] == ["1:1", "2:1"]


def test_an_unknown_mode_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(OptionError, match="'best', 'fast' or 'classic'") as raised:
        describers.make("interrogator", {"mode": "slow"})
    assert "\n" not in str(raised.value)
