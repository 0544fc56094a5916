"""`lookalike studio` says in one line why it cannot start."""

from __future__ import annotations

import socket
from pathlib import Path
from unittest.mock import create_autospec

import pytest

from lookalike.core.compute import Compute
from lookalike.studio import serving
from lookalike.studio.data import DataFolder, Lock
from lookalike.studio.token import is_token, kept_token, new_token
from tests.cli.conftest import Ask


@pytest.fixture(autouse=True)
def _own_folder(own_place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOOKALIKE_STUDIO", str(own_place / "studio"))


def test_a_port_that_is_taken_is_told(ask: Ask) -> None:
    with socket.create_server(("127.0.0.1", 0)) as wire:
        port = wire.getsockname()[1]
        answer = ask(["studio", "--port", str(port)])
    assert (answer.code, answer.out) == (2, "")
    assert answer.err == (
        f"lookalike: cannot listen on 127.0.0.1:{port}: the port is taken; name another with "
        "--port, or 0 for any that is free\n"
    )


def test_sharing_needs_a_token(ask: Ask, own_place: Path) -> None:
    answer = ask(["studio", "--share-on", "127.0.0.1", "--port", "0"])
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("lookalike: --share-on lets others in, and needs a token: add --n")


def test_a_token_is_kept_as_its_hash_alone(tmp_path: Path) -> None:
    token = new_token(tmp_path / "token")
    kept = kept_token(tmp_path / "token")
    assert token not in (tmp_path / "token").read_text()
    assert (is_token(token, kept), is_token(token[:-1], kept)) == (True, False)
    assert new_token(tmp_path / "token") != token
    assert not is_token(token, kept_token(tmp_path / "token"))


def test_a_second_start_says_where_the_first_runs(ask: Ask, own_place: Path) -> None:
    data = DataFolder(own_place / "studio")
    data.prepare()
    lock = Lock(data, "http://127.0.0.1:7860")
    answer = ask(["studio", "--port", "0"])
    lock.release()
    assert answer.code == 2
    assert "it runs at http://127.0.0.1:7860; stop it first" in answer.err


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--share-on", "nowhere.invalid"], "'nowhere.invalid' is no address of this machine"),
        (["--share-on", "192.0.2.1"], "this machine has no such address"),
        (["--data", "file"], "cannot keep data in"),
        (["--model", "nothing"], "there is no model 'nothing'"),
        (["--port", "70000"], "--port"),
        (["--disk", "0"], "--disk"),
        (["--compute", "unipcc"], "--compute knows no unipcc; did you mean unipc?"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(
    ask: Ask, own_place: Path, arguments: list[str], why: str
) -> None:
    (own_place / "file").touch()
    answer = ask(["studio", "--port", "0", *arguments])
    assert (answer.code, answer.out) == (2, "")
    assert why in answer.err
    assert answer.err.count("\n") == 1


def test_a_broken_database_is_told_and_left_alone(ask: Ask, own_place: Path) -> None:
    (own_place / "studio").mkdir()
    (own_place / "studio" / "studio.db").write_bytes(b"broken" * 1000)
    answer = ask(["studio", "--port", "0"])
    assert (answer.code, answer.err.count("\n")) == (2, 1)
    assert "studio.db cannot be used: file is not a database" in answer.err


def test_the_studio_runs_models_as_it_is_told_to(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    serve = create_autospec(serving.serve)
    monkeypatch.setattr(serving, "serve", serve)
    answer = ask(["studio", "--compute", "bfloat16,unipc"])
    assert (answer.code, answer.err) == (0, "")
    assert serve.call_args.kwargs["compute"] == Compute(dtype="bfloat16", sampler="unipc")
