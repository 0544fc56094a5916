"""A studio runs models as it was told to, and every recipe says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from lookalike.core.compute import Compute
from lookalike.core.pictures import open_picture
from lookalike.core.png import read_recipe
from lookalike.studio import requests as ask
from lookalike.studio.sessions import Sessions
from lookalike.studio.studio import Studio
from tests.studio.conftest import finished

HOW = Compute(sampler="unipc")


def test_all_sessions_of_a_studio_run_models_as_it_was_told_to() -> None:
    sessions = Sessions(compute=HOW)
    assert [sessions.of(name).models.compute for name in ("mini", "other")] == [HOW, HOW]


@pytest.mark.slow
def test_a_studio_with_another_sampler_makes_every_picture_by_it(
    home: Path, tmp_path: Path
) -> None:
    asked = ask.Imagine.model_validate(
        {"prompt": "a cat", "settings": {"steps": 3, "count": 1, "seed": 5}}
    )
    with Studio(tmp_path / "data", Sessions(compute=HOW)) as studio:
        done = finished(studio, studio.submit("imagine", asked))
        file = studio.shelf.path(done.items[0].file or "")
        how = read_recipe(file).compute
        assert how is not None
        assert how.sampler == "unipc"
        again = studio.sessions.of("mini").again(file)
    assert again.pictures[0].tobytes() == open_picture(file).tobytes()
