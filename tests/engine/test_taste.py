"""What versions, styles and codes add to a prompt, and what is said where they add nothing."""

from __future__ import annotations

import pytest

from lookalike.core.language import PROFILES, read
from lookalike.core.records import Settings
from lookalike.engine.codes import manner
from lookalike.engine.plan import told
from lookalike.engine.taste import HOUSE, idle, taste
from lookalike.models.latent import LatentDiffusion


def test_every_version_has_words_of_its_own() -> None:
    assert set(HOUSE) == set(PROFILES)


def test_nothing_is_added_without_a_version_with_raw_and_with_no_stylize() -> None:
    assert taste(Settings()) is None
    assert taste(Settings(profile="6", style="raw")) is None
    assert taste(Settings(profile="6", stylize=0)) is None


def test_more_stylize_weighs_the_versions_words_more() -> None:
    found = [taste(Settings(profile="6", stylize=s)) for s in (50, 100, 1000)]
    weights = [part.weight for part in found if part]
    assert weights == sorted(weights)
    assert weights[-1] == 1.0
    scenic = taste(Settings(profile="niji 5", style="scenic"))
    assert scenic is not None
    assert "scenic" in scenic.text


def test_a_versions_words_weigh_against_all_of_the_prompts(backbone: LatentDiffusion) -> None:
    plain = told(backbone, read("a cat::2 rain::2"))
    added = told(backbone, read("a cat::2 rain::2 --v 6 --s 500"))
    assert added[:2] == plain
    assert [part.weight for part in added] == [2, 2, 2.0]


def test_settings_that_change_nothing_say_so() -> None:
    assert idle(Settings()) == []
    assert ["--weird" in line for line in idle(Settings(weird=5))] == [True]
    assert ["--stylize" in line for line in idle(Settings(stylize=500))] == [True]
    assert idle(Settings(stylize=500, profile="6")) == []
    assert len(idle(Settings(style="4b", profile="4"))) == 1


def test_a_code_is_the_same_words_for_everyone(backbone: LatentDiffusion) -> None:
    assert manner(backbone, "123") == manner(backbone, "123")
    assert len({manner(backbone, str(code)) for code in range(20)}) > 10


@pytest.mark.parametrize(("said", "weight"), [("--sw 0", None), ("", 0.5), ("--sw 300", 1.5)])
def test_a_codes_words_are_weighed_by_sw(
    backbone: LatentDiffusion, said: str, weight: float | None
) -> None:
    parts = told(backbone, read(f"a cat --sref 123 {said}"))
    assert [part.weight for part in parts[1:]] == ([] if weight is None else [weight])
