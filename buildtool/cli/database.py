"""doit's notes of what is up to date: a file that may be spoilt, or have no room."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

from buildtool.core.errors import ConfigError, Problem

# As doit writes them (doit/dependency.py, SqliteDB).
TABLE = "create table if not exists doit (task_id text not null primary key, task_data json)"


def usable(path: Path) -> str:
    """The path of the notes, once it is known that they can be opened. What they say of a task and
    cannot be read is taken out: the task is then done again.

    Raises:
        ConfigError: they cannot, with the reason and what to do.
    """
    try:
        with contextlib.closing(sqlite3.connect(path)) as connection:
            connection.execute(TABLE)
            rows = connection.execute("select task_id, task_data from doit").fetchall()
            spoilt = [(name,) for name, data in rows if not _is_note(data)]
            connection.executemany("delete from doit where task_id = ?", spoilt)
            connection.commit()
    except sqlite3.Error as failure:
        raise ConfigError(_problem(path, failure)) from None
    return str(path)


def _is_note(data: object) -> bool:
    try:
        found = json.loads(data) if isinstance(data, str) else None
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and all(_fits(key, value) for key, value in found.items())


def _fits(key: str, value: object) -> bool:
    """Whether doit can read a value: its own names end with a colon, others are files."""
    match key:
        case "_values_:":
            return isinstance(value, dict)
        case "deps:":
            return isinstance(value, list) and all(isinstance(item, str) for item in value)
        case _ if key.endswith(":"):
            return True
        case _:
            return _is_state(value)


def _is_state(value: object) -> bool:
    """The time, size and hash of a file (doit/dependency.py, MD5Checker)."""
    match value:
        case [float() | int(), int(), str()]:
            return True
        case _:
            return False


def guarded(close: Callable[[], None], path: Path, tell: Callable[[Problem], None]) -> None:
    """Write the notes; if that fails, tell it: the next run then does more than it must."""
    try:
        close()
    except sqlite3.Error as failure:
        tell(_problem(path, failure))


def _problem(path: Path, failure: sqlite3.Error) -> Problem:
    todo = "free some space, or mend its permissions, and run the same again"
    if not isinstance(failure, sqlite3.OperationalError):
        todo = "remove this file; everything is then checked again"
    return Problem(where=str(path), what=f"cannot be used: {failure}", todo=todo)
