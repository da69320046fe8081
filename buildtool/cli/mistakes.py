"""The last net: a failure that nobody expected is told in a few lines, with a file that says the
rest and can be attached to a report."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import traceback
from collections.abc import Iterable, Sequence
from pathlib import Path

from buildtool.core.errors import ExitCode, Problem, disk_problem

# Lines of a traceback that are kept of each of its ends: a recursion has thousands.
_KEPT = 60


def tell_unexpected(failure: Exception, where: str, *, folder: Path) -> tuple[Problem, ExitCode]:
    """What is told of a failure that is none of ours, and what to end with. ``where`` is what was
    done. What the machine refused is for people to mend; of all else the traceback goes to a file
    in ``folder``, or where that cannot be written, in the folder for temporary files."""
    if isinstance(failure, OSError) and (problem := disk_problem(failure, where)):
        return problem, ExitCode.FAILED_BUILD
    if isinstance(failure, MemoryError):
        todo = "end other programs, give fewer or smaller models, or set 'jobs' to 1"
        return Problem(where=where, what="the memory is used up", todo=todo), ExitCode.FAILED_BUILD
    lines = traceback.format_exception(type(failure), failure, failure.__traceback__)
    return tell_traceback(lines, where, folder=folder), ExitCode.INTERNAL


def tell_traceback(lines: Sequence[str], where: str, *, folder: Path) -> Problem:
    """A mistake of this tool, of which only the lines of its traceback are known."""
    text = "".join(lines).rstrip("\n").splitlines()
    last = next((line for line in reversed(text) if line[:1].strip()), "")
    what = f"a mistake in this tool: {last}"
    written = _written(_report(text, where), where, folder)
    todo = f"please report it, with the file {written}" if written else "please report it"
    return Problem(where=where, what=what, todo=todo)


def _report(trace: Sequence[str], where: str) -> str:
    shown = list(trace)
    if (left_out := len(trace) - 2 * _KEPT) > 0:
        shown[_KEPT:-_KEPT] = [f"... {left_out} lines are left out ..."]
    python = f"Python {platform.python_version()}, {platform.platform()}"
    words = " ".join(sys.argv[1:])
    return "\n".join((f"task: {where}", f"words: {words}", python, "", *shown, ""))


def _written(text: str, where: str, folder: Path) -> Path | None:
    name = f"mistake-{where.replace(':', '-').replace('/', '-').replace(' ', '-')}.txt"
    for place in _places(folder, name):
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8", errors="backslashreplace")
        except OSError:
            continue
        return place
    return None


def _places(folder: Path, name: str) -> Iterable[Path]:
    yield folder / name
    yield Path(tempfile.gettempdir()) / f"buildtool-{os.getuid()}-{name}"
