"""The lists of clip-interrogator: read from its package, or asked for in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from lookalike.core.errors import OptionError
from lookalike.describe.bank import bank_of
from lookalike.models.latent import LatentDiffusion

LISTS = {
    "artists.txt": "Ann\n\nBen\n",
    "flavors.txt": "#film\nwatercolour\nred\nred\n",
    "mediums.txt": "watercolour\nan etching\n",
    "movements.txt": "cubism\n",
}


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "clip_interrogator"
    (folder / "data").mkdir(parents=True)
    (folder / "__init__.py").write_text("raise AssertionError('it was imported')")
    for name, text in LISTS.items():
        (folder / "data" / name).write_text(text, "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    return folder


@pytest.mark.usefixtures("package")
def test_the_lists_are_groups_by_their_names_and_are_not_imported(
    backbone: LatentDiffusion,
) -> None:
    bank = bank_of(backbone, "clip-interrogator")
    assert bank.named("artists") == ("by Ann", "by Ben", "inspired by Ann", "inspired by Ben")
    assert bank.named("flavours") == ("#film", "watercolour", "red")
    assert bank.named("mediums") == ("an etching",)
    assert "a photo of a dog" in bank.frames


def test_a_package_that_lacks_a_list_is_named(backbone: LatentDiffusion, package: Path) -> None:
    (package / "data" / "mediums.txt").unlink()
    with pytest.raises(OptionError, match=r"has no readable list mediums\.txt"):
        bank_of(backbone, "clip-interrogator")


def test_lists_that_are_not_here_are_asked_for_in_one_line(
    backbone: LatentDiffusion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(OptionError, match="pip install --no-deps clip-interrogator") as raised:
        bank_of(backbone, "clip-interrogator")
    assert "\n" not in str(raised.value)
