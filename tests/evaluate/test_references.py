"""The references' benchmark: fair cases, judges that know right from wrong, figures that move."""

from __future__ import annotations

import pytest

from lookalike.core.errors import OptionError
from lookalike.core.records import Settings
from lookalike.evaluate import references
from lookalike.evaluate.asks import Setting, Shot, agreed, settings_of
from lookalike.evaluate.references import References, measure
from lookalike.evaluate.scenes import (
    Case,
    cases,
    content,
    foreign_cases,
    in_style,
    part_of,
    together,
)
from lookalike.models.probe import Probe
from lookalike.models.spec import packaged
from lookalike.models.store import Models
from lookalike.world.caption import read
from lookalike.world.look import look, split
from lookalike.world.style import FOREIGN, styles

SHOWN = look(
    "micah", skin="brown", hair="short", hair_colour="blue", glasses="none", background="white"
)


def test_cases_are_held_out_people_each_with_others_of_another_style() -> None:
    found = cases("test", 3, 7)
    for case in found:
        assert {split(one) for one in (case.reference, *case.others)} == {"test"}
        assert case.reference.style not in {one.style for one in case.others}
        assert len(case.others) == len(case.seeds) == 4
    every = [one.seed for case in found for one in (case.reference, *case.others)]
    assert len(set(every)) == len(every)
    seeds = [seed for case in found for seed in case.seeds]
    assert seeds == list(range(7, 19))


def test_foreign_references_are_held_out_and_two_of_each_style_with_words_of_the_world() -> None:
    found = foreign_cases("test", 7)
    assert sorted(case.reference.style for case in found) == sorted([*FOREIGN, *FOREIGN])
    assert {split(one) for case in found for one in (case.reference, *case.others)} == {"test"}
    assert {one.style for case in found for one in case.others} <= set(styles())
    assert len({case.picture(32).tobytes() for case in found}) == 6
    assert [seed for case in found for seed in case.seeds] == list(range(7, 31))


@pytest.mark.slow
@pytest.mark.parametrize("part", ["style", "foreign"])
def test_only_foreign_references_are_read_by_the_judge(
    part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    probe, judge = (Probe.load(packaged() / name) for name in ("probe", "judge"))
    readers: list[Probe] = []

    def shot(_: object, reader: Probe, case: Case, *rest: object) -> list[Shot]:
        readers.append(reader)
        return [Shot(case.reference, other, case.reference.values) for other in case.others]

    monkeypatch.setattr(references, "_shots", shot)
    with Models("cpu").use("mini") as backbone:
        *_, found = measure(backbone, probe, 1, parts=(part,), judge=judge)
    assert isinstance(found, References)
    assert all(row.values["style"] == 1.0 for row in found.rows)
    assert {id(one) for one in readers} == {id(judge if part == "foreign" else probe)}


def test_words_ask_only_for_what_the_wanted_style_can_draw() -> None:
    for case in cases("validation", 4, 0):
        for other in case.others:
            shown = in_style(other, case.reference.style)
            assert shown.style == case.reference.style
            assert dict(shown.attributes).items() <= other.values.items()
            stated = read(content(shown))
            assert "style" not in stated
            assert stated.items() <= shown.values.items()


def test_pieces_of_looks_come_together() -> None:
    both = together("micah", part_of(SHOWN, ["hair", "skin"]), {"background": "navy"})
    assert both.values == {"style": "micah", "skin": "brown", "hair": "short", "background": "navy"}


def test_agreement_is_full_where_all_is_found_and_none_where_nothing_is() -> None:
    right = Shot(SHOWN, SHOWN, SHOWN.values)
    wrong = Shot(SHOWN, SHOWN, dict.fromkeys(SHOWN.values, "?"))
    names = ("skin", "hair", "mouth")
    assert agreed([right, right], lambda s: s.reference.values, names) == 1.0
    assert agreed([right, wrong], lambda s: s.reference.values, names) == 0.5
    assert agreed([wrong], lambda s: s.reference.values, names) == 0.0


@pytest.mark.slow
@pytest.mark.parametrize("setting", settings_of(), ids=lambda s: f"{s.part}: {s.name}")
def test_a_judge_prefers_what_it_is_about(setting: Setting) -> None:
    pairs = [(c.reference, o) for c in setting.cases("test", 4, 0) for o in c.others]
    like = [Shot(one, other, one.values) for one, other in pairs]
    unlike = [Shot(one, other, dict.fromkeys(other.values, "?")) for one, other in pairs]
    best, worst = setting.judge(like), setting.judge(unlike)
    assert best.keys() == worst.keys()
    assert any(best[name] > worst[name] for name in best)
    assert all(best[name] >= worst[name] for name in best)


def test_an_unknown_part_is_refused_with_the_nearest() -> None:
    with Models("cpu").use("mini") as backbone, pytest.raises(OptionError, match="did you mean"):
        next(measure(backbone, Probe.load(packaged() / "probe"), 1, parts=("stile",)))


@pytest.mark.slow
def test_more_image_weight_moves_pictures_from_the_words_to_the_picture() -> None:
    with Models("cpu").use("mini") as backbone:
        probe, settings = Probe.load(packaged() / "probe"), Settings(steps=6)
        *_, found = measure(backbone, probe, 1, settings, "validation", ("image",))
    assert isinstance(found, References)
    none, most = found.row("image", "iw 0"), found.row("image", "iw 3")
    assert none["words"] > most["words"]
    assert none["picture"] < most["picture"]
