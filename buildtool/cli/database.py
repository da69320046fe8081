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
            spoilt = [(name,) for name, data in rows if not _is_json(data)]
            connection.executemany("delete from doit where task_id = ?", spoilt)
            connection.commit()
    except sqlite3.Error as failure:
        raise ConfigError(_problem(path, failure)) from None
    return str(path)


def _is_json(data: object) -> bool:
    try:
        return isinstance(json.loads(data), dict) if isinstance(data, str) else False
    except (ValueError, RecursionError):
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
