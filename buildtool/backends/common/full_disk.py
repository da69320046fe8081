"""How the programs that a build starts report a full disk."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from buildtool.core.errors import Problem, disk_full

# strerror(ENOSPC) of the C libraries.
_NO_SPACE = "No space left on device"


def full_disk(output: str, where: str, log: Path) -> Problem | None:
    """What to tell if it is for that reason that a program has failed."""
    if _NO_SPACE not in output:
        return None
    problem = disk_full(where)
    return dataclasses.replace(problem, todo=f"{problem.todo}; full log: {log}")
