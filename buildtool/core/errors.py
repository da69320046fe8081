"""Every error that a user can cause or meet, and the exit code of its class.

A stage collects :class:`Problem` values and raises one :class:`BuildToolError` that carries all of
them, so that one run says everything that is wrong. Nothing else in the package calls ``sys.exit``;
``tasks`` turns these errors into doit failures.
"""

from __future__ import annotations

import contextlib
import enum
import errno
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from buildtool.core.terminal import paragraph

T = TypeVar("T")

_MOST_TOLD = 50
# A command that repeats a step is told whole; compilers get some hundred words.
_MOST_TO_DO = 30_000


class ExitCode(enum.IntEnum):
    """Process exit codes, one per class of failure, stable across releases."""

    OK = 0
    INTERNAL = 1
    BAD_CONFIG = 3
    MISSING_TOOL = 4
    UNSUPPORTED_MODEL = 5
    FAILED_BUILD = 6
    FAILED_VERIFICATION = 7
    OVER_BUDGET = 8
    FAILED_DOWNLOAD = 9


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing that is wrong.

    ``where`` is ``file:line``, a path, or ``model: node``; ``what`` says what is wrong; ``todo``
    says what would be right or what to do next.
    """

    where: str
    what: str
    todo: str = ""

    def __str__(self) -> str:
        what = paragraph(self.what)
        text = f"{paragraph(self.where)}: {what}" if self.where else what
        return f"{text}\n    {paragraph(self.todo, _MOST_TO_DO)}" if self.todo else text


def tell_all(problems: Sequence[Problem]) -> str:
    """The problems as people read them: the first of them, and how many more there are."""
    lines = [str(problem) for problem in problems[:_MOST_TOLD]]
    if (more := len(problems) - _MOST_TOLD) > 0:
        lines.append(f"... and {more} more problems; mend these first")
    return "\n".join(lines)


class BuildToolError(Exception):
    """A failure with a cause that the user can mend. Carries one or more problems."""

    exit_code: ExitCode = ExitCode.INTERNAL

    def __init__(self, problems: Problem | Iterable[Problem]) -> None:
        self.problems: Sequence[Problem] = (
            (problems,) if isinstance(problems, Problem) else tuple(problems)
        )
        super().__init__(tell_all(self.problems))


class ConfigError(BuildToolError):
    """A target file, a command-line value or an input file is wrong or missing."""

    exit_code = ExitCode.BAD_CONFIG


class ToolError(BuildToolError):
    """A compiler, SDK, emulator or other tool is missing, too old or does not work."""

    exit_code = ExitCode.MISSING_TOOL


class ModelError(BuildToolError):
    """The model cannot run on the library of this tree and target, or cannot be read."""

    exit_code = ExitCode.UNSUPPORTED_MODEL


class BuildError(BuildToolError):
    """A native build or another process failed."""

    exit_code = ExitCode.FAILED_BUILD


class VerificationError(BuildToolError):
    """An artefact does not hold what the plan promised."""

    exit_code = ExitCode.FAILED_VERIFICATION


class BudgetError(BuildToolError):
    """An artefact is larger than its size budget."""

    exit_code = ExitCode.OVER_BUDGET


class DownloadError(BuildToolError):
    """A source could not be fetched from any of its places, or is not the one that was locked."""

    exit_code = ExitCode.FAILED_DOWNLOAD


class Attempts:
    """Tries one thing after the other, and keeps the errors, so that all are reported together."""

    def __init__(self) -> None:
        self.failures: list[BuildToolError] = []

    def __call__(self, make: Callable[[], T]) -> T | None:
        """What ``make`` gives; None if it fails."""
        try:
            return make()
        except BuildToolError as failure:
            self.failures.append(failure)
            return None

    def failure(self) -> BuildToolError:
        """All failures as one. A mistake of the user's counts as one, even where tools are missing
        as well."""
        problems = [problem for each in self.failures for problem in each.problems]
        kinds = [type(each) for each in self.failures]
        return (ConfigError if ConfigError in kinds else kinds[0])(problems)


# What reading and writing fail with, for people to mend; EFBIG is a limit on the size of files.
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FORBIDDEN = (
    *(errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EISDIR, errno.EEXIST),
    *(errno.ELOOP, errno.ENAMETOOLONG, errno.ENOTEMPTY),
)
_BROKEN = (errno.EIO, errno.ESTALE, errno.ENXIO, errno.ENODEV)
_USED_UP = (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN)


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Names the file in a failure to write it: that of a full disk names none."""
    try:
        yield
    except OSError as failure:
        failure.filename = str(path)
        raise


def disk_full(place: str) -> Problem:
    """There is no room left where something was written."""
    what = "the disk is full, or a limit on the size of files is reached"
    return Problem(where=place, what=what, todo="free some space and run the same again")


def disk_problem(failure: OSError, where: str) -> Problem | None:
    """A failure to write in words, or None if it is of another kind."""
    place = str(failure.filename or where)
    if failure.errno in _FULL:
        return disk_full(place)
    if failure.errno in _FORBIDDEN:
        what = f"cannot be used: {failure.strerror}"
        todo = "mend its permissions, or move what is in the way, and run the same again"
        return Problem(where=place, what=what, todo=todo)
    if failure.errno in _BROKEN:
        what = f"cannot be used: {failure.strerror}"
        return Problem(where=place, what=what, todo="look at the disk, and run the same again")
    if failure.errno in _USED_UP:
        what = f"this machine gives no more of what is needed: {failure.strerror}"
        todo = "end other programs, or raise the limit (ulimit -a), and run the same again"
        return Problem(where=place, what=what, todo=todo)
    return None
