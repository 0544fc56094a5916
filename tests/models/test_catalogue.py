"""Names find their models, and the list says what is at hand."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from lookalike.core.errors import ModelError
from lookalike.models import catalogue, spec
from lookalike.models.catalogue import known, resolve
from lookalike.models.hashing import weights_sha256
from tests.models.hub_cache import put_into_cache


@pytest.fixture
def shelf(
    folders: dict[str, Path],
    files: dict[str, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """A folder named in $LOOKALIKE_MODELS: two checkpoints, a LoRA and a stray file."""
    shelf = tmp_path / "shelf"
    shutil.copytree(folders["sd1"], shelf / "painter")
    shutil.copyfile(files["sdxl"], shelf / "big.safetensors")
    (shelf / "broken.safetensors").write_bytes(b"")
    (shelf / "notes.txt").write_text("hello")
    monkeypatch.setenv("LOOKALIKE_MODELS", str(shelf))
    return shelf


@pytest.fixture
def no_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The package as it is before any model ships in it."""
    weights = tmp_path / "weights"
    monkeypatch.setattr(spec, "packaged", lambda: weights)
    monkeypatch.setattr(catalogue, "packaged", lambda: weights)
    return weights


def test_an_absent_package_folder_leaves_the_list_empty(no_package: Path) -> None:
    assert not no_package.exists()
    assert known() == []
    with pytest.raises(ModelError, match=r"there is no model 'mini' \(none is at hand"):
        resolve("mini")


def test_what_ships_is_listed_with_what_its_notes_say(
    no_package: Path, folders: dict[str, Path]
) -> None:
    shutil.copytree(folders["sd1"], no_package / "small")
    (no_package / "probe").mkdir()
    notes = {"licence": "CC BY 4.0", "dtypes": ["float32"], "zero_snr": True, "words": ["any"]}
    (no_package / "small" / "model.json").write_text(json.dumps(notes))
    (listed,) = known()
    assert (listed.name, listed.source) == ("small", "packaged:small")
    assert (listed.licence, listed.dtypes, listed.zero_snr) == ("CC BY 4.0", ("float32",), True)
    assert listed.sha256 == weights_sha256(no_package / "small")
    assert resolve("small").path == no_package / "small"


def test_a_folder_of_checkpoints_is_listed_without_what_is_no_checkpoint(
    no_package: Path, shelf: Path
) -> None:
    listed = {each.name: each for each in known()}
    assert {name: each.family for name, each in listed.items()} == {"painter": "sd1", "big": "sdxl"}
    assert listed["big"].bytes == (shelf / "big.safetensors").stat().st_size
    assert listed["big"].licence == "unknown"
    assert resolve("painter").path == shelf / "painter"


def test_a_hash_is_listed_once_it_is_known(no_package: Path, shelf: Path) -> None:
    def listed() -> str | None:
        return {each.name: each.sha256 for each in known()}["big"]

    assert listed() is None
    digest = weights_sha256(shelf / "big.safetensors")
    assert listed() == digest


def test_a_file_beside_a_checkpoint_speaks_for_it(shelf: Path) -> None:
    notes = {"licence": "OpenRAIL++", "prediction": "v_prediction", "guidance": 7.5}
    (shelf / "big.json").write_text(json.dumps(notes))
    assert resolve("big").licence == "OpenRAIL++"
    assert resolve(str(shelf / "big.safetensors")).prediction == "v_prediction"
    assert resolve("big").guidance == 7.5


def test_notes_that_say_nonsense_are_refused_in_one_line(shelf: Path) -> None:
    (shelf / "big.json").write_text('{"prediction": "magic"}')
    with pytest.raises(ModelError, match=r"big\.json: prediction = 'magic'") as caught:
        resolve("big")
    assert "\n" not in str(caught.value)


def test_the_hubs_cache_is_listed_with_the_licence_of_its_readme(
    no_package: Path, folders: dict[str, Path], tmp_path: Path
) -> None:
    shutil.copytree(folders["sd2"], tmp_path / "fetched")
    readme = "---\nlanguage: en\nlicense: openrail++\ntags: []\n---\n# A model\n"
    (tmp_path / "fetched" / "README.md").write_text(readme)
    put_into_cache(tmp_path / "fetched", "someone/painter-2")
    (listed,) = known()
    assert (listed.name, listed.source) == ("someone/painter-2", "hub:someone/painter-2")
    assert (listed.family, listed.licence) == ("sd2", "openrail++")
    assert resolve("someone/painter-2").family == "sd2"


def test_a_name_may_be_a_source_a_path_or_a_hub_id(
    shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shelf)
    for name in ("painter", "./painter", str(shelf / "painter"), f"file:{shelf}/painter"):
        assert resolve(name).path == shelf / "painter"
    assert resolve("owner/name@v1").source == "hub:owner/name@v1"
    assert resolve("hub:owner/name").place == "owner/name"


def test_a_path_that_exists_goes_before_a_hub_id(
    folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(folders["sd1"], tmp_path / "owner" / "name")
    monkeypatch.chdir(tmp_path)
    assert resolve("owner/name").source == f"file:{tmp_path}/owner/name"


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "hub:nonsense",
        "packaged:nothing",
        "file:nowhere",
        "x" * 5000,
        "~nobody-here/x",
        "\0",
    ],
)
def test_empty_and_impossible_names_are_refused(name: str) -> None:
    with pytest.raises(ModelError) as caught:
        resolve(name)
    assert len(str(caught.value)) < 300


def test_listing_imports_no_torch() -> None:
    import subprocess
    import sys

    code = (
        "import sys; from lookalike.models.catalogue import known; known(); "
        "print('torch' in sys.modules, 'transformers' in sys.modules)"
    )
    src = str(Path(catalogue.__file__).parents[2])
    out = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": src, "HOME": "/nonexistent", "PATH": "/usr/bin:/bin"},
    )
    assert out.stdout.split() == ["False", "False"]
