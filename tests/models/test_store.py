"""Models lends backbones: warm, one borrower at a time, on the device asked for."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
import torch

from lookalike.core.errors import ModelError
from lookalike.models.catalogue import resolve
from lookalike.models.hashing import weights_sha256
from lookalike.models.spec import ModelSpec
from lookalike.models.store import Models


@pytest.fixture(scope="module")
def warm() -> Models:
    return Models("cpu")


def test_a_backbone_is_kept_until_it_is_freed(files: dict[str, Path]) -> None:
    models = Models("cpu")
    with models.use(str(files["sd1"])) as first:
        pass
    with models.use(str(files["sd1"])) as again:
        assert again is first
    models.free()
    with models.use(str(files["sd1"])) as fresh:
        assert fresh is not first


def test_a_backbone_knows_its_name_hash_and_folder(
    warm: Models, files: dict[str, Path], folders: dict[str, Path]
) -> None:
    with warm.use(str(files["sd1"])) as single, warm.use(str(folders["sd1"])) as whole:
        assert (single.name, single.folder) == ("sd1", None)
        assert single.sha256 == weights_sha256(files["sd1"])
        assert (whole.name, whole.folder) == ("sd1", folders["sd1"])
        assert whole.sha256 == weights_sha256(folders["sd1"])
        assert single.space == whole.space
        assert whole.space.startswith("sd1:")
        assert len(whole.space) == 24


def test_one_thread_at_a_time_has_a_backbone(warm: Models, files: dict[str, Path]) -> None:
    name, order = str(files["sd1"]), []
    inside = threading.Event()

    def borrow() -> None:
        inside.wait()
        with warm.use(name):
            order.append("second")

    other = threading.Thread(target=borrow)
    other.start()
    with warm.use(name):
        inside.set()
        other.join(0.2)
        order.append("first")
        with warm.use(name):  # the same thread may borrow again
            order.append("inner")
    other.join()
    assert order == ["first", "inner", "second"]


def test_a_backbone_in_use_is_not_freed_by_another_thread(
    warm: Models, files: dict[str, Path]
) -> None:
    with warm.use(str(files["sd1"])) as lent:
        freeing = threading.Thread(target=warm.free)
        freeing.start()
        freeing.join()
        with warm.use(str(files["sd1"])) as again:
            assert again is lent


def test_a_run_that_fails_gives_its_backbone_back(warm: Models, files: dict[str, Path]) -> None:
    class StoppedError(Exception):
        pass

    with pytest.raises(StoppedError), warm.use(str(files["sd1"])):
        raise StoppedError
    got = threading.Event()

    def borrow() -> None:
        with warm.use(str(files["sd1"])):
            got.set()

    other = threading.Thread(target=borrow)
    other.start()
    other.join(20)
    assert got.is_set()


def test_a_spec_may_overrule_what_the_files_say(
    warm: Models, files: dict[str, Path], folders: dict[str, Path]
) -> None:
    for path in (files["sd2"], folders["sd2"]):
        spec = resolve(str(path)).model_copy(update={"prediction": "epsilon", "zero_snr": True})
        with warm.use(spec) as overruled:
            assert overruled.scheduler_config["prediction_type"] == "epsilon"
            assert overruled.scheduler(2).config["rescale_betas_zero_snr"]
        with warm.use(str(path)) as plain:
            assert plain.scheduler_config["prediction_type"] == "v_prediction"


def test_precision_follows_the_device_and_what_the_model_bears() -> None:
    spec = ModelSpec(name="x", source="hub:some/x", dtypes=("float32", "bfloat16"))
    assert Models("cpu").dtype(spec) == torch.float32
    assert Models("cpu", "bfloat16").dtype(spec) == torch.bfloat16
    with pytest.raises(ModelError, match="x does not bear float16; it bears float32, bfloat16"):
        Models("cpu", "float16").dtype(spec)


def test_cuda_is_used_in_half_precision_where_it_is_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    bears, not_bears = (
        ModelSpec(name="x", source="hub:some/x", dtypes=dtypes)
        for dtypes in (("float32", "float16"), ("float32",))
    )
    assert Models().device == torch.device("cuda")
    assert Models().dtype(bears) == torch.float16
    assert Models().dtype(not_bears) == torch.float32


@pytest.mark.parametrize("name", ["cuda:99", "tpu", "nonsense:x", "meta"])
def test_a_device_that_is_not_there_is_said_in_one_line(name: str) -> None:
    with pytest.raises(ModelError, match="there is no device"):
        _ = Models(name).device


def test_making_a_store_touches_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> bool:
        raise AssertionError

    monkeypatch.setattr(torch.cuda, "is_available", refuse)
    Models()


def test_a_name_means_the_same_model_while_it_is_lent(
    files: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    models, name = Models("cpu"), str(files["sd1"])
    with models.use(name) as lent, monkeypatch.context() as patch:
        patch.setattr("lookalike.models.catalogue.resolve", lambda _: pytest.fail("looked up"))
        with models.use(name) as again:
            assert again is lent
        assert models.at_hand(name) is lent
    with monkeypatch.context() as patch:
        patch.setattr("lookalike.models.catalogue.resolve", lambda _: resolve("mini"))
        assert models.at_hand(name) is None
