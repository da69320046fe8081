"""doit's notes where they cannot be written."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from buildtool.cli.database import TABLE, guarded, usable
from buildtool.core.errors import ConfigError, Problem

WHOLE = '{"_values_:": {"a": "b"}, "checker:": "MD5", "deps:": ["a"], "a": [1.5, 2, "b"]}'
SPOILT = ('{"a": 1}', '{"a": [1]}', '{"_values_:": []}', '{"deps:": 1}', '{"deps:": [[]]}')


def test_notes_that_have_no_room_are_told_and_not_raised(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    assert usable(path) == str(path)
    connection = sqlite3.connect(path)
    connection.execute("pragma max_page_count = 3")
    told: list[Problem] = []

    def close() -> None:
        connection.execute("insert into doit values ('plan:pi', ?)", ("x" * 100_000,))
        connection.commit()

    guarded(close, path, told.append)
    connection.close()
    (problem,) = told
    assert problem.where == str(path)
    assert problem.what == "cannot be used: database or disk is full"
    assert problem.todo.startswith("free some space")
    assert usable(path) == str(path)


def test_notes_that_can_be_written_are_written(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    usable(path)
    connection = sqlite3.connect(path)
    connection.execute(TABLE)
    connection.execute("insert into doit values ('plan:pi', '{}')")
    told: list[Problem] = []
    guarded(connection.commit, path, told.append)
    connection.close()
    assert told == []
    with sqlite3.connect(path) as again:
        assert again.execute("select task_id from doit").fetchall() == [("plan:pi",)]
    again.close()


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be used: unable to open database file"):
        usable(tmp_path / "gone" / "notes.db")


def test_what_they_say_of_a_task_and_cannot_be_read_is_taken_out(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    usable(path)
    with sqlite3.connect(path) as connection:
        rows = [("plan:pi", WHOLE), ("plan:x", '{"a": '), ("plan:y", None), ("plan:z", "[]")]
        rows += [(f"size:{place}", spoilt) for place, spoilt in enumerate(SPOILT)]
        connection.executemany("insert into doit values (?, ?)", rows)
    connection.close()
    usable(path)
    with sqlite3.connect(path) as again:
        assert again.execute("select task_id from doit").fetchall() == [("plan:pi",)]
    again.close()
