"""What was found on what was built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from buildtool.core.errors import Problem
from buildtool.core.values.abis import Abi


@dataclass(frozen=True, kw_only=True)
class AndroidExpectation:
    """What a linked file for Android must be: for the API ``level``, and pages of ``page_size``
    bytes. ``stubs`` is the folder of the NDK whose libraries say what Android's own export at that
    level; ``libraries`` are those that an app may load, and since which level. ``stand_in``: it was
    made by something else than an NDK, so that what only an NDK does is not asked for."""

    level: int
    page_size: int
    stubs: Path
    libraries: Mapping[str, int]
    stand_in: bool = False


@dataclass(frozen=True, kw_only=True)
class ElfExpectation:
    """What every object of a target must be: a platform's facts of one ABI.

    ``machine`` is a name of :mod:`buildtool.binary.elf`. For 32-bit ARM, ``arm_architecture`` is
    the newest Tag_CPU_arch value that the target's core runs (0: any), ``neon`` whether it has
    NEON, ``hard_float`` whether floats are passed in VFP registers. ``glibc`` is the oldest one
    that the linked program must run on, such as ``(2, 28)``; empty if any will do. ``android`` is
    what is asked of a linked file besides, None for other systems.
    """

    machine: str
    bits: int
    arm_architecture: int = 0
    neon: bool = False
    hard_float: bool = False
    glibc: tuple[int, ...] = ()
    android: AndroidExpectation | None = None

    @classmethod
    def of(cls, abi: Abi, *, glibc: tuple[int, ...] = ()) -> ElfExpectation:
        """What every object of an ABI must say of itself."""
        return cls(
            machine=abi.machine,
            bits=abi.bits,
            arm_architecture=abi.arm_architecture,
            neon=abi.neon,
            hard_float=abi.hard_float,
            glibc=glibc,
        )


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
    reference. ``outside`` counts the elements that differ by more than ``tolerance`` allows, a
    relative difference; ``rule`` says where that comes from, empty if it is everybody's default.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    elements: int
    max_absolute: float | None = None
    max_relative: float | None = None
    tolerance: float = 0.0
    outside: int = 0
    rule: str = ""


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
    says what it was run on if that was not a device's own system; ``device`` which device it was.

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
    device: str = ""
    libraries: tuple[LibraryFacts, ...] = ()
    notes: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RefusedFile:
    """A file that did not compile, and the first errors that its compiler gave."""

    path: str
    errors: str


@dataclass(frozen=True, kw_only=True)
class MissingSymbol:
    """A symbol that nothing compiled defines: ``name`` is its C++ name, ``file`` asks for it,
    ``tried`` are the files that were compiled in the hope of it. ``refused`` are those that may
    define it and did not compile, the likeliest first."""

    name: str
    file: str
    tried: tuple[str, ...]
    refused: tuple[RefusedFile, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SizeContributor:
    """Bytes of the linked program that come from one place; ``detail`` says more of it."""

    name: str
    size: int
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class SizeLimit:
    """The most bytes that one of the sizes may have: ``name`` is the key under ``size_budget``,
    ``where`` the place where it was written."""

    name: str
    most: int
    where: str


@dataclass(frozen=True, kw_only=True)
class SizeReport:
    """All sizes in bytes; ``archive`` is 0 where an app gets shared libraries. ``gzip`` and ``xz``
    are of the stripped program. ``limits`` are what the target accepts.

    ``dependencies``, ``files`` and ``ops`` share out what the linker took from each object file;
    each is sorted by size, largest first. An op list joined by commas shares one file. ``halves``
    are what TensorFlow Lite and TensorFlow take where both are in it, and what is neither's.
    """

    target: str
    archive: int
    linked: int
    stripped: int
    gzip: int
    xz: int
    dependencies: tuple[SizeContributor, ...]
    files: tuple[SizeContributor, ...]
    ops: tuple[SizeContributor, ...]
    halves: tuple[SizeContributor, ...] = ()
    limits: tuple[SizeLimit, ...] = ()

    @property
    def limited(self) -> Mapping[str, int]:
        """The sizes that can be limited, by their keys under ``size_budget``."""
        return {
            "archive": self.archive,
            "linked": self.linked,
            "stripped": self.stripped,
            "compressed": self.gzip,
        }
