"""The frozen values that travel between stages.

Every stage takes some of these and gives others; nothing here does any work. A tuple stands
wherever order matters or equality must be exact; producers sort what has no order of its own.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from buildtool.errors import Problem

# --------------------------------------------------------------------------------------------
# graph: what the models run


@dataclass(frozen=True, kw_only=True, order=True)
class NodeRef:
    """Where a node stands: model, function ("" for the main graph) and node name."""

    model: str
    function: str
    node: str

    def __str__(self) -> str:
        inside = f"function {self.function!r}, " if self.function else ""
        return f"{self.model}: {inside}node {self.node!r}"


@dataclass(frozen=True, kw_only=True)
class AttrType:
    """A type or list(type) attribute of one op use, as DataType names, e.g. ``("DT_FLOAT",)``."""

    name: str
    types: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class OpUse:
    """One op with one combination of type attributes, and the nodes that use it so.

    ``label`` is the node's ``_kernel`` attribute (TensorFlow's kernel label), usually empty.
    ``attrs`` holds the type attributes, sorted by name, defaults of the tree already filled in.
    ``added_by_runtime`` is the reason where the runtime, not the model, asks for this op.
    ``kernel_class`` comes from op lists, which name no types: the class that is wanted, or ``*``
    for every class of the op; empty where the types decide. ``settings`` are the other attributes
    that kernels of this op are chosen by, with their values as :class:`AttrCondition` has them.
    """

    op: str
    attrs: tuple[AttrType, ...] = ()
    label: str = ""
    nodes: tuple[NodeRef, ...] = ()
    added_by_runtime: str = ""
    kernel_class: str = ""
    settings: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class TensorInfo:
    """An input or output of a model. ``shape`` is None where the rank is unknown; -1 is an
    unknown dimension. ``name`` is the tensor name, e.g. ``"x:0"``."""

    name: str
    dtype: str
    shape: tuple[int, ...] | None


@dataclass(frozen=True, kw_only=True)
class ModelInfo:
    """One model as read: ``sha256`` of the frozen bytes that the device is to run.

    ``rewrites`` are those that changed it, each with the names of the nodes; then ``original`` is
    the graph that it was before, with its hash.
    """

    name: str
    path: Path
    sha256: str
    inputs: tuple[TensorInfo, ...]
    outputs: tuple[TensorInfo, ...]
    node_count: int
    min_consumer: int = 0
    producer: int = 0
    rewrites: tuple[tuple[str, tuple[str, ...]], ...] = ()
    original: Path | None = None
    original_sha256: str = ""


@dataclass(frozen=True, kw_only=True)
class OpSet:
    """All that the models run, each op use once, sorted by op, label and attributes."""

    models: tuple[ModelInfo, ...]
    uses: tuple[OpUse, ...]


# --------------------------------------------------------------------------------------------
# catalogue: what the tree offers


@dataclass(frozen=True, kw_only=True)
class TypeConstraint:
    """``attr`` may only be one of ``types`` (DataType names)."""

    attr: str
    types: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class AttrCondition:
    """``attr``, which is no type, may only have one of ``values``, written as C++ does:
    ``NHWC``, ``-1``, ``true``."""

    attr: str
    values: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Registration:
    """One kernel registration of the tree, under the defines that the catalogue was made with.

    ``kernel_class`` is literally the string that the selective-registration macro compares, as
    the preprocessor gives it (``#__VA_ARGS__`` of ``REGISTER_KERNEL_BUILDER``).
    ``source`` is the ``.cc``, relative to the tree's root. ``system`` kernels are registered
    whatever the selection says.
    """

    op: str
    device: str
    kernel_class: str
    source: str
    line: int
    label: str = ""
    constraints: tuple[TypeConstraint, ...] = ()
    priority: int = 0
    host_memory: tuple[str, ...] = ()
    system: bool = False
    conditions: tuple[AttrCondition, ...] = ()


@dataclass(frozen=True, kw_only=True)
class OpRegistration:
    """One ``REGISTER_OP`` of the tree and the ``.cc`` it stands in."""

    op: str
    source: str
    line: int
    system: bool = False


@dataclass(frozen=True, kw_only=True)
class AttrDef:
    """One attribute of an op definition. ``default`` is its text-format AttrValue, None if the
    attribute must be given. ``allowed`` are DataType names or strings where the definition
    restricts them; ``minimum`` is the least number, or the least length of a list."""

    name: str
    type: str
    default: str | None = None
    allowed: tuple[str, ...] = ()
    minimum: int | None = None


@dataclass(frozen=True, kw_only=True)
class ArgDef:
    """One input or output of an op definition."""

    name: str
    type: str = ""
    type_attr: str = ""
    number_attr: str = ""
    type_list_attr: str = ""
    is_ref: bool = False


@dataclass(frozen=True, kw_only=True)
class OpDefinition:
    """An op of the tree, from its ``tensorflow/core/ops/ops.pbtxt``. ``deprecation`` is
    ``since GraphDef version N: what to use instead``, or empty."""

    name: str
    attrs: tuple[AttrDef, ...] = ()
    inputs: tuple[ArgDef, ...] = ()
    outputs: tuple[ArgDef, ...] = ()
    stateful: bool = False
    deprecation: str = ""


@dataclass(frozen=True, kw_only=True)
class KernelCatalogue:
    """What one tree registers under one set of defines. ``defines`` are ``NAME`` or
    ``NAME=VALUE``, sorted. Registrations are sorted by op, device, label, class, source."""

    tree_digest: str
    defines: tuple[str, ...]
    kernels: tuple[Registration, ...]
    ops: tuple[OpRegistration, ...]
    definitions: Mapping[str, OpDefinition]


@dataclass(frozen=True, kw_only=True)
class SourceOwner:
    """The BUILD target that compiles a file: ``label`` is ``//pkg:name``; ``deps`` are labels."""

    label: str
    sources: tuple[str, ...]
    headers: tuple[str, ...]
    deps: tuple[str, ...]
    alwayslink: bool = False


# --------------------------------------------------------------------------------------------
# sources


@dataclass(frozen=True, kw_only=True)
class SourceTree:
    """An unpacked, verified tree. ``digest`` identifies its content; ``version`` is what the tree
    itself says (``2.14.1``); ``local_changes`` is non-empty for a user's checkout that differs."""

    name: str
    path: Path
    version: str
    digest: str
    local_changes: tuple[str, ...] = ()


# --------------------------------------------------------------------------------------------
# toolchain


@dataclass(frozen=True, kw_only=True)
class Tool:
    """One program, verified to run. ``version`` is what it printed of itself."""

    name: str
    path: Path
    version: str


@dataclass(frozen=True, kw_only=True)
class Toolchain:
    """The tools for one target. ``identity`` changes whenever objects made would differ.

    ``sysroot`` is the SDK, where the compiler is told of one; ``system_stubs`` are text stubs of
    the system's libraries, where those stand for them. ``notes`` are what a report must say.
    ``archive_flags`` are those of ``ar`` for a new archive with an index and, where it can, without
    dates, users and paths.
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


# --------------------------------------------------------------------------------------------
# plan


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
    case; the others only if the symbols of real objects ask for them."""

    root: str
    path: str
    kind: FileKind
    reason: str
    required: bool


@dataclass(frozen=True, kw_only=True)
class SelectedKernel:
    """A kernel that the library must register, and why."""

    registration: Registration
    reason: str


@dataclass(frozen=True, kw_only=True)
class BuildPlan:
    """The complete, canonical answer for one target. Pure data; ``plan.json`` is its JSON.

    ``ops`` are the ops to register, each with the file that does it."""

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


# --------------------------------------------------------------------------------------------
# verify


@dataclass(frozen=True, kw_only=True)
class ElfExpectation:
    """What every object of a target must be: a platform's facts of one ABI.

    ``machine`` is a name of :mod:`buildtool.verify.elf`. For 32-bit ARM, ``arm_architecture`` is
    the newest Tag_CPU_arch value that the target's core runs (0: any), ``neon`` whether it has
    NEON, ``hard_float`` whether floats are passed in VFP registers. ``glibc`` is the oldest one
    that the linked program must run on, such as ``(2, 28)``; empty if any will do.
    """

    machine: str
    bits: int
    arm_architecture: int = 0
    neon: bool = False
    hard_float: bool = False
    glibc: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class MachoExpectation:
    """What every object of a target of Apple's must be: a platform's facts of one ABI.

    ``cpu`` is ``arm64``, ``x86_64``, ``armv7``, ``armv7s`` or ``i386``; ``platform`` is ``ios`` or
    ``ios-simulator``; ``minimum_os`` is the oldest release to run on, such as ``12.0``; ``bitcode``
    whether objects must have it inside.
    """

    cpu: str
    platform: str
    minimum_os: str
    bitcode: bool = False


@dataclass(frozen=True, kw_only=True)
class OutputCheck:
    """One output of a model as the device computed it.

    Differences are against TensorFlow's own output; None where nothing was compared. The
    relative one is the largest absolute difference divided by the largest magnitude in the
    reference. ``outside`` counts the elements that differ by more than ``tolerance`` allows.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    elements: int
    max_absolute: float | None = None
    max_relative: float | None = None
    tolerance: float = 0.0
    outside: int = 0


@dataclass(frozen=True, kw_only=True)
class ModelCheck:
    """One model run on the artefact. ``inputs`` says where they came from; ``reference`` with
    what the outputs were compared, or why they were not. ``timings`` are milliseconds by step
    and, like ``peak_kib`` (of emulator and program together), vary from run to run."""

    model: str
    sha256: str
    inputs: str
    reference: str
    compared: bool
    outputs: tuple[OutputCheck, ...]
    timings: Mapping[str, float] = field(default_factory=dict)
    peak_kib: int = 0


@dataclass(frozen=True, kw_only=True)
class LibraryFacts:
    """A shared library as its file says. ``size`` and ``page_size`` (the largest page with which it
    can be mapped) are bytes, ``exports`` counts the symbols that others can use; ``level`` is the
    oldest API level of Android that it runs on, 0 where it says none, ``ndk`` what linked it."""

    name: str
    size: int
    needed: tuple[str, ...]
    exports: int
    page_size: int
    level: int = 0
    ndk: str = ""


@dataclass(frozen=True, kw_only=True)
class VerificationReport:
    """What was found on the artefact. It is proved if ``problems`` is empty and it was run;
    ``not_run`` says why it was not: then its files are right as far as can be seen. ``emulated``
    says what it was run on if that was not a device's own system.

    ``checked_members`` of the archive were read; ``needed_libraries`` and ``oldest_glibc`` are of
    the linked program; so are, where that is Mach-O, ``minimum_os`` and ``constructors``, the
    number of functions that run before ``main``. ``registered_kernels`` counts the linked program's
    registry, or by its symbols where it was not started; ``surplus`` lists what it holds beyond the
    plan, ``missing`` what it lacks. ``renamed_symbols`` counts what the archive defines in
    protobuf's namespace with ``protobuf_prefix``, empty if it has none. Where an app gets shared
    libraries instead of an archive, ``libraries`` are these, and all that is said of a program
    is of them.
    """

    target: str
    checked_members: int
    machine: str
    needed_libraries: tuple[str, ...]
    oldest_glibc: tuple[int, ...]
    planned_kernels: int
    registered_kernels: int
    registered_ops: int
    missing: tuple[str, ...]
    surplus: tuple[str, ...]
    models: tuple[ModelCheck, ...]
    minimum_os: str = ""
    constructors: int = 0
    protobuf_prefix: str = ""
    renamed_symbols: int = 0
    not_run: str = ""
    emulated: str = ""
    libraries: tuple[LibraryFacts, ...] = ()
    notes: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


# --------------------------------------------------------------------------------------------
# size


@dataclass(frozen=True, kw_only=True)
class SizeContributor:
    """Bytes of the linked program that come from one place; ``detail`` says more of it."""

    name: str
    size: int
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class SizeReport:
    """All sizes in bytes. ``compressed`` are of the stripped program. ``budget`` 0 is none.

    ``dependencies``, ``files`` and ``ops`` share out what the linker took from each object file;
    each is sorted by size, largest first. An op list joined by commas shares one file.
    """

    target: str
    archive: int
    linked: int
    stripped: int
    gzip: int
    xz: int
    budget: int
    dependencies: tuple[SizeContributor, ...]
    files: tuple[SizeContributor, ...]
    ops: tuple[SizeContributor, ...]
