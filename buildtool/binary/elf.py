"""Facts about object files, programs and shared libraries for systems with ELF files.

Build attributes of ARM objects: "Addenda to, and Errata in, the ABI for the Arm Architecture"
(IHI 0045), which :mod:`buildtool.binary.arm_attributes` reads. Everything raises
:class:`NotElfError` for what is not a whole ELF file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from buildtool.binary.arm_attributes import ArmAttributes, parse_attributes
from buildtool.binary.elf_file import SHT_DYNSYM, SHT_SYMTAB, Bytes, ElfFile, Section
from buildtool.binary.kernel_symbols import count_factories

MACHINES = {
    3: "x86",
    8: "mips",
    20: "powerpc",
    21: "powerpc64",
    22: "s390",
    40: "arm",
    62: "x86_64",
    183: "aarch64",
    243: "riscv",
    258: "loongarch",
}
KINDS = {1: "relocatable", 2: "program", 3: "shared"}

SHT_INIT_ARRAY = 14
SHT_ARM_ATTRIBUTES = 0x70000003
DT_NEEDED = 1
SHN_UNDEF = 0
STB_LOCAL = 0
# Versions that stand for something a newer glibc can do (glibc 2.36, elf/dl-version).
GLIBC_FEATURES = {"GLIBC_ABI_DT_RELR": (2, 36)}


@dataclass(frozen=True, kw_only=True)
class ElfObject:
    """What an ELF file says of the machine that it is for.

    ``machine`` is a name of :data:`MACHINES` or ``machine <number>``; ``bits`` is 32 or 64;
    ``arm`` is None unless the file has an ARM attributes section.
    ``has_static_constructors``: code runs before ``main``; a file of a library that registers
    kernels or ops has them.
    """

    machine: str
    bits: int
    kind: str
    has_static_constructors: bool
    arm: ArmAttributes | None = None


def read_object(source: Path | Bytes) -> ElfObject:
    """Describe an ELF file."""
    elf = ElfFile(source)
    arm = next((s for s in elf.sections if s.type == SHT_ARM_ATTRIBUTES), None)
    return ElfObject(
        machine=MACHINES.get(elf.machine, f"machine {elf.machine}"),
        bits=elf.bits,
        kind=KINDS.get(elf.type, f"type {elf.type}"),
        has_static_constructors=any(_is_constructor_table(s) for s in elf.sections),
        arm=parse_attributes(bytes(elf.content(arm))) if arm else None,
    )


def needed_libraries(source: Path | Bytes) -> tuple[str, ...]:
    """The shared libraries that a linked file asks for, in its own order."""
    return ElfFile(source).dynamic_texts(DT_NEEDED)


def oldest_glibc(source: Path | Bytes) -> tuple[int, ...]:
    """The oldest glibc that a linked file runs on, e.g. ``(2, 29)``: the newest ``GLIBC_x.y``
    version that it asks for. Empty if it asks for none (static, or another C library)."""
    versions = ElfFile(source).needed_versions().values()
    return max(map(_glibc_number, versions), default=())


def newer_symbols(source: Path | Bytes, bound: tuple[int, ...]) -> tuple[str, ...]:
    """What a linked file takes of a glibc newer than ``bound``: ``name@version``, the newest first;
    a version alone where no symbol has it."""
    elf = ElfFile(source)
    newer = {
        number: name
        for number, name in elf.needed_versions().items()
        if _glibc_number(name) > bound
    }
    versioned = zip(elf.symbols(SHT_DYNSYM), elf.symbol_versions(), strict=False)
    found = {(newer[number], symbol.name) for symbol, number in versioned if number in newer}
    found |= {(name, "") for name in newer.values() if name not in {item[0] for item in found}}
    order = sorted(sorted(found), key=lambda item: _glibc_number(item[0]), reverse=True)
    return tuple(f"{name}@{version}" if name else version for version, name in order)


def _glibc_number(version: str) -> tuple[int, ...]:
    """``(2, 29)`` for ``GLIBC_2.29``; empty for versions of other libraries."""
    if version in GLIBC_FEATURES:
        return GLIBC_FEATURES[version]
    match = re.fullmatch(r"GLIBC_(\d+(?:\.\d+)*)", version)
    return tuple(int(part) for part in match.group(1).split(".")) if match else ()


def undefined_symbols(source: Path | Bytes) -> frozenset[str]:
    """The names that a file uses and does not define."""
    return frozenset(
        symbol.name
        for symbol in ElfFile(source).symbols(SHT_SYMTAB, SHT_DYNSYM)
        if symbol.section == SHN_UNDEF and symbol.name
    )


def defined_symbols(source: Path | Bytes) -> frozenset[str]:
    """The names that a file gives to others (local symbols are left out)."""
    return frozenset(
        symbol.name
        for symbol in ElfFile(source).symbols(SHT_SYMTAB, SHT_DYNSYM)
        if symbol.section != SHN_UNDEF and symbol.binding != STB_LOCAL
    )


def held_symbols(source: Path | Bytes) -> frozenset[str]:
    """The names of all that a file holds and still names, for others or not."""
    symbols = ElfFile(source).symbols(SHT_SYMTAB)
    return frozenset(symbol.name for symbol in symbols if symbol.section != SHN_UNDEF)


def kernel_factories(source: Path | Bytes) -> int:
    """How many kernels a file registers that still has its local symbols."""
    symbols = ElfFile(source).symbols(SHT_SYMTAB)
    return count_factories(item.name for item in symbols if item.section != SHN_UNDEF)


def _is_constructor_table(section: Section) -> bool:
    named = section.name.startswith((".init_array", ".ctors"))
    return (named or section.type == SHT_INIT_ARRAY) and section.size > 0
