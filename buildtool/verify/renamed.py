"""Does the library define anything that an app's own protobuf defines, too?

Mangled names are those of the Itanium C++ ABI ("Name mangling"): each name of a namespace stands in
them with its length before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from buildtool.binary import elf, macho
from buildtool.binary.archive import Member
from buildtool.binary.elf_file import NotElfError, is_bitcode
from buildtool.core.errors import Problem

# Something of google::protobuf's, also as the argument of another template; and what protoc makes
# of the names of protobuf's own files.
_UNRENAMED = re.compile(r"(?<!\d)6google8protobuf|(?<![A-Za-z0-9])google_2fprotobuf_2f")
_IN_BITCODE = re.compile(rb"_Z(?:(?!_Z)[\w$.])+")
_SHOWN = 3


@dataclass(frozen=True, kw_only=True)
class RenamedCheck:
    """``renamed`` counts the symbols in the renamed namespace."""

    renamed: int
    problems: tuple[Problem, ...]


def check_renamed(archive: Path, members: tuple[Member, ...], prefix: str) -> RenamedCheck:
    """Look at every symbol that the members define; in a member of bitcode, which has no such
    table, at every C++ name that it holds."""
    namespace = f"{prefix}_google"
    wanted = f"{len(namespace)}{namespace}8protobuf"
    renamed: set[str] = set()
    problems: list[Problem] = []
    for member in members:
        names = set(_names(member))
        renamed.update(name for name in names if wanted in name)
        if wrong := sorted(name for name in names if _UNRENAMED.search(name)):
            problems.append(_clash(archive, member, wrong, prefix))
    return RenamedCheck(renamed=len(renamed), problems=tuple(problems))


def _names(member: Member) -> Iterator[str]:
    if is_bitcode(member.data):
        # They stand one after the other, with nothing between them.
        yield from (name.decode("ascii") for name in _IN_BITCODE.findall(member.data))
        return
    read = macho.defined_symbols if macho.is_macho(member.data) else elf.defined_symbols
    try:
        yield from read(member.data)
    except (NotElfError, macho.NotMachoError):  # told by the check of architectures
        return


def _clash(archive: Path, member: Member, names: list[str], prefix: str) -> Problem:
    shown = ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")
    return Problem(
        where=f"{archive}: {member.name}",
        what=f"defines symbols of google::protobuf, which 'protobuf_prefix: {prefix}' should have "
        f"renamed: {shown}",
        todo="an app with a protobuf of its own would clash with them; please report the file",
    )
