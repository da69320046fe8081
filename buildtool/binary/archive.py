"""Static libraries: the members of an ``ar`` archive.

Formats: the common one of "System V ABI", GNU's long names (``//`` and ``/offset``) and BSD's
(``#1/length``). Object names repeat: TensorFlow has 18 pairs of files of one basename. A universal
archive of Apple's is several of them in one file, one for each processor (``<mach-o/fat.h>``).
"""

from __future__ import annotations

import hashlib
import struct
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from buildtool.core.errors import Problem, VerificationError

MAGIC = b"!<arch>\n"
THIN_MAGIC = b"!<thin>\n"
HEADER_SIZE = 60
INDEX_NAMES = (
    "/",
    "/SYM64/",
    "__.SYMDEF",
    "__.SYMDEF SORTED",
    "__.SYMDEF_64",
    "__.SYMDEF_64 SORTED",
)
# TensorFlow's namespace in names of symbols (Itanium C++ ABI): what registers something calls it.
NAMESPACE = b"10tensorflow"
# Of a universal file, big-endian: the rest of each row is the processor's type and subtype, the
# offset and size in bytes, the alignment, and in the newer form a reserved word.
UNIVERSAL = {
    b"\xca\xfe\xba\xbe": struct.Struct(">IIIII"),
    b"\xca\xfe\xba\xbf": struct.Struct(">IIQQII"),
}


@dataclass(frozen=True, kw_only=True)
class Member:
    """A file in an archive. ``number`` counts members from 0; names are not unique."""

    name: str
    number: int
    data: memoryview = field(repr=False)


def read_archive(path: Path) -> tuple[Member, ...]:
    """All members in the archive's order, without the symbol index and the name table.

    Raises:
        VerificationError: the file is missing, no archive, thin, or cut off.
    """
    return members_of(path, _load(path))


def read_universal(path: Path) -> Mapping[tuple[int, int], tuple[Member, ...]]:
    """The members of each archive of a universal one, by its processor's type and subtype
    (``<mach/machine.h>``).

    Raises:
        VerificationError: the file is missing, not universal or cut off, has a processor twice, or
            something else than archives in it.
    """
    data = _load(path)
    if bytes(data[:4]) not in UNIVERSAL:
        raise _bad(path, "is not a universal archive", "join the archives of the slices again")
    return {cpu: members_of(path, part) for cpu, part in universal_parts(path, data).items()}


def universal_parts(path: Path, data: memoryview) -> Mapping[tuple[int, int], memoryview]:
    """What a universal file, whose bytes are ``data``, holds for each processor.

    Raises:
        VerificationError: it is cut off, or has a processor twice.
    """
    row = UNIVERSAL[bytes(data[:4])]
    count = int.from_bytes(data[4:8], "big")
    if 8 + count * row.size > len(data):
        raise _cut_off(path, 8)
    found: dict[tuple[int, int], memoryview] = {}
    for number in range(count):
        kind, subtype, offset, size, *_ = row.unpack_from(data, 8 + number * row.size)
        if (kind, subtype) in found:
            raise _bad(
                path,
                f"has two archives for the processor {kind}/{subtype}",
                "join archives of different processors only",
            )
        if offset + size > len(data):
            raise _cut_off(path, offset)
        found[kind, subtype] = data[offset : offset + size]
    return found


def repeated_members(members: tuple[Member, ...]) -> tuple[tuple[str, int], ...]:
    """Names and numbers of members that are in the archive more than once with the same bytes;
    whole-archive linking registers their kernels twice. Same names alone are no fault, nor are
    files that are left with nothing: two of one name may then be the same to the byte."""
    counts: dict[tuple[str, str], int] = defaultdict(int)
    for member in members:
        if NAMESPACE in bytes(member.data):
            counts[member.name, hashlib.sha256(member.data).hexdigest()] += 1
    return tuple(sorted((name, count) for (name, _), count in counts.items() if count > 1))


def _load(path: Path) -> memoryview:
    try:
        return memoryview(path.read_bytes())
    except OSError as failure:
        raise _bad(path, f"cannot be read: {failure.strerror}", "build the library first") from None


def members_of(path: Path, data: memoryview) -> tuple[Member, ...]:
    """The members of the archive whose bytes are ``data``, as :func:`read_archive`; ``path`` is for
    messages."""
    if bytes(data[:8]) == THIN_MAGIC:
        raise _bad(
            path,
            "is a thin archive: it holds only the paths of object files that stay elsewhere",
            "archive without ar's 'T' modifier",
        )
    if bytes(data[:4]) in UNIVERSAL:
        raise _bad(
            path, "is a universal file of several processors", "give the archive of one slice"
        )
    if bytes(data[:8]) != MAGIC:
        raise _bad(
            path, "is not a static library: it does not start with '!<arch>'", "build it again"
        )
    return tuple(_members(path, data))


def _members(path: Path, data: memoryview) -> Iterator[Member]:
    place = len(MAGIC)
    long_names = b""
    number = 0
    while place < len(data):
        name, size = _header(path, data, place)
        start = place + HEADER_SIZE
        if start + size > len(data):
            raise _cut_off(path, place)
        content = data[start : start + size]
        place = start + size + size % 2
        if name == "//":
            long_names = bytes(content)
            continue
        name, content = _full_name(name, content, long_names)
        if name not in INDEX_NAMES:
            yield Member(name=name, number=number, data=content)
            number += 1


def _header(path: Path, data: memoryview, place: int) -> tuple[str, int]:
    header = bytes(data[place : place + HEADER_SIZE])
    size = header[48:58].strip()
    if len(header) < HEADER_SIZE or header[58:60] != b"`\n" or not size.isdigit():
        raise _cut_off(path, place)
    return header[:16].decode("utf-8", "replace").rstrip(), int(size)


def _full_name(name: str, content: memoryview, long_names: bytes) -> tuple[str, memoryview]:
    if name.startswith("#1/"):
        length = int(name[3:])
        return bytes(content[:length]).rstrip(b"\0").decode("utf-8", "replace"), content[length:]
    if name.startswith("/") and name[1:].isdigit():
        line = long_names[int(name[1:]) :].split(b"\n", 1)[0]
        return line.decode("utf-8", "replace").removesuffix("/"), content
    return (name if name in INDEX_NAMES else name.removesuffix("/")), content


def _bad(path: Path, what: str, todo: str) -> VerificationError:
    return VerificationError(Problem(where=str(path), what=what, todo=todo))


def _cut_off(path: Path, place: int) -> VerificationError:
    return _bad(path, f"is damaged or cut off at byte {place}", "delete it and build it again")
