"""One build of a target at a time, whatever the number of processes.

A lock is held from before the first up-to-date check until the process has ended, and all that it
started: two builds of one target can then neither mix their steps nor their object files.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterable
from pathlib import Path

_HELD: dict[Path, int] = {}


def lock_targets(names: Iterable[str], *, build: Path, say: Callable[[str], None]) -> None:
    """Lock the folders of these targets below ``build``; wait, and say so, where one is taken.

    All processes take locks in the same order, so that none waits in a circle. The handles are
    passed on to the native build: where somebody kills this process alone, a next one waits for
    what still runs.
    """
    for name in sorted(set(names)):
        path = build / name / ".lock"
        if path in _HELD:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        _HELD[path] = handle
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"{name}: another build of this target is running: waiting for it")
            fcntl.flock(handle, fcntl.LOCK_EX)
        os.set_inheritable(handle, True)
