"""Copies of sources that the user has: a folder, an archive or a git repository.

They are named by the target's key ``sources``; such a source is taken from nowhere else. Or they
stand in the folder that ``BUILDTOOL_SOURCES`` names; there a source is looked for first. The lock's
tree hash judges them like any other place.
"""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from buildtool.core.errors import ConfigError, Problem
from buildtool.core.suggest import suggest
from buildtool.sources.lock import Git, GitHub, Local, Lock, LockedSource, Place

VARIABLE = "BUILDTOOL_SOURCES"
_COMMIT = re.compile(r"[0-9a-f]{40}")
_ENDINGS = ("", ".git", ".tar.gz", ".tgz", ".tar.xz", ".tar.bz2", ".tar", ".zip")


@dataclass(frozen=True, kw_only=True)
class OwnCopy:
    """A copy at ``path`` of the source ``name``: a name of the lock, with its version
    (``nsync-1.29.2``) or without it (``nsync``). ``where`` says who gave it.
    """

    name: str
    path: Path
    where: str


def how_to_give(source: LockedSource) -> str:
    """What to do for a source that cannot be had, in words."""
    name = source.name
    return (
        f"give a copy of your own: 'sources: [{{name: {name}, path: ...}}]' in the target, or "
        f"${VARIABLE}/{name} (a folder, an archive or a git repository)"
    )


def with_own_copies(
    lock: Lock, given: Sequence[OwnCopy], *, environment: Mapping[str, str] | None = None
) -> Lock:
    """``lock`` with the places of what is given, and of what ``BUILDTOOL_SOURCES`` has.

    Raises:
        ConfigError: something given is not in the lock, or not there; the variable names no folder.
    """
    env = os.environ if environment is None else environment
    problems = [*_problems(lock, given)]
    folder = Path(env[VARIABLE]).expanduser().absolute() if env.get(VARIABLE) else None
    if folder and not folder.is_dir():
        problems.append(Problem(where=VARIABLE, what=f"there is no folder {folder}"))
    if problems:
        raise ConfigError(problems)
    named = {name: _with_own_copy(source, given, folder) for name, source in lock.sources.items()}
    return dataclasses.replace(lock, sources=named)


def _problems(lock: Lock, given: Sequence[OwnCopy]) -> Iterator[Problem]:
    names = {*lock.sources, *(source.family for source in lock.sources.values())}
    for each in given:
        if each.name not in names:
            what = f"sources: the lock has no source {each.name!r}"
            yield Problem(where=each.where, what=what, todo=suggest(each.name, names))
        elif not each.path.exists():
            what = f"sources: {each.name}: there is no such file or folder: {each.path}"
            yield Problem(where=each.where, what=what, todo="mend the path, or take it out")


def _with_own_copy(
    source: LockedSource, given: Sequence[OwnCopy], folder: Path | None
) -> LockedSource:
    """``source`` with the place that was given; the name with a version wins."""
    names = tuple(dict.fromkeys((source.name, source.family)))
    for each in (each for name in names for each in given if each.name == name):
        if place := _place(source, each.path, each.where):
            return dataclasses.replace(source, places=(place,))
    files = (f"{name}{ending}" for name in names for ending in _ENDINGS)
    for path in (folder / file for file in files if folder):
        if path.exists() and (place := _place(source, path, VARIABLE)):
            return dataclasses.replace(source, places=(place, *source.places))
    return source


def _place(source: LockedSource, path: Path, where: str) -> Place | None:
    """``path`` as a place of ``source``; None for a repository in which nobody knows the commit."""
    if _is_repository(path) or _is_repository(path / ".git"):
        commit = _commit(source)
        return (
            Place(where=where, origin=Git(repository=str(path), commit=commit)) if commit else None
        )
    # An archive of a release has one folder around everything; a folder is that folder.
    return Place(where=where, origin=Local(path=path), strip=0 if path.is_dir() else 1)


def _commit(source: LockedSource) -> str:
    """The commit that the lock's own places name, "" where none does."""
    for place in source.places:
        origin = place.origin
        named = origin.commit if isinstance(origin, Git) else ""
        named = origin.ref if isinstance(origin, GitHub) else named
        # Only the whole repository of a source can be given, not one that holds it in a folder.
        if _COMMIT.fullmatch(named) and not place.subdir:
            return named
    return ""


def _is_repository(path: Path) -> bool:
    return (path / "HEAD").is_file() and (path / "objects").is_dir()
