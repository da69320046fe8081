"""Bazel's ``glob()`` on a real folder.

A package's files are those below its folder that do not belong to another package. ``*`` matches
within one path part, ``**`` any number of parts. Results are sorted.
"""

from __future__ import annotations

import bisect
import functools
import hashlib
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

BUILD_NAMES = ("BUILD.bazel", "BUILD")


@functools.cache
def _pattern(glob: str) -> re.Pattern[str]:
    """Translate one glob pattern to a regular expression for the whole relative path."""
    text = re.escape(glob).replace(r"\*\*/", "(?:.*/)?").replace(r"\*\*", ".*")
    return re.compile(text.replace(r"\*", "[^/]*") + r"\Z", re.DOTALL)


class Listing:
    """The files of one package, read when first asked for. ``deep`` includes subfolders."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[bool, list[str]] = {}

    def files(self, *, deep: bool) -> Sequence[str]:
        """Return the sorted file paths, relative to the package's folder."""
        if deep not in self._files:
            self._files[deep] = sorted(_walk(str(self._folder), "", deep=deep))
        return self._files[deep]

    def digest(self, *, deep: bool) -> str:
        """Return the SHA-256 of the listing (names alone, not content)."""
        return hashlib.sha256("\n".join(self.files(deep=deep)).encode()).hexdigest()

    def glob(self, include: Iterable[str], exclude: Iterable[str], *, deep: bool) -> list[str]:
        """Return the files that match one of ``include`` and none of ``exclude``, sorted."""
        files = self.files(deep=deep)
        found = {name for glob in include for name in _matches(files, glob)}
        if found:
            unwanted = [_pattern(glob) for glob in exclude]
            found = {name for name in found if not any(bad.match(name) for bad in unwanted)}
        return sorted(found)


def _walk(folder: str, prefix: str, *, deep: bool) -> Iterable[str]:
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return
    for entry in entries:
        if entry.is_dir():
            if deep and not any(os.path.isfile(f"{entry.path}/{name}") for name in BUILD_NAMES):  # noqa: PTH113
                yield from _walk(entry.path, f"{prefix}{entry.name}/", deep=deep)
        else:
            yield prefix + entry.name


def _matches(files: Sequence[str], glob: str) -> Iterable[str]:
    """Match only the stretch of the sorted list that shares the pattern's literal beginning: a
    kernel folder has 1,600 files and its BUILD file asks 2,000 patterns.
    """
    literal, star, _ = glob.partition("*")
    first = bisect.bisect_left(files, literal)
    if not star:
        return [glob] if first < len(files) and files[first] == glob else []
    last = bisect.bisect_right(files, literal + "\U0010ffff", lo=first)
    pattern = _pattern(glob)
    return [name for name in files[first:last] if pattern.match(name)]
