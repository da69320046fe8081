"""What a platform module states: facts only, no decisions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class Abi:
    """One ABI of a platform.

    ``triple`` is the GNU triple of the cross tools, and what clang takes as ``--target``.
    ``cpu_flags`` are the compiler's flags for the least CPU that the ABI promises.
    ``machine`` and ``bits`` are what the ELF header of every object must say;
    ``arm_architecture`` (the value of Tag_CPU_arch, 0 where it does not apply) is the newest ARM
    architecture, and ``neon`` and ``hard_float`` what the attributes may and must say.
    ``emulators`` are programs of qemu's user mode, best first; ``sysroot`` is where Debian's
    cross packages put the target's C library; ``packages`` are the Debian packages that give
    compilers for this ABI.
    """

    name: str
    triple: str
    cpu_flags: tuple[str, ...]
    machine: str
    bits: int
    emulators: tuple[str, ...]
    sysroot: str
    packages: tuple[str, ...]
    arm_architecture: int = 0
    neon: bool = False
    hard_float: bool = False


class Platform(Protocol):
    """A platform: its name, its ABIs, and what every object and program for it needs."""

    @property
    def name(self) -> str: ...

    @property
    def abis(self) -> Mapping[str, Abi]: ...

    @property
    def link_flags(self) -> tuple[str, ...]: ...

    @property
    def makefile_target(self) -> str:
        """What the makefile of TensorFlow 1.x calls it (its ``TARGET``)."""
        ...


@dataclass(frozen=True, kw_only=True)
class ElfPlatform:
    """A platform whose programs are ELF files linked against a C library of GNU/Linux."""

    name: str
    abis: Mapping[str, Abi]
    link_flags: tuple[str, ...] = ("-pthread", "-ldl", "-lm")
    makefile_target: str = "LINUX"
