"""Linker maps of Mach-O files: ``-map FILE`` of Apple's ld and of lld (14, 15, 16 and 19 were
tried).

lld before 16 writes no sizes of symbols, and lld 16 writes 0 for most of them. So what a symbol
takes is read from the addresses: all up to the next symbol, or to the end of its section. lld
before 19 also leaves out which archive a member is from; it is found in the archives themselves.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, takewhile
from pathlib import Path, PurePosixPath

from buildtool.binary.archive import read_archive

START = "# Path:"
# Inputs have numbers; a symbol names the number of its input. Columns have tabs between them.
INPUT = re.compile(r"\[ *(\d+)\] (.+)$")
SECTION = re.compile(r"0x([0-9A-Fa-f]+)\s+0x([0-9A-Fa-f]+)\s+__\w+\s+(__\w+)$")
SYMBOL = re.compile(r"0x([0-9A-Fa-f]+)\s+(?:0x([0-9A-Fa-f]+)\s+)?\[ *(\d+)\] (.*)$")
NO_CONTENT = ("__bss", "__common", "__thread_bss")
# Calls and pointers into a shared library are made by the linker.
NOT_COPIED = (".tbd", ".dylib")
LINKER = "linker synthesized"


@dataclass(frozen=True, kw_only=True)
class _Symbol:
    """Where a symbol stands, the size that is written of it (0: unknown), its input, its name."""

    address: int
    size: int
    number: str
    name: str


@dataclass(frozen=True, kw_only=True)
class _Map:
    """The inputs by their numbers, the sections that have content, and all symbols, by address."""

    inputs: Mapping[str, str]
    sections: Sequence[range]
    symbols: Sequence[_Symbol]

    def of_section(self, section: range) -> Iterator[_Symbol]:
        """The symbols in a section, in the order of their addresses."""
        first = bisect_left(self.symbols, section.start, key=lambda item: item.address)
        return takewhile(lambda item: item.address < section.stop, self.symbols[first:])


def macho_entries(
    lines: Iterable[str], archives: Sequence[Path], internal: str
) -> Iterator[tuple[str, int]]:
    """Inputs and bytes of theirs, in the order of addresses. What is the linker's own is called
    ``internal``. ``archives`` are those that it was given, the ones it takes whole first.

    Raises:
        VerificationError: an archive is needed, and cannot be read.
    """
    found = _read(lines)
    names = _names(found.inputs, archives, internal)
    for section in found.sections:
        yield from _shares(section, found.of_section(section), names, internal)


def macho_symbols(
    lines: Iterable[str], archives: Sequence[Path], internal: str
) -> Iterator[tuple[str, str, int]]:
    """The symbols that have content, in the order of their addresses: the name as the linker knows
    it, its input, and its bytes: all up to the next address that has a symbol. ``archives`` are as
    in :func:`macho_entries`.

    Raises:
        VerificationError: an archive is needed, and cannot be read.
    """
    found = _read(lines)
    names = _names(found.inputs, archives, internal)
    for section in found.sections:
        own = [*found.of_section(section)]
        stops = sorted({*(each.address for each in own), section.stop})
        after = dict(pairwise(stops))
        for each in own:
            yield each.name, names[each.number], after[each.address] - each.address


def _read(lines: Iterable[str]) -> _Map:
    inputs: dict[str, str] = {}
    sections: list[range] = []
    symbols: list[_Symbol] = []
    for line in lines:
        if found := INPUT.match(line):
            inputs[found[1]] = found[2].strip()
        elif found := SECTION.match(line):
            start, size = int(found[1], 16), int(found[2], 16)
            sections += [range(start, start + size)] if found[3] not in NO_CONTENT else []
        elif found := SYMBOL.match(line):  # what was dropped as dead has no address
            size = int(found[2] or "0", 16)
            symbols.append(
                _Symbol(address=int(found[1], 16), size=size, number=found[3], name=found[4])
            )
    # Of several at one address, the one that is said to have bytes comes first.
    symbols.sort(key=lambda symbol: (symbol.address, -symbol.size))
    return _Map(inputs=inputs, sections=sections, symbols=symbols)


def _shares(
    section: range, symbols: Iterable[_Symbol], names: Mapping[str, str], internal: str
) -> Iterator[tuple[str, int]]:
    """A section's bytes. Those before its first symbol are tables and merged constants."""
    at, owner = section.start, internal
    for symbol in symbols:
        if symbol.address > at:
            yield owner, symbol.address - at
            at, owner = symbol.address, names[symbol.number]
        elif at == section.start and owner == internal:
            owner = names[symbol.number]
    if section.stop > at:
        yield owner, section.stop - at


def _names(inputs: Mapping[str, str], archives: Sequence[Path], internal: str) -> Mapping[str, str]:
    """What inputs are called: ``lib.a(member.o)``, or the path of an object."""
    members = {} if any(name.endswith(")") for name in inputs.values()) else _members(archives)
    seen: dict[str, int] = defaultdict(int)
    names = {}
    for number, name in inputs.items():
        if name == LINKER or name.endswith(NOT_COPIED) or ".framework/" in name:
            names[number] = internal
        elif found := members.get(name):
            # Namesakes were read in the order of the archives.
            names[number] = f"{found[min(seen[name], len(found) - 1)]}({name})"
            seen[name] += 1
        else:
            names[number] = name
    return names


def _members(archives: Iterable[Path]) -> Mapping[str, Sequence[Path]]:
    """The archives that have members of each name, as often as they have one."""
    found: dict[str, list[Path]] = defaultdict(list)
    for archive in archives:
        for member in read_archive(archive):
            found[PurePosixPath(member.name).name].append(archive)
    return found
