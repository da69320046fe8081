"""Is every object of the artefact for the target's machine and ABI?

A single member compiled for a newer core is enough for SIGILL on the board, and one with another
float convention for wrong numbers, so all of them are looked at, and the linked program too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from buildtool.binary.archive import Member, repeated_members
from buildtool.binary.arm_attributes import ArmAttributes, arch_name
from buildtool.binary.elf import ElfObject, read_object
from buildtool.binary.elf_file import NotElfError, is_bitcode
from buildtool.core.errors import Problem
from buildtool.core.values import ElfExpectation, MachoExpectation
from buildtool.verify import macho_check

# Values of Tag_CPU_arch. The ARM1176 of the first boards is a v6K without the Thumb-2 of v6T2;
# microcontroller profiles run on none of the cores that Linux needs.
V6T2, V6K, V7 = 8, 9, 10
MICROCONTROLLERS = (11, 12, 13, 16, 17, 21)
VFP2 = ("", "VFPv1", "VFPv2")

Expectation = ElfExpectation | MachoExpectation

TODO = "check the target's CPU flags and the compiler's defaults; then delete the objects"


def check_members(
    archive: Path, members: tuple[Member, ...], expected: Expectation
) -> list[Problem]:
    """What is wrong with the members of an archive: one problem per kind of fault, each with the
    names of all members that have it."""
    faults: dict[str, list[str]] = defaultdict(list)
    for member in members:
        for fault in member_faults(member, expected):
            faults[fault].append(member.name)
    problems = [
        Problem(where=f"{archive}: {_listed(names, len(members))}", what=fault, todo=TODO)
        for fault, names in sorted(faults.items())
    ]
    for name, count in repeated_members(members):
        problems.append(
            Problem(
                where=f"{archive}: {name}",
                what=f"is in the archive {count} times, so that its kernels register {count} times",
                todo="make the archive anew from a list that has each object once",
            )
        )
    return problems


def program_faults(program: Path, expected: Expectation) -> tuple[str, ...]:
    """What is wrong with a linked file, as sentences. The linker adds the start-up objects of the
    C and C++ libraries, so that it can be for a newer core than every member of ours."""
    return _faults(program.read_bytes(), expected)


def member_faults(member: Member, expected: Expectation) -> Iterable[str]:
    """The faults of one member. Bitcode has no machine code yet: the linked program shows it."""
    if is_bitcode(member.data):
        return ()
    return _faults(member.data, expected)


def object_faults(found: ElfObject, expected: ElfExpectation) -> Iterator[str]:
    """Sentences that say how an object differs from what is expected."""
    if (found.machine, found.bits) != (expected.machine, expected.bits):
        yield (
            f"is for {found.machine} ({found.bits} bits), "
            f"not for {expected.machine} ({expected.bits} bits)"
        )
    elif found.arm is not None:
        yield from _arm_faults(found.arm, expected)


def _faults(data: bytes | memoryview, expected: Expectation) -> tuple[str, ...]:
    if isinstance(expected, MachoExpectation):
        return macho_check.faults(data, expected)
    try:
        return tuple(object_faults(read_object(data), expected))
    except NotElfError as found:
        return (f"is {found}",)


def _arm_faults(found: ArmAttributes, expected: ElfExpectation) -> Iterator[str]:
    core = expected.arm_architecture
    if core and not _runs_on(found.cpu_arch, core):
        yield f"is compiled for {arch_name(found.cpu_arch)}; the target's core is {arch_name(core)}"
    if found.neon and not expected.neon:
        yield "has NEON instructions; the target's core has no NEON"
    if 0 < core < V7 and found.fp_arch not in VFP2:
        yield f"has {found.fp_arch} instructions; the target's core has no more than VFPv2"
    wanted = "hard" if expected.hard_float else "soft"
    if found.float_abi not in {wanted, "any"}:
        yield (
            f"passes floats by the {found.float_abi}-float convention; "
            f"the target's is {wanted}-float"
        )


def _runs_on(architecture: int, core: int) -> bool:
    if architecture in MICROCONTROLLERS or (architecture == V6T2 and core == V6K):
        return False
    return architecture <= core


def _listed(names: list[str], total: int) -> str:
    """Every name, unless it is simply all of them."""
    if len(names) == 1:
        return names[0]
    return f"all {total} members" if len(names) == total else ", ".join(names)
