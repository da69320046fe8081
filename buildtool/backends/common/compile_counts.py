"""How many objects a compiler made in a build, and how many a cache gave."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from buildtool.core.values import CompileCounts

# What ccache writes into CCACHE_STATSLOG: a line for each file, then for its events (ccache manual,
# "stats_log").
FILE = "# "
HITS = frozenset({"direct_cache_hit", "preprocessed_cache_hit"})
HEADER = ".h"  # that is precompiled


class CompileMeter:
    """Counts from where it is made on. ``log`` is where ccache notes what it did; the folder it
    stands in is that of the build."""

    def __init__(self, log: Path) -> None:
        self._log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        # Its time is that of the file system, as that of the objects is.
        log.write_text("", encoding="utf-8")
        self._began = log.stat().st_mtime_ns

    def count(self, objects: Iterable[Path]) -> CompileCounts:
        """Which of ``objects`` are new since then: those that a compiler made, and the others."""
        made = sum(path.exists() and path.stat().st_mtime_ns >= self._began for path in objects)
        cached = min(made, self._hits())
        return CompileCounts(compiled=made - cached, cached=cached)

    def _hits(self) -> int:
        file, hits = "", 0
        for line in self._log.read_text(encoding="utf-8", errors="replace").splitlines():
            file = line if line.startswith(FILE) else file
            hits += line in HITS and not file.endswith(HEADER)
        return hits
