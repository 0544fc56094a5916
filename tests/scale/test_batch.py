"""Batches: every row once, whatever happens on the way."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from lookalike.cli.main import run
from lookalike.core.compute import Compute
from lookalike.core.errors import LookalikeError, OptionError, OutputError
from lookalike.core.records import Settings
from lookalike.models.catalogue import resolve
from lookalike.scale.batch import Batch, check_memory, run_here, summary
from lookalike.scale.manifest import Row, read_manifest
from lookalike.scale.reading import Opened, Shard, opened
from lookalike.scale.recipe import BatchRecipe, Task
from lookalike.scale.tasks import check, column_of, seed_of
from lookalike.session import Session
from lookalike.world.look import looks
from lookalike.world.render import render

POISON = "not-a-picture.png"


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    for number, look in enumerate(islice(looks("test"), 5)):
        render(look).save(folder / f"{number}.png")
    (folder / POISON).write_bytes(b"no picture at all")
    return folder


@pytest.fixture(scope="module")
def manifest(pictures: Path) -> Path:
    names = ["0.png", "1.png", POISON, "2.png", "missing.png", "3.png", "4.png"]
    rows = {"key": [f"row {n}" for n in range(len(names))], "picture": names}
    path = pictures / "manifest.parquet"
    pq.write_table(pa.table(rows), path)
    return path


def batch(manifest: Path | str, out: Path | str, task: Task = "embed", shard: int = 2) -> Batch:
    rows = read_manifest(str(manifest), column_of(task))
    recipe = BatchRecipe(
        task=task,
        manifest_sha256=rows.sha256,
        column=column_of(task),
        rows=len(rows.rows),
        shard=shard,
        settings=Settings(steps=1),
        model="mini",
    )
    return Batch(recipe, rows, str(out), device="cpu")


def files(folder: Path) -> dict[str, str]:
    """All files below a folder, by name, with a digest of what they hold."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def whole(manifest: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A batch that ran without a break."""
    out = tmp_path_factory.mktemp("batch") / "out"
    list(run_here(batch(manifest, out)))
    return out


def test_every_row_is_done_or_in_quarantine_with_its_fault(manifest: Path, whole: Path) -> None:
    done = pq.read_table(whole / "parts").column("key").to_pylist()
    spoilt = pq.read_table(whole / "quarantine").to_pylist()
    assert sorted(done) == ["row 0", "row 1", "row 3", "row 5", "row 6"]
    assert {each["key"]: each["value"] for each in spoilt} == {
        "row 2": POISON,
        "row 4": "missing.png",
    }
    assert all(each["value"] in each["fault"] for each in spoilt)
    assert summary(batch(manifest, whole).there()) == (5, 2)


def test_vectors_are_those_of_the_python_interface(pictures: Path, whole: Path) -> None:
    from lookalike.describe.nearness import looked

    rows = {r["key"]: r["vector"] for r in pq.read_table(whole / "parts").to_pylist()}
    session = Session("mini", device="cpu")
    with session.models.use("mini") as backbone:
        alone = looked(backbone.clip, [Image.open(pictures / "3.png").convert("RGB")])[0]
    np.testing.assert_allclose(rows["row 5"], alone.numpy(), atol=1e-5)


def test_a_stopped_batch_goes_on_and_ends_with_the_same_files(
    manifest: Path, whole: Path, tmp_path: Path
) -> None:
    work = run_here(batch(manifest, tmp_path / "out"))
    next(work)
    work.close()
    first = files(tmp_path / "out")
    times = {p: p.stat().st_mtime_ns for p in (tmp_path / "out" / "parts").iterdir()}
    assert len(list(run_here(batch(manifest, tmp_path / "out")))) == 3
    assert first.items() <= files(tmp_path / "out").items()
    assert files(tmp_path / "out") == files(whole)
    assert all(path.stat().st_mtime_ns == then for path, then in times.items())


def test_a_batch_that_is_done_has_nothing_more_to_do(manifest: Path, whole: Path) -> None:
    before = files(whole)
    assert list(run_here(batch(manifest, whole))) == []
    assert files(whole) == before


