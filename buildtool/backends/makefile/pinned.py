"""From what a tree pins to what the lock file knows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from buildtool.backends.makefile.pins import Pin
from buildtool.errors import ConfigError, Problem
from buildtool.sources import Lock
from buildtool.values import SourceTree


@dataclass(frozen=True, kw_only=True)
class PinnedSource:
    """A dependency that the tree pins, fetched: its sources and the texts that go with it."""

    tree: SourceTree
    licences: tuple[Path, ...]


def locked_sources(
    pins: Sequence[Pin], names: Iterable[str], lock: Lock, *, tree: Path
) -> Mapping[str, str]:
    """By dependency, in the order of ``names``, the source in ``lock`` that the tree pins.

    Raises:
        ConfigError: the tree pins no such dependency, or the lock does not know that version of
            it; all of them at once.
    """
    by_name = {pin.name: pin for pin in pins}
    found: dict[str, str] = {}
    problems: list[Problem] = []
    for name in names:
        pin = by_name.get(name)
        if pin is None:
            what = f"the build needs {name}, and the tree's workspace.bzl does not pin it"
            problems.append(Problem(where=str(tree), what=what, todo="is the tree whole?"))
        elif source := locked_source(pin, lock):
            found[name] = source
        else:
            problems.append(_unknown(pin, lock))
    if problems:
        raise ConfigError(problems)
    return found


def locked_source(pin: Pin, lock: Lock) -> str | None:
    """The name of the source in ``lock`` that is what ``pin`` says, None if there is none."""
    for source in lock.sources.values():
        if source.family == pin.name and source.version == pin.version:
            return source.name
    return None


def _unknown(pin: Pin, lock: Lock) -> Problem:
    known = [source.version for source in lock.sources.values() if source.family == pin.name]
    knows = f"it knows {', '.join(known)}" if known else "it knows no version of it"
    return Problem(
        where=pin.where,
        what=f"the tree pins {pin}, which the lock file does not know: {knows}",
        todo=f"add it to {lock.path} (how: at its beginning) with 'version: {pin.version}'",
    )
