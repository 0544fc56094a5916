"""With a checkpoint that has a safety checker, the studio shows no picture that it flags."""

from __future__ import annotations

from pathlib import Path

import pytest

from lookalike.core.pictures import open_picture
from lookalike.core.png import recipe_in
from lookalike.studio.requests import Imagine
from lookalike.studio.safety import checker_of, unchecked
from lookalike.studio.sessions import Sessions
from lookalike.studio.studio import Studio
from tests.models import test_safety_checker as small
from tests.models.tiny_checkpoints import make_tiny
from tests.studio.conftest import finished


@pytest.mark.slow
def test_what_a_checkpoints_own_checker_flags_is_blank_unless_it_is_switched_off(
    tmp_path: Path,
) -> None:
    tiny = make_tiny("sd1")
    tiny.unet.register_to_config(sample_size=16)
    folder = tiny.save(tmp_path / "model")
    small.made(folder, -2.0)
    asked = Imagine.model_validate({"prompt": "a cat --seed 3 --steps 1 --count 2"})
    for checker, wrong in ((checker_of, True), (unchecked, False)):
        sessions = Sessions(str(folder))
        with Studio(tmp_path / f"data {wrong}", sessions, checker=checker) as studio:
            done = finished(studio, studio.submit("imagine", asked))
            assert done.state == "done", done.error
            kinds = [(item.kind, item.withheld) for item in done.items]
            assert kinds == [("picture", wrong)] * 2 + [("grid", False)] * (not wrong)
            assert ("2 of 2" in "".join(done.notes)) == wrong
            data = studio.shelf.path(done.items[0].file or "").read_bytes()
            assert (recipe_in(data) is None) == wrong
            assert (max(open_picture(data).tobytes()) == 0) == wrong
            (folder / "safety_checker" / "model.safetensors").unlink()  # it was read already
            again = finished(studio, studio.submit("imagine", asked))
            assert again.state == "done"
            small.made(folder, -2.0)


@pytest.mark.slow
def test_a_checker_that_cannot_be_loaded_is_told_and_nothing_is_made(tmp_path: Path) -> None:
    tiny = make_tiny("sd1")
    folder = tiny.save(tmp_path / "model")
    small.made(folder)
    (folder / "safety_checker" / "model.safetensors").write_bytes(b"none")
    asked = Imagine.model_validate({"prompt": "a cat --seed 3 --steps 1 --count 1"})
    with Studio(tmp_path / "data", Sessions(str(folder))) as studio:
        done = finished(studio, studio.submit("imagine", asked))
        assert done.error is not None
        assert "the safety checker of" in done.error.message
        assert "--no-safety-checker" in done.error.message
