"""How many objects a compiler made in a build, and how many a cache gave."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from buildtool.core.values import CompileCounts


class CompileMeter:
    """Counts from where it is made on. ``folder`` is that of the build; ``hits`` says how many
    objects a cache has given up to now."""

    def __init__(self, folder: Path, hits: Callable[[], int]) -> None:
        mark = folder / "counting.txt"
        mark.parent.mkdir(parents=True, exist_ok=True)
        # Its time is that of the file system, as that of the objects is.
        mark.write_text("", encoding="utf-8")
        self._began = mark.stat().st_mtime_ns
        self._hits, self._before = hits, hits()

    def count(self, objects: Iterable[Path]) -> CompileCounts:
        """Which of ``objects`` are new since then: those that a compiler made, and the others."""
        made = sum(path.exists() and path.stat().st_mtime_ns >= self._began for path in objects)
        cached = min(made, max(0, self._hits() - self._before))
        return CompileCounts(compiled=made - cached, cached=cached)
