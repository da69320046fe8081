"""Source trees and the tools that compile them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class SourceTree:
    """An unpacked, verified tree. ``digest`` identifies its content; ``version`` is what the tree
    itself says (``2.14.1``); ``local_changes`` is non-empty for a user's checkout that differs."""

    name: str
    path: Path
    version: str
    digest: str
    local_changes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class CompileCounts:
    """Objects of a build that were not there before: those that a compiler made, and those that a
    cache of compiled objects gave."""

    compiled: int
    cached: int = 0

    def __str__(self) -> str:
        return f"{self.compiled} compiled" + f", {self.cached} from a cache" * bool(self.cached)


@dataclass(frozen=True, kw_only=True)
class Tool:
    """One program, verified to run. ``version`` is what it printed of itself."""

    name: str
    path: Path
    version: str


@dataclass(frozen=True, kw_only=True)
class Toolchain:
    """The tools for one target. ``identity`` changes whenever objects made would differ.

    ``sysroot`` is the SDK, if the compiler gets one; ``system_stubs`` are text stubs of
    the system's libraries, where those stand for them. ``notes`` are what a report must say.
    ``archive_flags`` are those of ``ar`` for a new archive with an index and, where it can, without
    dates, users and paths. ``cmake`` are the variables by which CMake finds these tools itself,
    where a toolchain file has them; ``own_flags`` are then the compile flags that are not that
    file's. ``system_libraries`` are what every program is linked with, where it is known by path;
    ``system`` is the name of a system that needs other files than its format of objects says.
    """

    cc: Tool
    cxx: Tool
    ar: Tool
    strip: Tool
    kind: str
    triple: str
    compile_flags: tuple[str, ...]
    link_flags: tuple[str, ...]
    emulator: tuple[str, ...]
    identity: str
    extra: Mapping[str, Tool] = field(default_factory=dict)
    object_format: str = "elf"
    sysroot: Path | None = None
    system_stubs: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()
    archive_flags: str = "qcsD"
    cmake: Mapping[str, str] = field(default_factory=dict)
    own_flags: tuple[str, ...] = ()
    system_libraries: tuple[Path, ...] = ()
    system: str = ""
