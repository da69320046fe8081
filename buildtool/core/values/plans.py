"""What is built, and why."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from buildtool.core.values.opsets import ModelInfo, OpUse
from buildtool.core.values.registrations import Registration


class FileKind(str, enum.Enum):
    """What a planned source file is compiled for."""

    RUNTIME = "runtime"
    OP = "op"
    KERNEL = "kernel"
    PROTO = "proto"
    DEPENDENCY = "dependency"


@dataclass(frozen=True, kw_only=True)
class PlannedFile:
    """A file to compile: ``root`` names the source tree (``tensorflow``, ``protobuf``, ...),
    ``path`` is relative to it. ``reason`` is a sentence. ``required`` files are compiled in any
    case; the others only if the symbols of real objects ask for them. ``libraries`` are the trees
    whose headers it finds, besides those that every file does. Of one that was linked for a symbol,
    ``symbol`` is its C++ name and ``asked_by`` the file that asks for it, as :attr:`key` has it."""

    root: str
    path: str
    kind: FileKind
    reason: str
    required: bool
    libraries: tuple[str, ...] = ()
    symbol: str = ""
    asked_by: str = ""

    @property
    def key(self) -> str:
        """What it is called among the files of all trees."""
        return f"{self.root}:{self.path}"


@dataclass(frozen=True, kw_only=True)
class SelectedKernel:
    """A kernel that the library must register, and why."""

    registration: Registration
    reason: str


@dataclass(frozen=True, kw_only=True)
class BuildPlan:
    """The complete, canonical answer for one target. Pure data; ``plan.json`` is its JSON.

    ``ops`` are the ops to register, each with the file that does it; ``uses`` are what the models
    and the runtime run of them, with every node."""

    target: str
    tensorflow_version: str
    tree_digest: str
    models: tuple[ModelInfo, ...]
    defines: tuple[str, ...]
    compile_flags: tuple[str, ...]
    link_flags: tuple[str, ...]
    ops: tuple[tuple[str, str], ...]
    kernels: tuple[SelectedKernel, ...]
    types: tuple[str, ...]
    files: tuple[PlannedFile, ...]
    notes: tuple[str, ...] = ()
    uses: tuple[OpUse, ...] = ()
