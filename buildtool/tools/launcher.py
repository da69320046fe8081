"""What starts the compilers, so that objects are kept or made elsewhere."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from buildtool.core.errors import Problem, ToolError
from buildtool.tools.helpers import Helper, program
from buildtool.tools.sccache import sccache_helper, sccache_server

# What need not be the same for an object to be: dates of files that have the same content, and the
# language of messages.
SLOPPINESS = "pch_defines,time_macros,include_file_mtime,include_file_ctime,locale"
# What ccache writes into CCACHE_STATSLOG: a line for each file, then for its events (ccache manual,
# "stats_log").
FILE = "# "
HITS = frozenset({"direct_cache_hit", "preprocessed_cache_hit"})
HEADER = ".h"  # that is precompiled


def _none() -> int:
    return 0


@dataclass(frozen=True, kw_only=True)
class Launcher:
    """A program that stands before each compiler's command line (none if ``program`` is empty),
    and its environment. ``pch``: whether precompiled headers may be used with it; ``hits`` says
    how many objects a cache has given since the launcher was found."""

    program: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    pch: bool = True
    hits: Callable[[], int] = _none


@contextmanager
def launching(wanted: str, *, folder: Path, cache: Path) -> Iterator[Launcher]:
    """The launcher of a target: ``auto``, ``ccache``, ``sccache``, ``distcc`` or ``none``. What
    serves it runs up to the end of the block.

    ``folder`` is the binary folder, ``cache`` where objects are kept where the user's environment
    names no other place.

    Raises:
        ToolError: one that is asked for by name is not installed, too old, or does not work.
    """
    if wanted == "sccache":
        with sccache_server(folder=folder, cache=cache) as server:
            # It has no way to know what a precompiled header was made from.
            yield Launcher(
                program=str(server.program),
                environment=server.environment,
                pch=False,
                hits=server.hits,
            )
    else:
        yield _serverless(wanted, folder, cache)


def _serverless(wanted: str, folder: Path, cache: Path) -> Launcher:
    if wanted in ("ccache", "distcc") and shutil.which(wanted) is None:
        raise ToolError(
            Problem(
                where="toolchain",
                what=f"the target says 'launcher: {wanted}', and there is no {wanted} here",
                todo=f"on Debian or Ubuntu: apt-get install {wanted}; or set 'launcher: auto'",
            )
        )
    if wanted == "distcc":
        # A precompiled header of this machine is of no use to a compiler on another.
        return Launcher(program="distcc", pch=False)
    if wanted == "none" or shutil.which("ccache") is None:
        return Launcher()
    log = folder / "ccache.txt"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text("", encoding="utf-8")
    return Launcher(
        program="ccache", environment=_ccache(log, cache), hits=lambda: _hits_of_ccache(log)
    )


def launcher_helpers(wanted: str) -> tuple[Helper, ...]:
    """The program that a target's launcher is; that of ``auto`` can be left out."""
    if wanted == "none":
        return ()
    if wanted == "auto":
        kept = "what was compiled is not kept for other targets and models"
        return (program("ccache", "ccache", without=kept),)
    return (sccache_helper() if wanted == "sccache" else program(wanted, wanted),)


def _ccache(log: Path, cache: Path) -> dict[str, str]:
    """With these settings ccache never runs the preprocessor by itself, and builds whose objects
    are the same share them, wherever they run (ccache manual, "The depend mode", "Precompiled
    headers" and "Compiling in different directories"): compilers are told no absolute path but
    those of the system. The precompiled header holds some; the ``.sum`` beside it stands for its
    content."""
    return {
        "CCACHE_DIR": os.environ.get("CCACHE_DIR") or str(cache / "ccache"),
        "CCACHE_STATSLOG": str(log),
        "CCACHE_NOHASHDIR": "1",
        "CCACHE_DEPEND": "1",
        "CCACHE_PCH_EXTSUM": "1",
        "CCACHE_SLOPPINESS": SLOPPINESS,
    }


def _hits_of_ccache(log: Path) -> int:
    """Objects that it has given, without precompiled headers."""
    file, hits = "", 0
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
        file = line if line.startswith(FILE) else file
        hits += line in HITS and not file.endswith(HEADER)
    return hits
