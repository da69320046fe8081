"""The only door to other processes.

Commands are argv lists, never shell strings. Output goes to a log file as it comes; what a user
sees on failure is the last lines, the log's place and a command that repeats the step.
"""

from __future__ import annotations

import contextlib
import os
import re
import resource
import shlex
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from buildtool.core.errors import BuildError, BuildToolError, Problem, ToolError

TAIL_LINES = 20
# Seconds in which a program answers a question of who it is, also on a machine that is busy.
ANSWER = 60.0
# Seconds after which what does one piece of work has hung: preprocessing all of TensorFlow takes
# minutes. A whole build is read line by line (:func:`stream`) and shows that it goes on.
LONGEST = 2 * 3600.0
# What a program of ours ends with that runs another one elsewhere and cannot, sysexits.h's
# EX_UNAVAILABLE: its standard error says why.
UNREACHED = 69
# What compilers, linkers, CMake and make take from the environment unasked (GCC manual 12,
# "Environment Variables Affecting GCC"; cmake-env-variables(7)): targets say all of that.
LEAKING = re.compile(
    r"(C|CXX|CPP|LD)FLAGS|CC|CXX|CPP|LD|AR|NM|RANLIB|STRIP|LDLIBS|CPATH"
    r"|C_INCLUDE_PATH|CPLUS_INCLUDE_PATH|LIBRARY_PATH|COMPILER_PATH|GCC_EXEC_PREFIX"
    r"|LD_RUN_PATH|DEPENDENCIES_OUTPUT|SUNPRO_DEPENDENCIES|CCC_OVERRIDE_OPTIONS|CMAKE_.*|MAKEFLAGS"
)


@dataclass(frozen=True, kw_only=True)
class Command:
    """A process to start: ``env`` holds only what differs from the environment we run in."""

    argv: tuple[str, ...]
    cwd: Path | None = None
    env: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        """A line that a shell accepts and that repeats the command."""
        settings = [f"{name}={shlex.quote(value)}" for name, value in sorted(self.env.items())]
        line = " ".join([*settings, shlex.join(self.argv)])
        return f"cd {shlex.quote(str(self.cwd))} && {line}" if self.cwd else line


@dataclass(frozen=True, kw_only=True)
class Completed:
    """What a finished process gave. Times are seconds; ``cpu`` is user and system time of the
    process and all its children."""

    returncode: int
    stdout: str
    cpu: float
    stderr: str = ""


def run(
    command: Command,
    *,
    what: str,
    log: Path | None = None,
    check: bool = True,
    stdin: bytes | None = None,
    timeout: float = LONGEST,
    error: type[BuildToolError] = BuildError,
) -> Completed:
    """Run ``command`` to its end and return its standard output.

    With ``log``, everything it prints is appended there, headed by the command line. ``what``
    names the step for people.

    Raises:
        ToolError: the program does not exist or may not be run.
        error: it ended with another code than 0 (unless ``check`` is false), or ran longer
            than ``timeout`` seconds.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    try:
        done = subprocess.run(
            command.argv,
            cwd=command.cwd,
            env=environment(command),
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            timeout=timeout,
            check=False,
        )
    except OSError as failure:
        raise _cannot_start(command, failure, what=what) from None
    except subprocess.TimeoutExpired:
        raise error(
            Problem(
                where=what,
                what=f"did not end within {timeout:.0f} s",
                todo=f"to repeat: {command}",
            )
        ) from None
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    stdout = done.stdout.decode("utf-8", "replace")
    stderr = done.stderr.decode("utf-8", "replace")
    if log is not None:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a", encoding="utf-8") as file:
            file.write(f"$ {command}\n{stdout}{stderr}")
    if check and done.returncode != 0:
        raise error(failure_problem(command, done.returncode, stdout + stderr, what=what, log=log))
    return Completed(
        returncode=done.returncode,
        stdout=stdout,
        stderr=stderr,
        cpu=after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
    )


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a process gave that was fed and answers in bytes."""

    returncode: int
    stdout: bytes
    stderr: str


