"""What the linked program's file says of what it needs and holds, for either object format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from buildtool.binary import elf, macho
from buildtool.binary.elf_file import NotElfError
from buildtool.core.errors import Problem
from buildtool.core.values import MachoExpectation
from buildtool.verify.architecture import Expectation

_SHOWN = 8


@dataclass(frozen=True, kw_only=True)
class LinkedFacts:
    """Facts for the report. ``machine`` is what the target asks for, in words. ``oldest_glibc`` is
    empty but for ELF; ``minimum_os`` and ``constructors`` (functions that run before ``main``) are
    read of Mach-O alone. ``kernels`` are those that are registered by the symbols, 0 where a
    program can always be asked."""

    machine: str
    libraries: Sequence[str] = ()
    oldest_glibc: tuple[int, ...] = ()
    minimum_os: str = ""
    constructors: int = 0
    kernels: int = 0


def linked_facts(program: Path, expected: Expectation) -> LinkedFacts:
    """Read ``program``; what is no such file, or is not there, has no facts: it is among the
    problems already."""
    machine = machine_text(expected)
    try:
        if not program.is_file():
            return LinkedFacts(machine=machine)
        if isinstance(expected, MachoExpectation):
            return _macho_facts(program, machine)
        return LinkedFacts(
            machine=machine,
            libraries=elf.needed_libraries(program),
            oldest_glibc=elf.oldest_glibc(program),
            kernels=elf.kernel_factories(program) if expected.android is not None else 0,
        )
    except (NotElfError, macho.NotMachoError):
        return LinkedFacts(machine=machine)


def glibc_problems(program: Path, bound: tuple[int, ...]) -> list[Problem]:
    """What keeps ``program`` from running on a glibc as old as ``bound`` (empty: any will do)."""
    try:
        oldest = elf.oldest_glibc(program) if bound else ()
        if oldest <= bound:
            return []
        symbols = elf.newer_symbols(program, bound)
    except NotElfError:  # a problem already
        return []
    more = f" and {len(symbols) - _SHOWN} more" if len(symbols) > _SHOWN else ""
    what = (
        f"asks for glibc {_release(oldest)}; the target's devices have {_release(bound)} "
        f"({', '.join(symbols[:_SHOWN])}{more})"
    )
    todo = "set 'sysroot' to a copy of the device's /usr and /lib; or raise the target's 'glibc'"
    return [Problem(where=str(program), what=what, todo=todo)]


def _release(number: tuple[int, ...]) -> str:
    return ".".join(map(str, number))


def machine_text(expected: Expectation) -> str:
    """``arm, 32 bits`` or ``arm64, ios-simulator``."""
    if isinstance(expected, MachoExpectation):
        return f"{expected.cpu}, {expected.platform}"
    return f"{expected.machine}, {expected.bits} bits"


def _macho_facts(program: Path, machine: str) -> LinkedFacts:
    found = macho.read_object(program)
    return LinkedFacts(
        machine=machine,
        libraries=macho.read_image(program).libraries,
        minimum_os=macho.version_text(found.minimum_os),
        constructors=found.constructors,
        kernels=macho.kernel_factories(program),
    )
