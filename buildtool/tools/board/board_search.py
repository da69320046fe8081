"""The board that a target names: is it there, and does it run what is built for the target?"""

from __future__ import annotations

import functools
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from buildtool.core.errors import Problem, ToolError
from buildtool.core.run import ANSWER
from buildtool.core.values import Abi, Toolchain
from buildtool.tools.board.board_facts import BoardFacts
from buildtool.tools.board.board_failures import failed_start
from buildtool.tools.board.board_visit import Visit, visit
from buildtool.tools.probing import link_small_program
from buildtool.tools.sent_command import SentCommand, sent_command

SIX, SEVEN = 6, 7  # versions of ARM's architecture
_V7 = 10  # the value of Tag_CPU_arch
ILLEGAL = 128 + 4  # how a shell tells that signal
_NONE = SentCommand(line="true", files={}, out=None)


@dataclass(frozen=True, kw_only=True)
class Board:
    """A board that was visited: its name for ssh, and what it is in words."""

    host: str
    text: str


@dataclass(frozen=True, kw_only=True)
class BoardRequest:
    """What a target asks for: a board that runs programs for ``abi``, and where it does. Without a
    ``toolchain``, whose ``identity`` this is, none is tried there."""

    host: str
    where: str
    abi: Abi
    identity: str
    toolchain: Toolchain | None = field(compare=False)


@functools.cache
def find_board(asked: BoardRequest) -> Board:
    """The board that ssh reaches under this name, on which a small program of the toolchain has
    run. It is asked once in a process.

    Raises:
        ToolError: it is not reached, or does not run such programs.
    """
    with tempfile.TemporaryDirectory() as folder:
        command = _NONE
        if asked.toolchain is not None:
            program = Path(folder, "small")
            link_small_program(asked.toolchain, program)
            command = sent_command(program, (), folder=".")
        done = visit(asked.host, command, where=asked.where, timeout=ANSWER)
    if faults := [*_faults(asked.host, asked.abi, done)]:
        raise ToolError(Problem(where=asked.where, what=what, todo=todo) for what, todo in faults)
    return Board(host=asked.host, text=f"board {asked.host}, {done.facts.text}")


def _faults(host: str, abi: Abi, done: Visit) -> Iterator[tuple[str, str]]:
    facts = done.facts
    if not _runs(facts, abi):
        yield (
            f"{host} has another processor ({facts.machine}); the target's ABI is {abi.name}",
            "name a board of that ABI, or build for the board's",
        )
        return
    if abi.neon and facts.machine.startswith("armv") and not facts.neon:
        yield (
            f"the processor of {host} ({facts.machine}) has no NEON; the target's ABI is "
            f"{abi.name}",
            "name another board, or build for an ABI without NEON",
        )
    started = failed_start(host, facts, code=done.code, stderr=done.stderr)
    if started is not None:
        yield started
    elif done.code == ILLEGAL:
        yield (
            f"a small program ends on {host} with SIGILL, an instruction that its processor "
            f"({facts.machine}) does not have",
            "set 'sysroot' to a copy of the board's /usr and /lib, and look whether 'abi' and "
            "'cpu_flags' are the board's",
        )
    elif done.code:
        said = f": {done.stderr.strip()}" if done.stderr.strip() else ""
        yield (
            f"a small program ends on {host} with exit code {done.code}{said}",
            "look whether 'abi', 'cpu_flags' and 'sysroot' are the board's",
        )


def _runs(facts: BoardFacts, abi: Abi) -> bool:
    """Whether the kernel is of a processor that may run it. One of 64 bits may have a system of 32:
    that shows when a program is started."""
    if abi.machine != "arm":
        return facts.machine == abi.machine
    version = re.match(r"armv(\d+)", facts.machine)
    least = SEVEN if abi.arm_architecture >= _V7 else SIX
    return facts.machine == "aarch64" or (version is not None and int(version[1]) >= least)
