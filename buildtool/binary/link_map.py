"""Linker maps: how many bytes of the linked file come from which object file.

Formats: ``-Wl,-Map=FILE`` of GNU ld and gold (binutils 2.40) and of lld (14), and ``-map FILE`` of
Apple's ld and lld (19) for Mach-O, told apart by their first lines; gold's is GNU ld's but for the
headings. Counted is what the file holds when stripped:
sections that are loaded and have content. So ``.bss`` is left out (it takes memory but no bytes of
the file), and debug sections, too.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from buildtool.core.errors import BuildError, Problem

# VMA, LMA, size and alignment; an input section then stands nine columns in, an output section
# one and a symbol seventeen.
LLD_INPUT = re.compile(r" *[0-9a-f]+ +[0-9a-f]+ +([0-9a-f]+) +\d+ {9}(\S.*?):\((.*)\)$")
LLD_OUTPUT = re.compile(r" *[0-9a-f]+ +[0-9a-f]+ +[0-9a-f]+ +\d+ (\S+)$")
GNU_START = ("Linker script and memory map", "Memory map")
GNU_OUTPUT = re.compile(r"([\w.]+)(?:\s+0x[0-9a-f]+\s+0x[0-9a-f]+.*)?$")
GNU_INPUT = re.compile(r" (\S+)? +0x([0-9a-f]+) +0x([0-9a-f]+) (\S.*)$")
# What gold makes itself; a long name stands on a line of its own, as a section's does.
GOLD_OWN = re.compile(r" (?:\*\* \S.*?)? +0x([0-9a-f]+) +0x([0-9a-f]+)$")
# GNU ld gives what it makes itself to the first input, the C library's start-up object.
GNU_INTERNAL = (".rel", ".plt", ".got", ".dyn", ".hash", ".gnu.", ".interp", ".eh_frame_hdr")

# Inputs have numbers; a symbol names the number of its input. Columns have tabs between them.
MACHO_START = "# Path:"
MACHO_INPUT = re.compile(r"\[ *(\d+)\] (.+)$")
MACHO_SECTION = re.compile(r"0x([0-9A-Fa-f]+)\s+0x([0-9A-Fa-f]+)\s+__\w+\s+(__\w+)$")
MACHO_SYMBOL = re.compile(r"0x([0-9A-Fa-f]+)\s+0x([0-9A-Fa-f]+)\s+\[ *(\d+)\] ")
MACHO_NO_CONTENT = ("__bss", "__common", "__thread_bss")
MACHO_INTERNAL = "linker synthesized"

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


def bytes_by_input(path: Path) -> Mapping[str, int]:
    """Bytes in the linked file by input: ``lib.a(member.o)`` or an object's path, as the linker
    wrote it; what the linker makes itself stands under :data:`INTERNAL`.

    Raises:
        BuildError: the file cannot be read or is no map of these two linkers.
    """
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            first = file.readline()
            if first.startswith(MACHO_START):
                entries = _macho(file)
            else:
                entries = _lld(file) if first.split()[:2] == ["VMA", "LMA"] else _gnu(file)
            sizes: dict[str, int] = defaultdict(int)
            for name, size in entries:
                sizes[name] += size
    except OSError as failure:
        raise _bad(path, f"cannot be read: {failure.strerror}") from None
    if not sizes:
        raise _bad(path, "is no linker map of GNU ld or lld")
    return dict(sorted(sizes.items()))


def _lld(lines: Iterable[str]) -> Iterator[tuple[str, int]]:
    counted = False
    for line in lines:
        if output := LLD_OUTPUT.match(line):
            counted = _counts(output.group(1))
        elif counted and (found := LLD_INPUT.match(line)):
            yield found.group(2), int(found.group(1), 16)


def _macho(lines: Iterable[str]) -> Iterator[tuple[str, int]]:
    """What is dropped as dead stands last, without addresses."""
    names: dict[str, str] = {}
    empty: list[range] = []
    for line in lines:
        if found := MACHO_INPUT.match(line):
            names[found[1]] = INTERNAL if found[2].strip() == MACHO_INTERNAL else found[2].strip()
        elif found := MACHO_SECTION.match(line):
            start, size = int(found[1], 16), int(found[2], 16)
            empty += [range(start, start + size)] if found[3] in MACHO_NO_CONTENT else []
        elif (found := MACHO_SYMBOL.match(line)) and not any(
            int(found[1], 16) in section for section in empty
        ):
            yield names[found[3]], int(found[2], 16)


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
