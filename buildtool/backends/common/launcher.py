"""What starts the compilers, so that objects are kept or made elsewhere."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from buildtool.core.errors import Problem, ToolError
from buildtool.tools.helpers import Helper, program

# What need not be the same for an object to be: dates of files that have the same content, and the
# language of messages.
SLOPPINESS = "pch_defines,time_macros,include_file_mtime,include_file_ctime,locale"


@dataclass(frozen=True, kw_only=True)
class Launcher:
    """A program that stands before each compiler's command line (none if ``program`` is empty),
    and its environment. ``pch``: whether precompiled headers may be used with it."""

    program: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    pch: bool = True


def find_launcher(wanted: str, *, folder: Path, cache: Path) -> Launcher:
    """The launcher of a target: ``auto``, ``ccache``, ``distcc`` or ``none``.

    ``folder`` is the binary folder, ``cache`` where objects are kept.

    Raises:
        ToolError: one that is asked for by name is not installed.
    """
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
    return Launcher(program="ccache", environment=_ccache(folder, cache))


def launcher_helpers(wanted: str) -> tuple[Helper, ...]:
    """The program that a target's launcher is; that of ``auto`` can be left out."""
    if wanted == "none":
        return ()
    if wanted == "auto":
        kept = "what was compiled is not kept for other targets and models"
        return (program("ccache", "ccache", without=kept),)
    return (program(wanted, wanted),)


def stats_log(folder: Path) -> Path:
    """Where ccache notes what it did for the build in a binary folder."""
    return folder / "ccache.txt"


def _ccache(folder: Path, cache: Path) -> dict[str, str]:
    """With these settings ccache never runs the preprocessor by itself, and builds whose objects
    are the same share them, wherever they run (ccache manual, "The depend mode", "Precompiled
    headers" and "Compiling in different directories"): compilers are told no absolute path but
    those of the system. The precompiled header holds some; the ``.sum`` beside it stands for its
    content."""
    return {
        "CCACHE_DIR": os.environ.get("CCACHE_DIR") or str(cache / "ccache"),
        "CCACHE_STATSLOG": str(stats_log(folder)),
        "CCACHE_NOHASHDIR": "1",
        "CCACHE_DEPEND": "1",
        "CCACHE_PCH_EXTSUM": "1",
        "CCACHE_SLOPPINESS": SLOPPINESS,
    }
