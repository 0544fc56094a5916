"""Working on pictures in Python: what a Session promises beyond what the commands show."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from lookalike.core.errors import OptionError, PictureError
from lookalike.core.pictures import open_picture, png_bytes
from lookalike.core.plan import Result
from lookalike.core.records import Settings
from lookalike.session import Session
from lookalike.session.asking import seed_of
from tests.engine.tiny import noise_picture
from tests.test_session import own_cache, tiny, warm

__all__ = ["own_cache", "tiny", "warm"]

FEW = Settings(steps=2, count=2, seed=4)
ONE = Settings(steps=2, count=1, seed=4)
PICTURE = noise_picture(40, 24, seed=1)


def pixels(result: Result) -> list[bytes]:
    return [each.tobytes() for each in result.pictures]


TWINS: dict[str, tuple[Any, ...]] = {
    "vary": (PICTURE, "a cat"),
    "zoom": (PICTURE, 2),
    "pan": (PICTURE, "up"),
    "blend": ([PICTURE, Image.new("RGB", (9, 9), "red")],),
    "remix": (PICTURE, "a cat"),
}


@pytest.mark.parametrize("verb", TWINS)
def test_each_verb_has_a_twin_that_tells_every_step(warm: Session, verb: str) -> None:
    more: dict[str, Any] = {"region": (2, 2, 9, 9)} if verb == "vary" else {}
    run = getattr(warm, f"start_{verb}")(*TWINS[verb], **more, settings=ONE)
    told = [(progress.step, progress.of) for progress in run]
    assert told == [(number, len(told)) for number in range(1, len(told) + 1)]
    assert pixels(run.result()) == pixels(getattr(warm, verb)(*TWINS[verb], **more, settings=ONE))


def test_a_region_of_numbers_is_the_same_as_in_words(warm: Session) -> None:
    ways = [
        warm.vary(PICTURE, "a cat", region=region, settings=ONE)
        for region in ((4, 6, 20, 12), "4,6,20,12", "10%,25%,50%,50%")
    ]
    assert len({pixels(way)[0] for way in ways}) == 1


def test_words_decide_a_region_and_without_them_the_picture_does(warm: Session) -> None:
    ways = [
        warm.vary(PICTURE, text, region="0,0,20,20", settings=ONE)
        for text in ("a cat", "a dog", "")
    ]
    assert len({pixels(way)[0] for way in ways}) == 3


def test_a_mask_may_be_an_open_picture_and_is_found_again_beside_the_result(
    warm: Session, tmp_path: Path
) -> None:
    mask = Image.new("L", PICTURE.size, 0)
    mask.paste(255, (0, 0, 20, 20))
    result = warm.vary(PICTURE, "a cat", mask=mask, settings=FEW)
    [first, _] = result.save(tmp_path)
    (tmp_path / "picture.png").write_bytes(png_bytes(PICTURE))
    (tmp_path / "mask.png").write_bytes(png_bytes(open_picture(mask)))
    assert pixels(warm.again(first)) == pixels(result)


def test_a_picked_tile_is_saved_as_the_picture_it_is(warm: Session, tmp_path: Path) -> None:
    result = warm.imagine("a cat", settings=FEW)
    picked = warm.pick(result.save_grid(tmp_path), 2)
    assert picked.picture.tobytes() == pixels(result)[1]
    path = picked.save(tmp_path)
    assert path.name == "pick-001.png"
    assert warm.recipe(path) == result.recipe.model_copy(update={"index": 1})


def test_only_a_picture_with_a_recipe_has_a_seed(warm: Session, tmp_path: Path) -> None:
    paths = warm.imagine("a cat", settings=FEW).save(tmp_path)
    assert [seed_of(path) for path in paths] == [4, 5]
    PICTURE.save(tmp_path / "plain.png")
    assert seed_of(tmp_path / "plain.png") is None
    assert seed_of(PICTURE) is None


def test_the_recipe_of_a_fill_holds_all_that_was_chosen(warm: Session) -> None:
    zoomed = warm.zoom(PICTURE, 2, settings=ONE).recipe
    assert zoomed.options["factor"] == 2
    assert zoomed.options["by"] == "closed-form"
    assert zoomed.prompt.settings.aspect == "5:3"
    panned = warm.pan(PICTURE, "down", "a cat", share=0.5, settings=ONE).recipe
    assert {k: panned.options[k] for k in ("direction", "share")} == {
        "direction": "down",
        "share": 0.5,
    }
    assert "by" not in panned.options  # its words were read, not the picture
    assert panned.prompt.settings.aspect == "10:9"


def test_what_cannot_be_is_refused_before_a_model_is_loaded() -> None:
    nowhere = Session("nowhere/at-all")
    with pytest.raises(PictureError, match="all black"):
        nowhere.vary(PICTURE, mask=Image.new("L", PICTURE.size))
    with pytest.raises(OptionError, match="above 1"):
        nowhere.zoom(PICTURE, 9)
    with pytest.raises(OptionError, match="2 to 5 pictures"):
        nowhere.blend([PICTURE])


def test_a_fill_that_is_closed_frees_its_model(warm: Session) -> None:
    run = warm.start_pan(PICTURE, "left", settings=FEW)
    next(iter(run))
    run.close()
    done = threading.Thread(target=warm.imagine, args=("a dog",), kwargs={"settings": FEW})
    done.start()
    done.join(60)
    assert not done.is_alive()
