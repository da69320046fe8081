"""The numbers of versions, for comparing."""

from __future__ import annotations

import re


def numbers(version: str) -> tuple[int, ...]:
    """All numbers that a version says: ``(1, 8, 0, 1)`` of ``1.8.0-rc1``."""
    return tuple(int(part) for part in re.findall(r"\d+", version))


def version_numbers(version: str) -> tuple[int, ...]:
    """``12.0`` as numbers that compare; zeros at the end say nothing."""
    found = numbers(version)
    while found and found[-1] == 0:
        found = found[:-1]
    return found


def series(version: str) -> str:
    """The series that a release belongs to: ``2.14`` of ``2.14.1``."""
    return ".".join(version.split(".")[:2])
