"""Which NDK a Bazel and a TensorFlow can use: ``data/android.yaml``, and the tree's own words."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from buildtool.core.own_tables import read_table
from buildtool.core.paths import DATA
from buildtool.core.version_numbers import numbers
from buildtool.tools.bazel.versions import newest_row

TABLE = DATA / "android.yaml"
SUPPORTED = "_SUPPORTED_ANDROID_NDK_VERSIONS"


@dataclass(frozen=True, kw_only=True)
class Revisions:
    """NDK revisions that something can use; ``source`` says who says so. Not ``known``: nobody
    has said, so that none is refused."""

    revisions: tuple[int, ...]
    source: str
    known: bool = True

    def __str__(self) -> str:
        """For people: ``10 to 17``, or all of them where some between are missing."""
        first, last = self.revisions[0], self.revisions[-1]
        if self.revisions == tuple(range(first, last + 1)) and last - first > 1:
            return f"r{first} to r{last}"
        return ", ".join(f"r{each}" for each in self.revisions)


UNKNOWN = Revisions(revisions=(), source="", known=False)


def bazel_revisions(bazel: str) -> Revisions:
    """What ``android_ndk_repository`` of this Bazel (``0.26.1``) knows; none for one that has no
    such rule any more."""
    source = f"Bazel {bazel}"
    if not has_native_rules(bazel):
        return Revisions(revisions=(), source=source)
    row = newest_row(_table()["bazel_ndk"], "bazel", bazel)
    return UNKNOWN if row is None else _revisions(row, source)


def has_native_rules(bazel: str) -> bool:
    """Whether this Bazel has ``android_sdk_repository`` and ``android_ndk_repository`` itself."""
    return numbers(bazel) < numbers(_table()["bazel_without_rules"])


def has_starlark_rules(bazel: str) -> bool:
    """Whether rules_android_ndk works with this Bazel."""
    return numbers(bazel) >= numbers(_table()["starlark_ndk"]["bazel"])


def starlark_bazel() -> str:
    """The first Bazel that rules_android_ndk works with."""
    return str(_table()["starlark_ndk"]["bazel"])


def starlark_oldest() -> int:
    """The oldest NDK that rules_android_ndk reads."""
    return int(_table()["starlark_ndk"]["oldest"])


def rules() -> Mapping[str, str]:
    """Versions and place of the rules that new Bazels fetch."""
    return {name: str(value) for name, value in _table()["rules"].items()}


def system_libraries() -> Mapping[str, int]:
    """The libraries that every Android has for apps, and since which API level."""
    return {str(name): int(level) for name, level in _table()["system_libraries"].items()}


def least_level() -> int:
    """The least API level that TensorFlow compiles for."""
    return int(_table()["tensorflow_least_level"])


def tensorflow_revisions(tree: Path, version: str) -> Revisions:
    """What this tree's ``configure.py`` calls supported; else what is known of its version."""
    configure = tree / "configure.py"
    if configure.is_file():
        text = configure.read_text(encoding="utf-8", errors="replace")
        match = re.search(rf"^{SUPPORTED}\s*=\s*(\[[^]]*\])", text, re.MULTILINE)
        if match:
            line = text.count("\n", 0, match.start()) + 1
            listed = tuple(sorted(int(each) for each in ast.literal_eval(match.group(1))))
            return Revisions(revisions=listed, source=f"{configure}:{line}")
    row = newest_row(_table()["tensorflow_ndk"], "tensorflow", version)
    return UNKNOWN if row is None else _revisions(row, f"TensorFlow {version}")


def _revisions(row: Mapping[str, Any], source: str) -> Revisions:
    return Revisions(revisions=tuple(range(row["oldest"], row["newest"] + 1)), source=source)


@functools.cache
def _table() -> Mapping[str, Any]:
    table: Mapping[str, Any] = read_table(TABLE)
    return table
