"""Which Bazel a TensorFlow tree wants, in its own words.

``.bazelversion`` names one; ``configure.py`` has an oldest and often a newest one; WORKSPACE and
``workspace.bzl`` of 1.x have an oldest one. Where nothing says the newest, ``data/bazel.yaml`` may.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from buildtool.core.own_tables import read_table
from buildtool.core.paths import DATA
from buildtool.core.version_numbers import numbers
from buildtool.tools.bazel.tree_files import VERSION

TABLE = DATA / "bazel.yaml"
_V = r"""['"](\d+(?:\.\d+)+)['"]"""
_LEAST = (
    ("configure.py", rf"^_TF_MIN_BAZEL_VERSION\s*=\s*{_V}"),
    ("configure.py", rf"^\s*(?:current_bazel_version\s*=\s*)?check_bazel_version\(\s*{_V}"),
    ("WORKSPACE", rf"^check_(?:bazel_version_at_least|version)\(\s*{_V}"),
    ("tensorflow/workspace.bzl", rf"^\s*check_version\(\s*{_V}"),
)
_MOST = (
    ("configure.py", rf"^_TF_MAX_BAZEL_VERSION\s*=\s*{_V}"),
    ("configure.py", rf"check_bazel_version\(\s*{_V}\s*,\s*{_V}"),
)


@dataclass(frozen=True, kw_only=True)
class VersionRange:
    """What a tree says: ``exact`` is the one it names; else from ``least`` to ``most``, each empty
    if nobody says so. ``said_in`` are the places, ``file:line``."""

    exact: str = ""
    least: str = ""
    most: str = ""
    said_in: tuple[str, ...] = ()

    def accepts(self, version: str) -> bool:
        """Whether a Bazel of this version will do. The patch number of an exact one is free
        upwards: releases of one series build the same."""
        found = key(version)
        if self.exact:
            return found[:2] == key(self.exact)[:2] and found >= key(self.exact)
        oldest = not self.least or key(self.least) <= found
        return oldest and (not self.most or found <= key(self.most))

    def __str__(self) -> str:
        """For people: ``Bazel 6.1.0``, ``Bazel 0.19.0 to 0.20.0``, ``Bazel 0.10.0 or newer``."""
        if self.exact:
            return f"Bazel {self.exact}"
        if self.least and self.most:
            return f"Bazel {self.least} to {self.most}"
        if self.most:
            return f"Bazel {self.most} or older"
        return f"Bazel {self.least} or newer" if self.least else "any Bazel"


def wanted_bazel(tree: Path, *, tensorflow: str = "") -> VersionRange:
    """What the tree wants; ``tensorflow`` is its version, for the table."""
    named = tree / VERSION
    if named.is_file():
        text = named.read_text(encoding="utf-8", errors="replace")
        for number, line in enumerate(text.splitlines(), start=1):
            if re.fullmatch(r"\d+(\.\d+)+", line.strip()):
                return VersionRange(exact=line.strip(), said_in=(f"{named}:{number}",))
    least, least_in = _said(tree, _LEAST)
    most, most_in = _said(tree, _MOST)
    if not most:
        row = newest_row(table()["tensorflow"], "tensorflow", tensorflow)
        most, most_in = (str(row["newest"]), TABLE.name) if row and row["newest"] else ("", "")
    places = tuple(dict.fromkeys(place for place in (least_in, most_in) if place))
    return VersionRange(least=least, most=most, said_in=places)


def key(version: str) -> tuple[int, ...]:
    """A version for comparing, with at least three numbers."""
    found = numbers(version)
    return found + (0,) * (3 - len(found))


def newest_row(
    rows: tuple[Mapping[str, Any], ...] | list[Mapping[str, Any]], name: str, version: str
) -> Mapping[str, Any] | None:
    """The last row whose ``name`` is a version that is not newer than ``version``."""
    fitting = [row for row in rows if key(str(row[name])) <= key(version)]
    return fitting[-1] if fitting else None


@functools.cache
def table() -> Mapping[str, Any]:
    """``data/bazel.yaml``."""
    found: Mapping[str, Any] = read_table(TABLE)
    return found


def _said(tree: Path, patterns: tuple[tuple[str, str], ...]) -> tuple[str, str]:
    """The last group of the first pattern that a file of the tree has, and ``file:line``."""
    for name, pattern in patterns:
        path = tree / name
        if not path.is_file():
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        match = re.search(pattern, text, re.MULTILINE)
        if match:
            place = match.start(match.lastindex or 0)
            return match.groups()[-1], f"{path}:{text.count(chr(10), 0, place) + 1}"
    return "", ""
