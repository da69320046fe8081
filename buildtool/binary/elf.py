"""Facts about object files, programs and shared libraries, read from their ELF structures.

Everything takes the file's bytes (or a memoryview of an archive member) and looks only at headers
and the tables it needs, so that an archive of hundreds of members is read in well under a second.
Field layouts: "System V ABI, gABI 4.1" and, for ARM, "Addenda to, and Errata in, the ABI for the
Arm Architecture" (IHI 0045), which :mod:`buildtool.binary.arm_attributes` reads.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from buildtool.binary.arm_attributes import ArmAttributes, parse_attributes

Bytes = bytes | memoryview

ELF_MAGIC = b"\x7fELF"
BITCODE_MAGICS = (b"BC\xc0\xde", b"\xde\xc0\x17\x0b")

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

SHT_SYMTAB, SHT_DYNAMIC, SHT_NOBITS, SHT_DYNSYM = 2, 6, 8, 11
SHT_INIT_ARRAY = 14
SHT_ARM_ATTRIBUTES = 0x70000003
SHT_GNU_VERNEED = 0x6FFFFFFE
SHT_GNU_VERSYM = 0x6FFFFFFF
VERSION_INDEX = 0x7FFF  # the highest bit hides a symbol
# Versions that stand for something a newer glibc can do (glibc 2.36, elf/dl-version).
GLIBC_FEATURES = {"GLIBC_ABI_DT_RELR": (2, 36)}
DT_NEEDED = 1
SHN_UNDEF = 0
STB_LOCAL = 0


class NotElfError(ValueError):
    """The bytes are no complete ELF file; the text says what they are instead."""


@dataclass(frozen=True, kw_only=True)
class Section:
    """A section: ``offset`` and ``size`` in bytes in the file, ``link`` another's index."""

    name: str
    type: int
    offset: int
    size: int
    link: int


@dataclass(frozen=True, kw_only=True)
class ElfObject:
    """What an ELF file says of the machine that it is for.

    ``machine`` is a name of :data:`MACHINES` or ``machine <number>``; ``bits`` is 32 or 64;
    ``flags`` is ``e_flags``; ``arm`` is None unless the file has an ARM attributes section.
    ``has_static_constructors``: code runs before ``main``; a file of a library that registers
    kernels or ops has them.
    """

    machine: str
    bits: int
    little_endian: bool
    kind: str
    flags: int
    has_static_constructors: bool
    arm: ArmAttributes | None = None


def read_object(source: Path | Bytes) -> ElfObject:
    """Describe an ELF file.

    Raises:
        NotElfError: it is something else, or ends too early.
    """
    elf = _Elf(_load(source))
    arm = next((s for s in elf.sections if s.type == SHT_ARM_ATTRIBUTES), None)
    return ElfObject(
        machine=MACHINES.get(elf.machine, f"machine {elf.machine}"),
        bits=elf.bits,
        little_endian=elf.order == "<",
        kind=KINDS.get(elf.type, f"type {elf.type}"),
        flags=elf.flags,
        has_static_constructors=any(_is_constructor_table(s) for s in elf.sections),
        arm=parse_attributes(bytes(elf.content(arm))) if arm else None,
    )


def needed_libraries(source: Path | Bytes) -> tuple[str, ...]:
    """The shared libraries that a linked file asks for, in its own order."""
    elf = _Elf(_load(source))
    form = elf.order + ("qQ" if elf.bits == 64 else "iI")
    return tuple(
        elf.string(section.link, value)
        for section in elf.of_type(SHT_DYNAMIC)
        for tag, value in struct.iter_unpack(form, elf.content(section))
        if tag == DT_NEEDED
    )


def oldest_glibc(source: Path | Bytes) -> tuple[int, ...]:
    """The oldest glibc that a linked file runs on, e.g. ``(2, 29)``: the newest ``GLIBC_x.y``
    version that it asks for. Empty if it asks for none (static, or another C library)."""
    versions = _needed_versions(_Elf(_load(source))).values()
    return max(map(_glibc_number, versions), default=())


def newer_symbols(source: Path | Bytes, bound: tuple[int, ...]) -> tuple[str, ...]:
    """What a linked file takes of a glibc newer than ``bound``: ``name@version``, the newest first;
    a version alone where no symbol has it."""
    elf = _Elf(_load(source))
    newer = {
        number: name
        for number, name in _needed_versions(elf).items()
        if _glibc_number(name) > bound
    }
    indices = [
        number & VERSION_INDEX
        for section in elf.of_type(SHT_GNU_VERSYM)
        for (number,) in struct.iter_unpack(elf.order + "H", elf.content(section))
    ]
    table = next(elf.of_type(SHT_DYNSYM), None)
    symbols = [name for name, _, _ in _table_symbols(elf, table)] if table else []
    found = {
        (newer[number], name)
        for name, number in zip(symbols, indices, strict=False)
        if number in newer
    }
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
    elf = _Elf(_load(source))
    return frozenset(name for name, section, _ in _symbols(elf) if section == SHN_UNDEF and name)


def defined_symbols(source: Path | Bytes) -> frozenset[str]:
    """The names that a file gives to others (local symbols are left out)."""
    elf = _Elf(_load(source))
    return frozenset(
        name
        for name, section, binding in _symbols(elf)
        if section != SHN_UNDEF and binding != STB_LOCAL
    )


