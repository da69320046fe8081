"""Runs a program on a board as if it ran here: it is sent, and what it writes is brought home.

It is put before the program's path, as an emulator is::

    python -m buildtool.tools.board.board_run HOST PROGRAM WORDS...

Each word that is a file here is sent, too, and gets its name there; the folder after ``--out`` is
made there, and what is in it at the end is here. Exit code and output are the program's; the code
is ``UNREACHED`` where it could not be run.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from buildtool.core.errors import BuildToolError, Problem, ToolError, disk_problem
from buildtool.core.run import UNREACHED
from buildtool.tools.board.board_failures import failed_start
from buildtool.tools.board.board_visit import visit
from buildtool.tools.sent_command import sent_command


def command(host: str) -> tuple[str, ...]:
    """The words that are put before a program's path."""
    return (sys.executable, "-m", __name__, host)


def main(words: Sequence[str]) -> int:
    """Run it. Returns the exit code."""
    host, program, *rest = words
    try:
        return _run(host, Path(program), rest)
    except BuildToolError as failure:
        print(failure, file=sys.stderr)
    except OSError as failure:  # what is sent and what comes home is written here
        print(disk_problem(failure, program) or f"{program}: {failure}", file=sys.stderr)
    return UNREACHED


def _run(host: str, program: Path, rest: Sequence[str]) -> int:
    done = visit(host, sent_command(program, rest, folder="."), where="")
    fault = failed_start(host, done.facts, code=done.code, stderr=done.stderr)
    if fault is not None:
        raise ToolError(Problem(where="", what=fault[0], todo=fault[1]))
    sys.stdout.buffer.write(done.stdout)
    sys.stdout.flush()
    sys.stderr.write(done.stderr)
    return done.code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
