"""A data folder that cannot be used is told in one line, before anything is begun."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from lookalike.core.errors import LookalikeError, OutputError
from lookalike.core.places import studio_folder
from lookalike.studio.data import DataFolder
from lookalike.studio.database import VERSION, Database
from lookalike.studio.studio import Studio
from tests.studio.conftest import Counting


def test_a_second_studio_says_where_the_first_runs(tmp_path: Path) -> None:
    with (
        Studio(tmp_path, Counting(), address="http://127.0.0.1:7860"),
        pytest.raises(OutputError, match=r"it runs at http://127\.0\.0\.1:7860; stop it first"),
    ):
        Studio(tmp_path, Counting())
    Studio(tmp_path, Counting()).close()


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"cannot keep data in .*: "):
        DataFolder(tmp_path / "file" / "below").prepare()
    with pytest.raises(OutputError, match="a file is in the way"):
        DataFolder(tmp_path / "file").prepare()


def test_a_database_that_is_none_is_told_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "studio.db"
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(LookalikeError, match="cannot be used: file is not a database; move it"):
        Studio(tmp_path, Counting())
    assert path.read_bytes() == b"no database at all" * 100
    path.unlink()
    Studio(tmp_path, Counting()).close()  # the lock was let go of


def test_a_database_of_a_later_version_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "studio.db") as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    connection.close()
    with pytest.raises(LookalikeError, match="is of a later lookalike"):
        Database(tmp_path / "studio.db")


def test_the_database_is_in_wal_mode_and_for_this_user_alone(tmp_path: Path) -> None:
    Studio(tmp_path / "data", Counting()).close()
    connection = sqlite3.connect(tmp_path / "data" / "studio.db")
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()
    if os.name != "nt":
        assert (tmp_path / "data").stat().st_mode & 0o077 == 0


def test_the_folder_is_named_by_a_variable(home: Path) -> None:
    assert studio_folder() == home / "studio"