def is_bitcode(data: Bytes) -> bool:
    """Whether this is LLVM bitcode (an object made for link-time optimisation)."""
    return bytes(data[:4]) in BITCODE_MAGICS


class _Elf:
    """The header and the section table of one file."""

    def __init__(self, data: memoryview) -> None:
        if bytes(data[:4]) != ELF_MAGIC or len(data) < 52:
            raise NotElfError(_what_it_is(data))
        self.data = data
        self.bits = 64 if data[4] == 2 else 32
        self.order = ">" if data[5] == 2 else "<"
        try:
            self._read_header()
            self.sections = self._read_sections()
        except (struct.error, IndexError):
            raise NotElfError("an ELF file that ends too early") from None

    def _read_header(self) -> None:
        form = "HHIQQQIHHHHHH" if self.bits == 64 else "HHIIIIIHHHHHH"
        header = struct.unpack_from(self.order + form, self.data, 16)
        self.type, self.machine = header[0], header[1]
        self.flags = header[6]
        self.table_offset, self.entry_size = header[5], header[10]
        self.count, self.names_index = header[11], header[12]

    def _read_sections(self) -> tuple[Section, ...]:
        form = self.order + ("IIQQQQII" if self.bits == 64 else "IIIIIIII")
        if not self.table_offset:
            return ()
        first = struct.unpack_from(form, self.data, self.table_offset)
        count = self.count or first[5]  # over 65279 sections: the number stands in section 0
        names = first[6] if self.names_index == 0xFFFF else self.names_index
        rows = [
            struct.unpack_from(form, self.data, self.table_offset + index * self.entry_size)
            for index in range(count)
        ]
        start = rows[names][4]
        return tuple(
            Section(
                name=_text_at(self.data, start + row[0]),
                type=row[1],
                offset=row[4],
                size=row[5],
                link=row[6],
            )
            for row in rows
        )

    def content(self, section: Section) -> memoryview:
        """The bytes of a section."""
        if section.type != SHT_NOBITS and section.offset + section.size > len(self.data):
            raise NotElfError("an ELF file that ends too early")
        return self.data[section.offset : section.offset + section.size]

    def of_type(self, kind: int) -> Iterator[Section]:
        """The sections of one type."""
        return (section for section in self.sections if section.type == kind)

    def string(self, table: int, offset: int) -> str:
        """A string of the string table that is section number ``table``."""
        return _text_at(self.data, self.sections[table].offset + offset)


def _load(source: Path | Bytes) -> memoryview:
    return memoryview(source.read_bytes() if isinstance(source, Path) else source)


def _text_at(data: memoryview, offset: int) -> str:
    """The zero-terminated string at ``offset``."""
    step = 256
    text = b""
    while b"\0" not in text and offset + len(text) < len(data):
        text += bytes(data[offset + len(text) : offset + len(text) + step])
    return text.split(b"\0", 1)[0].decode("utf-8", "replace")


def _what_it_is(data: memoryview) -> str:
    start = bytes(data[:8])
    if not start:
        return "an empty file"
    if start.startswith(ELF_MAGIC):
        return "an ELF file that ends too early"
    if start.startswith(BITCODE_MAGICS):
        return "LLVM bitcode"
    if start.startswith((b"!<arch>\n", b"!<thin>\n")):
        return "an archive"
    if start[:4] in {b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"\xca\xfe\xba\xbe"}:
        return "a Mach-O file"
    return f"not an ELF file (it starts with {start[:4]!r})"


def _is_constructor_table(section: Section) -> bool:
    named = section.name.startswith((".init_array", ".ctors"))
    return (named or section.type == SHT_INIT_ARRAY) and section.size > 0


def _needed_versions(elf: _Elf) -> dict[int, str]:
    """The version names of the ``SHT_GNU_verneed`` section, of all libraries, by the number that
    the table of the symbols' versions has for them."""
    found: dict[int, str] = {}
    for section in elf.of_type(SHT_GNU_VERNEED):
        table = elf.content(section)
        entry = 0
        while True:
            _, count, _, auxiliary, following = struct.unpack_from(
                elf.order + "HHIII", table, entry
            )
            place = entry + auxiliary
            for _ in range(count):
                _, _, number, name, step = struct.unpack_from(elf.order + "IHHII", table, place)
                found[number & VERSION_INDEX] = elf.string(section.link, name)
                place += step
            if not following:
                break
            entry += following
    return found


def _symbols(elf: _Elf) -> Iterator[tuple[str, int, int]]:
    """Name, section index and binding of every symbol: of the full table where the file has
    one, else of the dynamic one."""
    table = next(elf.of_type(SHT_SYMTAB), None) or next(elf.of_type(SHT_DYNSYM), None)
    return _table_symbols(elf, table) if table else iter(())


def _table_symbols(elf: _Elf, table: Section) -> Iterator[tuple[str, int, int]]:
    form = elf.order + ("IBBHQQ" if elf.bits == 64 else "IIIBBH")
    for row in struct.iter_unpack(form, elf.content(table)):
        info, section = (row[1], row[3]) if elf.bits == 64 else (row[3], row[5])
        yield elf.string(table.link, row[0]), section, info >> 4
