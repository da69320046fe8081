"""How doit's progress looks, how failures end it, and what signals do."""

from __future__ import annotations

import functools
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from doit import Globals
from doit.exceptions import TaskFailed
from doit.reporter import ConsoleReporter

from buildtool.cli.database import guarded
from buildtool.core.errors import ExitCode, Problem


class Failure(TaskFailed):  # type: ignore[misc]  # doit has no types
    """A failed task with the exit code of its class; doit prints the message alone."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code

    def __reduce__(self) -> tuple[type[Failure], tuple[str, int]]:
        return Failure, (self.message, self.exit_code)


class StepReporter(ConsoleReporter):  # type: ignore[misc]  # doit has no types
    """doit's console, but problems stand alone and the exit code says of which class they are."""

    desc = "one line for each step; the exit code tells kinds of failure apart"
    lost: tuple[int, ...] = ()

    def initialize(self, tasks: Mapping[str, Any], selected_tasks: Sequence[str]) -> None:
        """Before anything is checked."""
        super().initialize(tasks, selected_tasks)
        self.asked = frozenset(selected_tasks)
        manager = Globals.dep_manager
        notes = Path(manager.backend.name)
        manager.close = functools.partial(guarded, manager.close, notes, self._notes_lost)
        end_orderly()

    def execute_task(self, task: Any) -> None:
        """Nothing: a step says itself what it does."""

    def skip_uptodate(self, task: Any) -> None:
        """One line for what people asked for; nothing for the steps below it."""
        if not self.asked.isdisjoint((task.name, task.name.partition(":")[0])):
            self.write(f"{task.name}: up to date\n")

    def add_failure(self, task: Any, fail: Any) -> None:
        if not isinstance(fail, Failure):
            super().add_failure(task, fail)
            return
        self.failures.append({"task": task, "exception": fail})
        self.outstream.flush()
        sys.stderr.write(f"\n{task.name.removeprefix('_')} failed\n{fail.message}\n")

    def _notes_lost(self, problem: Problem) -> None:
        sys.stderr.write(f"\n{problem}\n")
        self.lost = (int(ExitCode.FAILED_BUILD),)

    def complete_run(self) -> None:
        codes = [f["exception"].exit_code for f in self.failures if _is_ours(f)]
        codes += self.lost
        if codes:
            raise SystemExit(codes[0])
        super().complete_run()


def end_orderly() -> None:
    """Let a signal end this process as an error would: no traceback, nothing left running."""
    main = os.getpid()

    def end(number: int, _: object) -> None:
        signal.signal(number, signal.SIG_IGN)
        if os.getpid() == main:
            sys.stderr.write("\ninterrupted; the next run goes on from here\n")
        raise SystemExit(128 + number)

    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(each) != signal.SIG_IGN:  # nohup's, for one
            signal.signal(each, end)


def _is_ours(failure: Mapping[str, Any]) -> bool:
    return isinstance(failure["exception"], Failure)
