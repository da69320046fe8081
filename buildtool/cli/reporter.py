"""How doit's progress looks, how failures end it, and what signals do."""

from __future__ import annotations

import functools
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from doit import Globals
from doit.exceptions import TaskFailed
from doit.reporter import ConsoleReporter

from buildtool.cli.database import guarded
from buildtool.cli.mistakes import tell_traceback, tell_unexpected
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
    # Where what is to be reported is written.
    folder = Path("build")

    def initialize(self, tasks: Mapping[str, Any], selected_tasks: Sequence[str]) -> None:
        """Before anything is checked."""
        super().initialize(tasks, selected_tasks)
        self.asked = frozenset(selected_tasks)
        manager = Globals.dep_manager
        notes = Path(manager.backend.name)
        manager.close = functools.partial(guarded, manager.close, notes, self._notes_lost)
        manager.get_status = functools.partial(self._status_or_end, manager.get_status)
        end_orderly()

    def execute_task(self, task: Any) -> None:
        """Nothing: a step says itself what it does."""

    def skip_uptodate(self, task: Any) -> None:
        """One line for what people asked for; nothing for the steps below it."""
        if not self.asked.isdisjoint((task.name, task.name.partition(":")[0])):
            self.write(f"{task.name}: up to date\n")

    def add_failure(self, task: Any, fail: Any) -> None:
        if not isinstance(fail, Failure):
            if not fail.traceback:
                super().add_failure(task, fail)
                return
            problem = tell_traceback(fail.traceback, task.name, folder=self.folder)
            fail = Failure(str(problem), int(ExitCode.INTERNAL))
        self.failures.append({"task": task, "exception": fail})
        self.outstream.flush()
        sys.stderr.write(f"\n{task.name.removeprefix('_')} failed\n{fail.message}\n")

    def _status_or_end(self, check: Callable[..., Any], task: Any, *rest: Any, **named: Any) -> Any:
        """Whether a task is up to date; doit itself would print the traceback of a failure."""
        try:
            return check(task, *rest, **named)
        except Exception as failure:
            problem, code = tell_unexpected(failure, task.name, folder=self.folder)
            sys.stderr.write(f"\n{task.name.removeprefix('_')} failed\n{problem}\n")
            raise SystemExit(int(code)) from None

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
