"""From what a tree pins to what the lock file knows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from buildtool.backends.makefile.pins import Pin
from buildtool.core.values import SourceTree
from buildtool.sources import Lock


@dataclass(frozen=True, kw_only=True)
class PinnedSource:
    """A dependency that the tree pins, fetched: its sources and the texts that go with it."""

    tree: SourceTree
    licences: tuple[Path, ...]


def locked_source(pin: Pin, lock: Lock) -> str | None:
    """The name of the source in ``lock`` that is what ``pin`` says, None if there is none."""
    for source in lock.sources.values():
        if source.family == pin.name and source.version == pin.version:
            return source.name
    return None
