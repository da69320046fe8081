"""The tree's own makefile, driven: everything is set on make's command line."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from buildtool.backends.common.full_disk import full_disk
from buildtool.backends.common.pace import Pace
from buildtool.backends.common.refusals import first_errors
from buildtool.backends.makefile.file_lists import FOLDER
from buildtool.backends.makefile.makefile_overlay import MADE, VERSION_INFO
from buildtool.backends.makefile.unfinished import made_in
from buildtool.core.errors import BuildError, Problem, ToolError
from buildtool.core.run import Command, failure_problem, run, stream

MAKEFILE = f"{FOLDER}/Makefile"
# Seconds; the makefile of TensorFlow starts some programs to set its variables.
LONGEST_ANSWER = 300.0
COMPILES = re.compile(r"(?:^|\s)-c\s+\S+.*\s-o\s+\S+")
FAILED_GOAL = re.compile(r"^make(?:\[\d+\])?: \*\*\* \[\S+: (\S+)\] (?:Error \d+|[A-Z]\w+)")
NOT_REMADE_GOAL = re.compile(r"^make(?:\[\d+\])?: Target '(.+)' not remade because of errors\.$")
NO_RULE = re.compile(r"^make(?:\[\d+\])?: \*\*\* No rule to make target")
ASK = re.compile(r"^buildtool: (\w+)=(.*)$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Make:
    """One make of an overlay. ``variables`` are set on the command line, where they win over what
    the makefile says; ``more`` are makefiles that are read after it; ``say`` gets a line of
    progress now and then."""

    folder: Path
    variables: Mapping[str, str]
    more: Sequence[str]
    jobs: int
    log: Path
    say: Callable[[str], None]
    environment: Mapping[str, str] = field(default_factory=dict)

    def command(self, goals: Sequence[str], *flags: str) -> Command:
        """The command that makes ``goals``."""
        argv = (
            *("make", "--no-print-directory", "--output-sync=target", f"--jobs={self.jobs}"),
            *flags,
            # A phony file of the makefile: each make would write it anew, and compile and link it.
            *("-o", VERSION_INFO),
            *(word for name in (MAKEFILE, *self.more) for word in ("-f", name)),
            *(f"{name}={value}" for name, value in sorted(self.variables.items())),
            *goals,
        )
        return Command(argv=argv, cwd=self.folder, env=self.environment)

    def build(self, goals: Sequence[str], *, title: str, keep_going: bool = False) -> str:
        """Make ``goals``; with ``keep_going`` a failure is no error, and of a goal that cannot be
        made anew nothing is left that was made before. Returns the output.

        Raises:
            BuildError: a command failed, with its last lines and a command that repeats it.
            ToolError: there is no make.
        """
        command = self.command(goals, *(("--keep-going",) if keep_going else ()))
        progress = _Progress(title=title, say=self.say)
        with made_in(self.folder / MADE):
            done = stream(command, what=title, log=self.log, on_line=progress)
        if done.returncode != 0 and not keep_going:
            raise BuildError(self._failure(done.returncode, done.stdout, goals, title))
        for line in done.stdout.splitlines() if done.returncode else ():
            if match := FAILED_GOAL.match(line) or NOT_REMADE_GOAL.match(line):
                (self.folder / match[1]).unlink(missing_ok=True)
        return done.stdout

    def ask(self, names: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """The words of the makefile's variables, as it sets them for these settings.

        Raises:
            ToolError: there is no make, or it cannot read the makefile.
        """
        lines = "".join(f"$(info buildtool: {name}=$({name}))" for name in names)
        evaluate = f"--eval=buildtool-ask: ; {lines}@:"
        command = replace(self, jobs=1, more=()).command(["buildtool-ask"], evaluate)
        what = "asking the makefile"
        done = run(command, what=what, log=self.log, timeout=LONGEST_ANSWER, error=ToolError)
        found = {name: tuple(text.split()) for name, text in ASK.findall(done.stdout)}
        return {name: found.get(name, ()) for name in names}

    def _failure(self, returncode: int, output: str, goals: Sequence[str], title: str) -> Problem:
        """What the first goal that failed said; to repeat, that goal alone."""
        if full := full_disk(output, title, self.log):
            return full
        lines = output.splitlines()
        end = next((n for n, line in enumerate(lines) if FAILED_GOAL.match(line)), None)
        failed = FAILED_GOAL.match(lines[end]) if end is not None else None
        if failed is None:
            wrong = [line for line in lines if NO_RULE.match(line)] or lines
            return failure_problem(
                self.command(goals), returncode, "\n".join(wrong), what=title, log=self.log
            )
        said = [line for line in lines[:end] if not COMPILES.search(line)]
        first = next((n for n, line in enumerate(said) if "error" in line.lower()), 0)
        return failure_problem(
            self.command([failed[1]]),
            returncode,
            "\n".join(said[first : first + 20] or said[-20:]),
            what=f"{title}: {failed[1]}",
            log=self.log,
        )


def refused_goals(output: str) -> dict[str, str]:
    """What the compiler said first of each goal that make names as failed in ``output``: the
    lines since the command that compiles it."""
    found: dict[str, str] = {}
    said: list[str] = []
    for line in output.splitlines():
        if match := FAILED_GOAL.match(line):
            found[match[1]] = first_errors(said)
        if match or COMPILES.search(line):
            said = []
        else:
            said.append(line)
    return found


def shell_words(words: Sequence[str]) -> str:
    """Words as a makefile's variable that is expanded into a shell command."""
    return shlex.join(words).replace("$", "$$")


class _Progress:
    """Says how many files were compiled, now and then; generated code that make finds to be needed
    counts, too, so that nobody knows how many there will be."""

    def __init__(self, *, title: str, say: Callable[[str], None]) -> None:
        self.title, self.pace = title, Pace(say)
        self.count = 0

    def __call__(self, line: str) -> None:
        if COMPILES.search(line):
            self.count += 1
            self.pace(f"{self.title}: {self.count} files so far")
