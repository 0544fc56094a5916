"""Tuning and learning on the command line: bad folders, full disks, and pictures made again."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest
from safetensors.torch import load_file

from lookalike.convert.learning import tuning
from lookalike.convert.learning.artefact import read_domain
from lookalike.world.look import draw
from lookalike.world.render import render
from tests.cli.conftest import Answer, Ask
from tests.cli.test_interrupt import STOPPED, interrupted
from tests.convert.learning import forget
from tests.engine.tiny import noise_picture

QUICK = ["--steps", "2", "--batch", "1", "--prompts", "2"]
SMALL = ["--steps", "1", "--count", "1", "--seed", "3"]
OUT = "domain.safetensors"


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """One noise level a judgement, and sheets of one step: what is promised needs no more."""
    from lookalike.session import learning

    monkeypatch.setattr(tuning, "LEVELS", 1)
    monkeypatch.setattr(learning, "SAMPLE", learning.SAMPLE.model_copy(update={"steps": 1}))


@pytest.fixture
def folder(own_place: Path) -> Path:
    """Three pictures, and things that are none."""
    made = own_place / "people"
    made.mkdir()
    for number in range(3):
        noise_picture(seed=number).save(made / f"{number}.png")
    (made / "notes.txt").write_text("not meant as a picture")
    (made / "more").mkdir()
    return made


def held(path: str) -> tuple[dict[str, bytes], dict[str, str]]:
    """What a file holds, to the bit: its notes stand there in any order."""
    return {k: v.numpy().tobytes() for k, v in load_file(path).items()}, dict(
        read_domain(Path(path)).notes
    )


def tune(ask: Ask, tiny: str, *more: str) -> Answer:
    return ask(["tune", "people", "--out", OUT, "--model", tiny, *QUICK, *more])


def one_line(answer: Answer, said: str) -> None:
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err
    assert answer.err.count("\n") == 1


def test_a_tuning_tells_its_losses_and_its_file_and_keeps_what_it_is_of(
    ask: Ask, tiny: str, folder: Path
) -> None:
    answer = tune(ask, tiny, "--licence", "CC0 1.0")
    assert answer.code == 0
    told, path = answer.out.splitlines()
    assert told.startswith("held-out loss ")
    assert told.endswith("(3 pictures)")
    assert path == OUT
    assert "people holds 3 pictures; about 100 make a domain" in answer.err
    domain = read_domain(Path(OUT))
    assert (domain.notes["licence"], domain.notes["pictures"]) == ("CC0 1.0", "3")
    assert domain.recipe.schedule.steps == 2


def test_broken_pictures_among_good_ones_are_counted_and_named(
    ask: Ask, tiny: str, folder: Path
) -> None:
    (folder / "bad.png").write_bytes(b"no picture")
    (folder / "cut.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    (folder / "empty.webp").touch()
    answer = tune(ask, tiny)
    assert answer.code == 0
    assert "(3 pictures, 3 left out)" in answer.out
    [line] = [one for one in answer.err.splitlines() if "left out" in one]
    assert line.startswith("lookalike: 3 of people's files cannot be read")
    assert line.endswith("bad.png, cut.jpg, empty.webp")


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (["0.png"], "people holds one picture, 0.png"),
        ([], "people holds no pictures"),
        (None, "people is not there; name a folder of pictures"),
    ],
)
def test_a_folder_with_too_few_pictures_or_none_is_refused_in_a_line(
    ask: Ask, tiny: str, folder: Path, left: list[str] | None, said: str
) -> None:
    for path in folder.glob("*.png"):
        if path.name not in (left or []):
            path.unlink()
    if left is None:
        folder.rename("elsewhere")
    one_line(tune(ask, tiny), said)
    assert not list(Path().glob(f"*{OUT}*"))


def test_a_file_in_place_of_the_folder_and_broken_pictures_alone_are_refused(
    ask: Ask, tiny: str, folder: Path
) -> None:
    for path in folder.glob("*.png"):
        path.write_bytes(b"x")
    one_line(tune(ask, tiny), "people holds no pictures")
    answer = ask(["tune", "people/0.png", "--out", OUT, "--model", tiny, *QUICK])
    one_line(answer, "0.png is a file; name a folder of pictures")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--steps", "0"], "--steps"),
        (["--batch", "0"], "--batch"),
        (["--rate", "0"], "--rate"),
        (["--rate", "nan"], "--rate"),
        (["--prompts", "1000"], "--prompts"),
        (["--scope", "everything"], "--scope"),
    ],
)
def test_an_option_out_of_range_is_refused_by_name_in_a_line(
    ask: Ask, tiny: str, folder: Path, given: list[str], said: str
) -> None:
    one_line(tune(ask, tiny, *given), said)
    assert not list(Path().glob(f"*{OUT}*"))


def test_a_file_that_is_there_is_not_written_over(ask: Ask, tiny: str, folder: Path) -> None:
    Path(OUT).write_text("mine")
    one_line(tune(ask, tiny), "exists already; name another file")
    assert Path(OUT).read_text() == "mine"
    assert not Path(f"{OUT}.run").exists()


def test_another_tuning_in_the_same_place_is_refused_in_a_line(
    ask: Ask, tiny: str, folder: Path
) -> None:
    tune(ask, tiny)
    Path(OUT).unlink()
    answer = tune(ask, tiny, "--seed", "9")
    assert answer.code == 2
    assert "holds a tuning of other pictures, another recipe or another model" in answer.err
    assert not Path(OUT).exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    "where",
    [
        "the result",
        pytest.param("the best weights", marks=pytest.mark.slow),
        pytest.param("the checkpoint", marks=pytest.mark.slow),
    ],
)
def test_a_full_disk_is_told_and_the_run_goes_on_afterwards(
    ask: Ask, tiny: str, folder: Path, own_place: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    parts = {"the result": OUT, "the best weights": "best", "the checkpoint": "checkpoint"}
    tune(ask, tiny)
    whole = held(OUT)
    Path(OUT).rename("whole.safetensors")
    Path(f"{OUT}.run").rename("whole.run")
    synced = os.fsync

    def full(descriptor: int) -> None:
        # A part is named after what it will be, with a point before it.
        if any(own_place.rglob(f".{parts[where]}*.part")):
            raise OSError(errno.ENOSPC, "No space left on device")
        synced(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        answer = tune(ask, tiny)
    assert (answer.code, answer.out) == (2, "")
    [line] = [one for one in answer.err.splitlines() if "about 100" not in one]
    assert line.startswith("lookalike: cannot write ")
    assert line.endswith("no space left on the disk")
    assert not Path(OUT).exists()
    assert not list(own_place.rglob("*.part"))
    assert tune(ask, tiny).code == 0
    assert held(OUT) == whole


@pytest.mark.slow
def test_a_domain_is_used_by_its_own_base_alone_and_again_wants_the_very_file(
    ask: Ask, tiny: str, folder: Path, picture: str
) -> None:
    tune(ask, tiny)
    render(draw(1), 64).save("known.png")  # mini has nothing to say of such a picture
    by = ["--by", "tuned", "--weights", OUT]
    answer = ask(["convert", "known.png", "--out", "e.safetensors", *by])
    one_line(answer, "was tuned on")
    edited = ask(["edit", picture, "a hat", "--model", tiny, *by, *SMALL])
    assert edited.code == 0
    made = edited.out.strip()
    recipe = json.loads(ask(["recipe", made, "--json"]).out)
    assert list(recipe["adapters"]) == [OUT]
    before = Path(made).read_bytes()
    again = ask(["again", made])
    assert (again.code, again.err) == (0, "")
    assert Path(made).read_bytes() == before
    Path(OUT).write_bytes(Path(OUT).read_bytes()[:-1] + b"\1")
    one_line(ask(["again", made]), f"{OUT} has changed since")
    Path(OUT).unlink()
    one_line(ask(["again", made]), "missing: there is no weight file")


@pytest.mark.slow
def test_a_variation_that_learns_online_is_made_again(ask: Ask, tiny: str, picture: str) -> None:
    few = ["--by", "online", "--batch", "1", "--prompts", "2", "--rate", "0.01"]
    made = ask(["vary", picture, "--model", tiny, *few, *SMALL])
    assert (made.code, made.err) == (0, "")
    options = json.loads(ask(["recipe", made.out.strip(), "--json"]).out)["options"]
    assert (options["by"], options["by.prompts"]) == ("online", 2)
    forget()
    again = ask(["again", made.out.strip()])
    assert (again.code, again.err) == (0, "")  # told on stderr where pixels differ


def test_a_subject_is_learnt_and_listed_and_read(ask: Ask, tiny: str, picture: str) -> None:
    few = ["--steps", "1", "--batch", "1", "--prompts", "2"]
    answer = ask(["learn", picture, "--as", "hero", "--model", tiny, *few])
    assert (answer.code, answer.out) == (0, "@hero\n")
    [found] = json.loads(ask(["saved", "--json"]).out)
    assert (found["kind"], found["learnt"]["by"]) == ("prompt", "online")
    made = ask(["imagine", "@hero a cat", "--model", tiny, *SMALL])
    assert (made.code, made.err) == (0, "")
    one_line(ask(["learn", picture, "--as", "hero", "--model", tiny, *few]), "@hero is taken")
    one_line(ask(["learn", "gone.png", "--as", "h", "--model", tiny, *few]), "gone.png")
    many = [picture] * 6
    one_line(ask(["learn", *many, "--as", "h", "--model", tiny, *few]), "1 to 5 pictures")


@pytest.mark.slow
def test_a_tuning_that_was_stopped_ends_with_the_same_file_as_an_unbroken_one(
    ask: Ask, tiny: str, folder: Path, own_place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = f"tune people --model {tiny} --steps 400 --batch 2 --prompts 2 --rate 0.0001"
    ended = interrupted(
        f"{line} --out stopped.safetensors", "stopped.*.run/held-out.json", own_place
    )
    assert (ended.returncode, ended.stdout) == (130, "")
    assert ended.stderr.endswith(STOPPED)
    assert not Path("stopped.safetensors").exists()
    assert not list(own_place.rglob("*.part"))
    monkeypatch.undo()
    monkeypatch.chdir(own_place)
    assert ask(f"{line} --out stopped.safetensors".split()).code == 0
    assert ask(f"{line} --out whole.safetensors".split()).code == 0
    assert held("stopped.safetensors") == held("whole.safetensors")
