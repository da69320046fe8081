"""CMake and Ninja, driven: configure, build some objects, build all."""

from __future__ import annotations

import dataclasses
import json
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from buildtool.backends.common.full_disk import full_disk
from buildtool.backends.common.pace import Pace
from buildtool.backends.common.refusals import first_errors
from buildtool.core.errors import BuildError, Problem
from buildtool.core.run import Command, failure_problem, run, stream
from buildtool.core.values import Toolchain

# What CMake is told of the system, by the format of its objects. With Apple's own names it would
# ask Xcode and add flags of its own; the toolchain's say all, on a Mac and elsewhere.
SYSTEMS: Mapping[str, Mapping[str, str]] = {
    "elf": {"CMAKE_SYSTEM_NAME": "Linux"},
    "macho": {"CMAKE_SYSTEM_NAME": "Generic"},
}
STATUS = re.compile(r"\[(\d+)/(\d+)\] ")
# Newer releases of Ninja say the exit code, too: "FAILED: [code=1] OBJECT ".
FAILED = re.compile(r"FAILED: (?:\[code=\d+\] )?(.*?)\s*")


@dataclass(frozen=True, kw_only=True)
class NativeBuild:
    """One configured build of a native project.

    ``project`` holds the CMakeLists.txt, ``folder`` is the binary directory; ``variables`` go to
    CMake as ``-D``; ``say`` gets a line of progress now and then.
    """

    project: Path
    folder: Path
    variables: Mapping[str, str]
    toolchain: Toolchain
    environment: Mapping[str, str]
    jobs: int
    log: Path
    say: Callable[[str], None]

    def configure(self, **more: str) -> None:
        """Run CMake. Raises BuildError if it fails."""
        variables = {**self._toolchain_variables(), **self.variables, **more}
        argv = (
            *(str(self._tool("cmake")), "-S", str(self.project), "-B", str(self.folder)),
            *("-G", "Ninja", "--no-warn-unused-cli"),
            *(f"-D{name}={value}" for name, value in sorted(variables.items())),
        )
        command = Command(argv=argv, env=self._environment())
        run(command, what="configuring the native project", log=self.log)

    def objects(self) -> dict[str, Path]:
        """The object of each source file that the project compiles: absolute paths to both."""
        commands = json.loads((self.folder / "compile_commands.json").read_text(encoding="utf-8"))
        return {entry["file"]: self.folder / _output(entry["command"]) for entry in commands}

    def build(self, goals: Sequence[str], *, title: str, keep_going: bool = False) -> str:
        """Build ``goals``; with ``keep_going`` a failure is no error. Returns the output.

        Raises:
            BuildError: a command failed, with the last lines and a command that repeats it.
        """
        argv = (
            *(str(self._tool("ninja")), "-C", str(self.folder), "-j", str(self.jobs)),
            *(("-k", "0") if keep_going else ()),
            *goals,
        )
        command = Command(argv=argv, env=self._environment())
        done = stream(
            command, what=title, log=self.log, on_line=_Progress(title=title, say=self.say)
        )
        if done.returncode != 0 and not keep_going:
            raise BuildError(self._failure(command, done.returncode, done.stdout, title))
        return done.stdout

    def _failure(self, command: Command, returncode: int, output: str, title: str) -> Problem:
        """What the first goal that failed said; to repeat, that goal alone."""
        if full := full_disk(output, title, self.log):
            return full
        lines = output.splitlines()
        start = next((n for n, line in enumerate(lines) if FAILED.fullmatch(line)), None)
        failed = FAILED.fullmatch(lines[start]) if start is not None else None
        if start is None or failed is None:
            return failure_problem(command, returncode, output, what=title, log=self.log)
        if failed[1] in command.argv:
            words = command.argv[: command.argv.index("-j") + 2]
            command = dataclasses.replace(command, argv=(*words, failed[1]))
        said = [line for line in lines[start + 2 :] if not line.startswith("FAILED")]
        end = next((n for n, line in enumerate(said) if STATUS.match(line)), len(said))
        return failure_problem(
            command, returncode, "\n".join(said[:end][:20]), what=title, log=self.log
        )

    def _environment(self) -> dict[str, str]:
        status = {"NINJA_STATUS": "[%f/%t] "}
        return {**status, **self.environment}

    def _tool(self, name: str) -> Path:
        return self.toolchain.extra[name].path

    def _toolchain_variables(self) -> dict[str, str]:
        own = self.toolchain.own_flags if self.toolchain.cmake else self.toolchain.compile_flags
        flags = shlex.join(own)
        letters = self.toolchain.archive_flags
        archive, index = letters.replace("s", ""), letters.replace("qc", "")
        return {
            **(self.toolchain.cmake or self._compilers()),
            "CMAKE_BUILD_TYPE": "None",
            "CMAKE_C_FLAGS": flags,
            "CMAKE_CXX_FLAGS": flags,
            "CMAKE_CXX_ARCHIVE_CREATE": f"<CMAKE_AR> {archive} <TARGET> <LINK_FLAGS> <OBJECTS>",
            "CMAKE_CXX_ARCHIVE_FINISH": f"<CMAKE_AR> {index} <TARGET>",
            # The library is for another machine: compiling must do, a program may not run.
            "CMAKE_TRY_COMPILE_TARGET_TYPE": "STATIC_LIBRARY",
        }

    def _compilers(self) -> dict[str, str]:
        """The tools, where no toolchain file names them."""
        return {
            "CMAKE_AR": str(self.toolchain.ar.path),
            "CMAKE_C_COMPILER": str(self.toolchain.cc.path),
            "CMAKE_CXX_COMPILER": str(self.toolchain.cxx.path),
            **SYSTEMS[self.toolchain.object_format],
        }


def _output(command: str) -> str:
    """The object that a compile command of CMake's writes: ``... -o OBJECT``."""
    _, _, tail = command.rpartition(" -o ")
    return shlex.split(tail)[0]


def refused_goals(output: str) -> dict[str, str]:
    """What the compiler said first of each goal that Ninja names as failed in ``output``: after
    the goal stands the command, then what it printed, up to the next status."""
    blocks: dict[str, list[str]] = {}
    block: list[str] = []
    for line in output.splitlines():
        if match := FAILED.fullmatch(line):
            block = blocks.setdefault(match[1], [])
        elif STATUS.match(line) or line.startswith("ninja: "):
            block = []
        else:
            block.append(line)
    return {goal: first_errors(lines[1:]) for goal, lines in blocks.items()}


class _Progress:
    """Says how many objects are done, now and then."""

    def __init__(self, *, title: str, say: Callable[[str], None]) -> None:
        self.title, self.pace = title, Pace(say)

    def __call__(self, line: str) -> None:
        if match := STATUS.match(line):
            self.pace(f"{self.title}: {match[1]} of {match[2]}")
