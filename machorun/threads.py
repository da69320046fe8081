"""Threads of the emulated program, of which one runs at a time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from machorun.function import Steps, Wait


@dataclass(kw_only=True)
class PendingCall:
    """A library function that has not returned yet: ``link`` is where it returns to, ``stack`` the
    caller's stack pointer."""

    steps: Steps
    link: int
    stack: int
    returns: str


@dataclass(kw_only=True, eq=False)
class Thread:
    """A thread: ``context`` are its registers as the emulator keeps them, ``pc`` where it goes on.
    ``result`` is what its function returned; None while it runs."""

    number: int
    stack: int
    stack_size: int
    context: Any = None
    pc: int = 0
    waiting: Wait | None = None
    pending: list[PendingCall] = field(default_factory=list)
    values: dict[int, int] = field(default_factory=dict)
    locals: dict[tuple[int, int], int] = field(default_factory=dict)
    at_exit: list[tuple[int, int]] = field(default_factory=list)
    handle: int = 0
    errno: int = 0
    result: int | None = None
    name: str = ""


class DeadlockError(Exception):
    """All threads wait for each other."""


class Scheduler:
    """Chooses the thread that runs next, each in turn."""

    def __init__(self) -> None:
        self.threads: list[Thread] = []
        self._last = 0

    def living(self) -> Iterator[Thread]:
        """Those that have not ended."""
        return (thread for thread in self.threads if thread.result is None)

    def is_alone(self) -> bool:
        """Whether no other thread could run now."""
        free = (item.waiting is None or is_over(item.waiting) for item in self.living())
        return sum(free) <= 1

    def next(self) -> Thread:
        """The next thread that can go on, after sleeping if all of them sleep.

        Raises:
            DeadlockError: none ever can.
        """
        while True:
            alive = list(self.living())
            count = len(alive)
            after = sorted(alive, key=lambda item: (item.number <= self._last, item.number))
            for thread in after[:count]:
                if thread.waiting is None or is_over(thread.waiting):
                    self._last = thread.number
                    return thread
            deadlines = [
                item.waiting.deadline
                for item in alive
                if item.waiting is not None and item.waiting.deadline is not None
            ]
            if not deadlines:
                raise DeadlockError
            time.sleep(max(min(deadlines) - time.monotonic(), 0))


def is_over(wait: Wait) -> bool:
    """Whether the waiting has an end."""
    return wait.ready() or (wait.deadline is not None and time.monotonic() >= wait.deadline)
