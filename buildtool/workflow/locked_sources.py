"""Which sources a target needs that the lock file names."""

from __future__ import annotations

from pathlib import Path

from buildtool.sources import LockedSource
from buildtool.workflow.workspace import Workspace


def locked_sources(work: Workspace) -> list[LockedSource]:
    """The sources of a tree that is fetched, and what it needs; of a tree of the user's own, that
    is known only when it is read, and none is told.

    Raises:
        BuildToolError: the lock file or the target names what there is not.
    """
    named, lock = work.target.tensorflow, work.access.lock
    if isinstance(named, Path):
        return []
    needed = work.backend.sources(work.target, lock[named].version, None, lock)
    return [lock[name] for name in (named, *needed)]
