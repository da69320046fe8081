"""The static libraries that are packed, thin and universal, and the symbols of their members."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from buildtool.binary.archive import UNIVERSAL, Member, read_archive, read_universal
from buildtool.binary.elf_file import is_bitcode
from buildtool.binary.macho import (
    NotMachoError,
    cpu_name,
    defined_symbols,
    read_object,
    undefined_symbols,
)
from buildtool.binary.symbols import Symbols
from buildtool.core.errors import Problem, VerificationError


@dataclass(frozen=True, kw_only=True)
class Part:
    """A static library for one CPU: the whole file, or what a universal file has for that CPU."""

    cpu: str
    members: tuple[Member, ...] = field(repr=False)


def read_library(path: Path) -> tuple[Part, ...]:
    """The parts of a static library, one for each CPU, in the file's order. The CPU of a file that
    is not universal is that of its first member.

    Raises:
        VerificationError: the file cannot be read, or is no static library of Mach-O objects.
    """
    if _is_universal(path):
        found = read_universal(path)
        return tuple(Part(cpu=cpu_name(*cpu), members=found[cpu]) for cpu in found)
    members = read_archive(path)
    return (Part(cpu=_cpu_of(path, members), members=members),)


def read_symbols(member: Member) -> Symbols:
    """The global symbols of a member that is a Mach-O object."""
    data = member.data
    return Symbols(defined=defined_symbols(data), undefined=undefined_symbols(data))


def _is_universal(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(4) in UNIVERSAL
    except OSError:
        return False  # the reader of the whole file reports what is wrong


def _cpu_of(path: Path, members: tuple[Member, ...]) -> str:
    if not members:
        what, todo = "holds no object at all", "build it again"
        raise VerificationError(Problem(where=str(path), what=what, todo=todo))
    bitcode = [member.name for member in members if is_bitcode(member.data)]
    if bitcode:
        # An app's linker may be of another release, and nobody could tell what the member needs.
        what, todo = f"holds LLVM bitcode: {', '.join(bitcode)}", "build it without -flto"
        raise VerificationError(Problem(where=str(path), what=what, todo=todo))
    try:
        return read_object(members[0].data).cpu
    except NotMachoError as found:
        where, todo = f"{path}: {members[0].name}", "build it with a compiler for Apple's systems"
        raise VerificationError(Problem(where=where, what=f"is {found}", todo=todo)) from None
