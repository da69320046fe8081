"""Linker maps: how many bytes of the linked file come from which object file.

Formats: ``-Wl,-Map=FILE`` of GNU ld and gold (binutils 2.40) and of lld (14), and those of Mach-O
linkers (:mod:`buildtool.binary.macho_map`), told apart by their first lines; gold's is GNU ld's
but for the headings. Counted is what the file holds when stripped: sections that are loaded and
have content. So ``.bss`` is left out (it takes memory but no bytes of the file), and debug
sections, too.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from buildtool.binary import macho_map
from buildtool.core.errors import BuildError, Problem

# VMA, LMA, size and alignment; an input section then stands nine columns in, an output section
# one and a symbol seventeen.
LLD_INPUT = re.compile(r" *[0-9a-f]+ +[0-9a-f]+ +([0-9a-f]+) +\d+ {9}(\S.*?):\((.*)\)$")
LLD_SYMBOL = re.compile(r" *[0-9a-f]+ +[0-9a-f]+ +([0-9a-f]+) +\d+ {17}(\S.*)$")
LLD_OUTPUT = re.compile(r" *[0-9a-f]+ +[0-9a-f]+ +[0-9a-f]+ +\d+ (\S+)$")
GNU_START = ("Linker script and memory map", "Memory map")
GNU_OUTPUT = re.compile(r"([\w.]+)(?:\s+0x[0-9a-f]+\s+0x[0-9a-f]+.*)?$")
GNU_INPUT = re.compile(r" (\S+)? +0x([0-9a-f]+) +0x([0-9a-f]+) (\S.*)$")
GNU_SYMBOL = re.compile(r" {16}0x[0-9a-f]+ {16}(\S.*)$")
# What gold makes itself; a long name stands on a line of its own, as a section's does.
GOLD_OWN = re.compile(r" (?:\*\* \S.*?)? +0x([0-9a-f]+) +0x([0-9a-f]+)$")
# GNU ld gives what it makes itself to the first input, the C library's start-up object.
GNU_INTERNAL = (".rel", ".plt", ".got", ".dyn", ".hash", ".gnu.", ".interp", ".eh_frame_hdr")

NO_CONTENT = (".bss", ".tbss", ".sbss", "COMMON")
NOT_LOADED = (
    ".ARM.attributes",
    ".comment",
    ".debug",
    ".gnu.attributes",
    ".gnu.lto",
    ".note.GNU-stack",
    ".shstrtab",
    ".stab",
    ".strtab",
    ".symtab",
    ".zdebug",
)

INTERNAL = "<internal>"
Demangle = Callable[[Sequence[str]], Sequence[str]]


def bytes_by_input(path: Path, archives: Sequence[Path] = ()) -> Mapping[str, int]:
    """Bytes in the linked file by input: ``lib.a(member.o)`` or an object's path, as the linker
    wrote it; what the linker makes itself stands under :data:`INTERNAL`. ``archives`` are those
    that were linked, the ones that are linked whole first: some maps name only their members.

    Raises:
        BuildError: the file cannot be read or is no map of these linkers.
        VerificationError: an archive whose members' names are needed cannot be read.
    """
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            first = file.readline()
            if first.startswith(macho_map.START):
                entries = macho_map.macho_entries(file, archives, INTERNAL)
            else:
                entries = _lld(file) if first.split()[:2] == ["VMA", "LMA"] else _gnu(file)
            sizes: dict[str, int] = defaultdict(int)
            for name, size in entries:
                sizes[name] += size
    except OSError as failure:
        raise _bad(path, f"cannot be read: {failure.strerror}") from None
    if not sizes:
        raise _bad(path, "is not a linker map of GNU ld, lld or Apple's ld")
    return dict(sorted(sizes.items()))


@dataclass(frozen=True, kw_only=True)
class MapSymbol:
    """A symbol of the linked file by its C++ name, the input that it is from, and its bytes; None
    where the linker does not say them."""

    name: str
    input: str
    size: int | None


def symbols_named(
    path: Path, part: str, *, archives: Sequence[Path] = (), demangle: Demangle | None = None
) -> Sequence[MapSymbol] | None:
    """The symbols in a map whose C++ names hold ``part``, in the order of their addresses; None
    where it says no such names. Those of Mach-O linkers have the linker's names, which ``demangle``
    turns into C++ names, each with an underscore before it; ``archives`` are as in
    :func:`bytes_by_input`.

    Raises:
        BuildError: the file cannot be read.
        VerificationError: an archive whose members' names are needed cannot be read.
    """
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            first = file.readline()
            if first.startswith(macho_map.START):
                return demangle and [*_macho_symbols(file, part, archives, demangle)]
            is_lld = first.split()[:2] == ["VMA", "LMA"]
            return [*(_lld_symbols(file, part) if is_lld else _gnu_symbols(file, part))]
    except OSError as failure:
        raise _bad(path, f"cannot be read: {failure.strerror}") from None


def _macho_symbols(
    lines: Iterable[str], part: str, archives: Sequence[Path], demangle: Demangle
) -> Iterator[MapSymbol]:
    rows = [*macho_map.macho_symbols(lines, archives, INTERNAL)]
    for name, (_, source, size) in zip(demangle([row[0] for row in rows]), rows, strict=True):
        if part in name:
            yield MapSymbol(name=name, input=source, size=size)


def _lld_symbols(lines: Iterable[str], part: str) -> Iterator[MapSymbol]:
    source, counted = "", False
    for line in lines:
        if found := LLD_SYMBOL.match(line):
            if counted and part in line:
                yield MapSymbol(name=found.group(2), input=source, size=int(found.group(1), 16))
        elif found := LLD_INPUT.match(line):
            source = found.group(2)
        elif output := LLD_OUTPUT.match(line):
            counted = _counts(output.group(1))


def _gnu_symbols(lines: Iterable[str], part: str) -> Iterator[MapSymbol]:
    source, started, counted = "", False, False
    for line in lines:
        if not started:
            started = line.startswith(GNU_START)
        elif found := GNU_SYMBOL.match(line):
            if source and part in line:
                yield MapSymbol(name=found.group(1), input=source, size=None)
        elif output := GNU_OUTPUT.match(line):
            source, counted = "", _counts(output.group(1))
        elif found := GNU_INPUT.match(line.rstrip()):
            # A section that was not kept stands at address 0.
            source = found.group(4) if counted and int(found.group(2), 16) else ""


def _lld(lines: Iterable[str]) -> Iterator[tuple[str, int]]:
    counted = False
    for line in lines:
        if output := LLD_OUTPUT.match(line):
            counted = _counts(output.group(1))
        elif counted and (found := LLD_INPUT.match(line)):
            yield found.group(2), int(found.group(1), 16)


def _gnu(lines: Iterable[str]) -> Iterator[tuple[str, int]]:
    """A long section name stands on a line of its own before its numbers."""
    started = counted = internal = own = False
    for line in lines:
        own = line.startswith(" ** ") or (own and line.startswith("  "))
        if not started:
            started = line.startswith(GNU_START)
        elif output := GNU_OUTPUT.match(line):
            counted = _counts(output.group(1))
            internal = output.group(1).startswith(GNU_INTERNAL)
        elif counted and own and (found := GOLD_OWN.match(line)):
            yield INTERNAL, int(found.group(2), 16)
        elif counted and (found := GNU_INPUT.match(line.rstrip())):
            section, address, size, name = found.groups()
            if int(address, 16) and section != "*fill*" and not name.startswith("0x"):
                yield INTERNAL if internal else name, int(size, 16)


def _counts(section: str) -> bool:
    return not section.startswith((*NO_CONTENT, *NOT_LOADED))


def _bad(path: Path, what: str) -> BuildError:
    return BuildError(
        Problem(
            where=str(path), what=what, todo="link with -Wl,-Map=FILE; delete it and link again"
        )
    )