def test_a_row_that_ends_its_process_again_and_again_is_left_out(
    manifest: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    # What three processes leave behind that died over the shard, and three over its first row.
    (out / "begun").mkdir(parents=True)
    made = batch(manifest, out)
    (out / "batch.json").write_text(json.dumps(made.recipe.model_dump(mode="json")))
    (out / "begun" / "0000000.json").write_text('{"": 3, "row 0": 3}')
    list(run_here(made))
    spoilt = {e["key"]: e["fault"] for e in pq.read_table(out / "quarantine").to_pylist()}
    assert "ended 3 times" in spoilt["row 0"]
    assert "row 1" in pq.read_table(out / "parts").column("key").to_pylist()


def test_a_batch_runs_as_it_is_told_to_and_no_other_way(manifest: Path, tmp_path: Path) -> None:
    plain = batch(manifest, tmp_path / "out")
    plain.claim()
    kept = json.loads((tmp_path / "out" / "batch.json").read_text())
    del kept["compute"]  # as an earlier version wrote it
    (tmp_path / "out" / "batch.json").write_text(json.dumps(kept))
    plain.claim()
    how = Compute(dtype="bfloat16", sampler="unipc")
    other = replace(plain, recipe=plain.recipe.model_copy(update={"compute": how}))
    assert other.session().models.compute == how
    with pytest.raises(OutputError, match=r"another batch \(compute: None there"):
        other.claim()


def test_a_folder_of_another_batch_is_refused_and_left_alone(manifest: Path, whole: Path) -> None:
    before = files(whole)
    with pytest.raises(OutputError, match=r"another batch \(shard: 2 there, 3 now\)"):
        list(run_here(batch(manifest, whole, shard=3)))
    assert files(whole) == before


def test_a_folder_with_something_else_in_it_is_refused(manifest: Path, tmp_path: Path) -> None:
    (tmp_path / "holiday.txt").write_text("mine")
    with pytest.raises(OutputError, match="something else is there"):
        list(run_here(batch(manifest, tmp_path)))
    assert [each.name for each in tmp_path.iterdir()] == ["holiday.txt"]


def test_results_of_another_model_are_not_mixed(manifest: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    work = run_here(batch(manifest, out))
    next(work)
    work.close()
    part = out / "parts" / "part-0000000.parquet"
    table = pq.read_table(part)
    pq.write_table(table.replace_schema_metadata({b"lookalike_model_sha256": b"f" * 64}), part)
    with pytest.raises(OutputError, match=r"results of another model \(ffffffff"):
        list(run_here(batch(manifest, out)))


def test_pictures_are_made_from_prompts_and_each_key_has_its_own_seed(tmp_path: Path) -> None:
    rows = {"key": ["a", "b", "c"], "prompt": ["a man", "a man --seed 7", "a man --srf x"]}
    pq.write_table(pa.table(rows), tmp_path / "m.parquet")
    out = tmp_path / "out"
    list(run_here(batch(tmp_path / "m.parquet", out, "imagine", shard=3)))
    made = {e["key"]: e for e in pq.read_table(out / "parts").to_pylist()}
    assert {key: e["seed"] for key, e in made.items()} == {"a": seed_of("a"), "b": 7}
    for each in made.values():
        [path], [digest] = each["pictures"], each["sha256"]
        assert hashlib.sha256((out / path).read_bytes()).hexdigest() == digest
        assert Session("mini").recipe(out / path).seeds == (each["seed"],)
    [spoilt] = pq.read_table(out / "quarantine").to_pylist()
    assert spoilt["key"] == "c"
    assert "did you mean --sref" in spoilt["fault"]


def test_a_shard_without_a_good_row_has_the_columns_of_the_others(tmp_path: Path) -> None:
    rows = {"key": ["a"], "picture": ["nowhere.png"]}
    pq.write_table(pa.table(rows), tmp_path / "m.parquet")
    list(run_here(batch(tmp_path / "m.parquet", tmp_path / "out")))
    found = pq.read_table(tmp_path / "out" / "parts")
    assert found.num_rows == 0
    assert found.column_names == ["key", "vector"]


@pytest.fixture
def store() -> Iterator[str]:
    """An object store: one in memory, which fsspec brings."""
    import fsspec

    address = "memory://bucket"
    yield address
    fsspec.filesystem("memory").store.clear()


def test_manifest_pictures_and_results_can_lie_in_an_object_store(
    manifest: Path, pictures: Path, whole: Path, store: str
) -> None:
    import fsspec

    memory = fsspec.filesystem("memory")
    for path in pictures.iterdir():
        memory.pipe_file(f"{store}/in/{path.name}", path.read_bytes())
    made = batch(f"{store}/in/manifest.parquet", f"{store}/out")
    work = run_here(made)
    next(work)
    work.close()
    assert len(list(run_here(made))) == 3
    part = memory.cat_file(f"{store}/out/parts/part-0000001.parquet")
    assert part == (whole / "parts" / "part-0000001.parquet").read_bytes()
    assert summary(made.there()) == (5, 2)


@pytest.mark.parametrize(
    ("columns", "line"),
    [
        ({"key": ["a"]}, "lacks the column picture; it has key"),
        ({"key": ["a"], "pictures": ["x"]}, "did you mean pictures?"),
        ({"key": ["a"], "picture": [1.5]}, "holds double; it should hold text"),
        ({"key": ["a", "b"], "picture": ["x", None]}, "picture is empty in row 1"),
        ({"key": ["a", "b", "a"], "picture": ["x"] * 3}, "'a' stands in rows 0 and 2"),
        ({"key": [], "picture": []}, "holds no row"),
    ],
)
def test_a_manifest_that_cannot_be_used_is_one_line(
    columns: dict[str, list[object]], line: str, tmp_path: Path
) -> None:
    path = tmp_path / "m.parquet"
    kinds = {name: pa.string() for name, each in columns.items() if not each}
    pq.write_table(
        pa.table(
            {n: pa.array(v, kinds[n]) if n in kinds else pa.array(v) for n, v in columns.items()}
        ),
        path,
    )
    with pytest.raises(OptionError) as caught:
        read_manifest(str(path), "picture")
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["nowhere.parquet"], "there is no manifest to read: cannot read nowhere.parquet"),
        (["m.parquet", "--by", "phrases"], "embed knows no --by"),
        (["m.parquet", "--workers", "0"], "--workers '0'"),
        (["m.parquet", "--workers", "2"], "--workers is for --on ray"),
        (["m.parquet", "--option", "phrases"], "it reads NAME=VALUE"),
        (["m.parquet", "--model", "nothing"], "there is no model 'nothing'"),
        (["m.parquet", "--column", "photo"], "lacks the column photo"),
        (["m.parquet", "--out", "a-file"], "something else is there"),
        (["m.parquet", "--on", "ray", "--address", "127.0.0.1:1"], "no Ray cluster answers at"),
    ],
)
def test_a_wrong_command_is_one_line_and_writes_nothing(
    arguments: list[str],
    line: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    pq.write_table(pa.table({"key": ["a"], "picture": ["x.png"]}), "m.parquet")
    Path("a-file").write_text("mine")
    before = files(tmp_path)
    code = run(["batch", "--do", "embed", "--out", "out", *arguments])
    said = capsys.readouterr().err
    assert code == 2
    assert line in said
    assert len(said.splitlines()) == 1
    assert files(tmp_path) == before


def test_memory_that_does_not_do_is_told_beforehand() -> None:
    with pytest.raises(OptionError, match=r"4 workers .* need about 18\.7 GiB.*--workers 1 fits"):
        check_memory(2 * 2**30, 4, 6 * 2**30)
    check_memory(2 * 2**30, 1, 6 * 2**30)
    check_memory(2 * 2**30, 1, 4 * 2**30, half=True)


def test_what_runs_in_half_precision_needs_half_the_memory(
    manifest: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    spec = resolve("mini").model_copy(update={"bytes": 8 * 2**30})
    monkeypatch.setattr("lookalike.models.catalogue.resolve", lambda _: spec)
    monkeypatch.setattr("lookalike.core.memory.free_here", lambda: 12 * 2**30)
    line = ["batch", str(manifest), "--do", "embed", "--out", str(tmp_path / "out")]
    assert run(line) == 2
    assert "1 worker of this model need about 16.7 GiB" in capsys.readouterr().err
    monkeypatch.setenv("LOOKALIKE_DTYPE", "bfloat16")
    assert run(line) == 0


def test_a_fault_of_the_command_is_not_a_rows_fault(manifest: Path, tmp_path: Path) -> None:
    made = batch(manifest, tmp_path / "out", "convert")
    wrong = made.recipe.model_copy(update={"by": "nothing"})
    with pytest.raises(LookalikeError, match="nothing"):
        check(wrong)


def test_an_opened_shard_is_the_same_after_its_way_to_another_machine(pictures: Path) -> None:
    rows = [Row("a", "0.png"), Row("b", POISON), Row("c", "1.png")]
    before = opened(Shard(3, rows), str(pictures))
    after = Opened.unpacked(before.packed())
    assert (after.shard, dict(after.faults)) == (before.shard, dict(before.faults))
    assert list(after.pictures) == ["a", "c"]
    for key, pixels in before.pictures.items():
        np.testing.assert_array_equal(after.pictures[key], pixels)
