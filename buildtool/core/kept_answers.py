"""What programs have answered, kept for as long as all that the answer rests on is as it was.

A compiler says the same of itself each time that it is asked, and to ask it takes longer than to
decide what is built. An answer names the files and folders that it rests on; it counts while what
the file system says of each is the same: device, inode, size and times, also that of the last
change of any of these, which nobody can set back. One that was not there must still not be there.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from buildtool.core.own_digest import tool_digest
from buildtool.core.own_files import load_kept_json
from buildtool.core.render import write_if_changed
from buildtool.core.run import Command, environment

FORMAT = 1
# What is another in each terminal, and what no compiler looks at.
_OF_TERMINALS = frozenset(
    (
        *("_", "PWD", "OLDPWD", "SHLVL", "TERM", "COLUMNS", "LINES", "WINDOWID", "LS_COLORS"),
        *("SSH_CLIENT", "SSH_CONNECTION", "SSH_TTY", "XDG_SESSION_ID", "TERM_SESSION_ID"),
    )
)
# A file that changed no longer ago than this may have been another when it was read: the clock of
# a file system goes in steps.
_STEP = 20_000_000  # ns
_MOST = 400


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What was answered, and the paths of all that this ``rests_on``: of files, of folders in which
    another one could come, of what was looked for in vain. None: nobody knows, so that it is to be
    asked again."""

    text: str
    rests_on: Iterable[str] | None


@dataclass(frozen=True)
class KeptAnswers:
    """Answers kept in ``folder``, one file for each question in each environment, the last ones of
    all. What cannot be written is not kept."""

    folder: Path

    def ask(self, question: Sequence[str], ask: Callable[[], Reply]) -> str:
        """The answer to ``question``, which says all that decides it besides files and the
        environment; where none is known that still counts, that of ``ask``."""
        path = self._file([*_around(), *question])
        known = load_kept_json(path, _still_true)
        if known is not None:
            return known
        before = time.time_ns() - _STEP
        reply = ask()
        states = {} if reply.rests_on is None else {each: state(each) for each in reply.rests_on}
        if states and all(_changed(each) < before for each in states):
            self._keep(path, {"states": states, "text": reply.text})
        return reply.text

    def derive(self, question: Sequence[str], find: Callable[[], str]) -> str:
        """What this tool finds out of things that ``question`` names by their content, all of
        them."""
        path = self._file([tool_digest(), *question])
        known = load_kept_json(path, lambda stored: str(stored["text"]))
        if known is None:
            known = find()
            self._keep(path, {"text": known})
        return known

    def _file(self, question: Sequence[str]) -> Path:
        text = json.dumps([FORMAT, *question])
        return self.folder / f"{hashlib.sha256(text.encode()).hexdigest()[:32]}.json"

    def _keep(self, path: Path, kept: Mapping[str, Any]) -> None:
        with contextlib.suppress(OSError):
            write_if_changed(path, json.dumps(kept))
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        """Environments come and go, and their answers with them."""
        files = sorted(self.folder.glob("*.json"), key=lambda file: file.stat().st_mtime_ns)
        for file in files[:-_MOST]:
            file.unlink(missing_ok=True)


def state(path: str) -> str:
    """A value that changes with the file or folder at ``path``; empty where there is none."""
    try:
        found = os.stat(path)  # noqa: PTH116 - hundreds for each answer
    except (OSError, ValueError):
        return ""
    times = f"{found.st_mtime_ns} {found.st_ctime_ns}"
    return f"{found.st_dev} {found.st_ino} {found.st_size} {times}"


def _changed(path: str) -> int:
    return int(state(path).rpartition(" ")[2] or 0)


def _around() -> list[str]:
    """What else a program that is started can see: its environment, and where it is started."""
    seen = environment(Command(argv=()))
    told = (f"{name}={value}" for name, value in seen.items() if name not in _OF_TERMINALS)
    return [os.getcwd(), *sorted(told)]  # noqa: PTH109


def _still_true(stored: Mapping[str, Any]) -> str | None:
    if any(state(path) != was for path, was in stored["states"].items()):
        return None
    return str(stored["text"])