def converse(
    command: Command, source: BinaryIO, *, what: str, timeout: float | None = None
) -> Answer:
    """Run ``command`` to its end with what ``source`` holds as its standard input, which stays open
    after that until it ends: it sees the end of its input only if we are gone.

    Raises:
        ToolError: the program does not exist or may not be run.
        TimeoutError: it ran longer than ``timeout`` seconds, and was ended.
    """
    reading, writing = os.pipe()
    try:
        process = subprocess.Popen(
            command.argv,
            env=environment(command),
            stdin=reading,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    except OSError as failure:
        os.close(writing)
        raise _cannot_start(command, failure, what=what) from None
    finally:
        os.close(reading)
    # One that has ended early reads no more, and closing tries once more to write.
    with contextlib.suppress(BrokenPipeError), os.fdopen(writing, "wb") as pipe:
        feeder = threading.Thread(target=_feed, args=(source, pipe))
        feeder.start()
        try:
            with process, _ended_with_us(process):
                stdout, stderr = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            raise TimeoutError from None
        finally:
            feeder.join()
    return Answer(
        returncode=process.returncode,
        stdout=stdout,
        stderr=stderr.decode("utf-8", "replace"),
    )


def _feed(source: BinaryIO, pipe: BinaryIO) -> None:
    with contextlib.suppress(BrokenPipeError):
        shutil.copyfileobj(source, pipe)
        pipe.flush()


def stream(
    command: Command,
    *,
    what: str,
    log: Path,
    on_line: Callable[[str], None],
) -> Completed:
    """Run ``command`` and hand on each line of its output as it comes; append all to ``log``.

    Standard error is merged into standard output. The exit code is for the caller to judge.
    Inheritable handles, which are locks, are passed on. If this is interrupted, so is the process.

    Raises:
        ToolError: the program does not exist or may not be run.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    log.parent.mkdir(parents=True, exist_ok=True)
    lines: list[str] = []
    try:
        process = subprocess.Popen(
            command.argv,
            cwd=command.cwd,
            env=environment(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            close_fds=False,
        )
    except OSError as failure:
        raise _cannot_start(command, failure, what=what) from None
    with process, _ended_with_us(process), log.open("a", encoding="utf-8") as file:
        file.write(f"$ {command}\n")
        for raw in process.stdout or ():
            line = raw.decode("utf-8", "replace").rstrip("\n")
            file.write(line + "\n")
            lines.append(line)
            on_line(line)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Completed(
        returncode=process.returncode,
        stdout="\n".join(lines),
        stderr="",
        cpu=after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
    )


def environment(command: Command) -> dict[str, str]:
    """What ``command`` sees: our own environment but for what leaks into builds; messages are in
    English, because some are looked for."""
    own = {name: value for name, value in os.environ.items() if not LEAKING.fullmatch(name)}
    return {**own, "LC_ALL": "C.UTF-8", **command.env}


@contextlib.contextmanager
def _ended_with_us(process: subprocess.Popen[bytes]) -> Iterator[None]:
    try:
        yield
    except BaseException:
        process.terminate()
        raise


def _cannot_start(command: Command, failure: OSError, *, what: str) -> ToolError:
    return ToolError(
        Problem(
            where=what,
            what=f"cannot start {command.argv[0]!r}: {failure.strerror}",
            todo="install it, or name its path in the target file",
        )
    )


def program_state(program: Path) -> str:
    """A cheap value that changes when another program is put in its place, under the same name
    too."""
    state = program.stat()
    return f"{program} {state.st_size} {state.st_mtime_ns}"


def new_log(log: Path) -> None:
    """Begin a log anew, which commands then append to."""
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text("", encoding="utf-8")


def failure_problem(
    command: Command, returncode: int, output: str, *, what: str, log: Path | None
) -> Problem:
    """Describe a failed process: its code or signal, the last lines, the log, how to repeat."""
    lines = [line for line in output.splitlines() if line.strip()]
    tail = "\n    ".join(lines[-TAIL_LINES:])
    ended = f"signal {-returncode}" if returncode < 0 else f"exit code {returncode}"
    place = f"full log: {log}\n    " if log is not None else ""
    return Problem(
        where=what,
        what=f"failed with {ended}" + (f"\n    {tail}" if tail else ""),
        todo=f"{place}to repeat: {command}",
    )
