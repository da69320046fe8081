"""The files of a tree that globs name."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Sequence
from pathlib import Path


def matching(root: Path, sources: Iterable[str], exclude: Sequence[str]) -> tuple[str, ...]:
    """The files of ``root`` that match a glob of ``sources`` and none of ``exclude``; sorted,
    relative to it."""
    found = {path.relative_to(root).as_posix() for glob in sources for path in root.glob(glob)}
    return tuple(sorted(path for path in found if not matches_any(exclude, path)))


def matches_any(patterns: Iterable[str], text: str) -> bool:
    """Does one of the globs match all of ``text``?"""
    return any(fnmatch.fnmatchcase(text, pattern) for pattern in patterns)
