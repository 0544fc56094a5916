"""What the studio makes is signed where it is told to; what it was given is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from lookalike.core.png import png_bytes
from lookalike.session.provenance import Signer, signature
from lookalike.studio.studio import Studio
from tests.session.throwaway import pair
from tests.studio.conftest import Count, Counting, finished


@pytest.mark.usefixtures("counting")
def test_results_are_signed_and_called_by_what_is_in_their_files(tmp_path: Path) -> None:
    signer = Signer.of(*pair(tmp_path))
    with Studio(tmp_path / "data", Counting(), sign=signer.sign) as studio:
        [item] = finished(studio, studio.submit("count", Count())).items
        found = signature(studio.shelf.path(item.file or ""))
        assert found is not None
        assert found.verdict == "valid"
        given = studio.upload(png_bytes(Image.new("RGB", (8, 8), "red")))
        assert signature(studio.shelf.path(given.file or "")) is None
