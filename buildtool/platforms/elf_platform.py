"""A platform whose programs are ELF files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from buildtool.config import Target
from buildtool.core.plain_paths import plain
from buildtool.core.values import Abi, ElfExpectation, Toolchain
from buildtool.platforms.facts import ProgramRunner, SourceAccess
from buildtool.tools.compilers import compiler_stamp, find_toolchain


@dataclass(frozen=True, kw_only=True)
class ElfPlatform:
    """See :class:`~buildtool.platforms.facts.Platform`."""

    name: str
    abis: Mapping[str, Abi]
    products: tuple[str, ...]
    link_flags: tuple[str, ...] = ("-pthread", "-ldl", "-lm")
    path_variables: tuple[str, ...] = ()

    def sdk(self, target: Target, abi: Abi, access: SourceAccess) -> Path | None:
        del abi, access
        return plain(target.sysroot) if target.sysroot else None

    def toolchain(self, target: Target, abi: Abi, sysroot: Path | None) -> Toolchain:
        return find_toolchain(
            abi,
            compiler=str(target.compiler),
            sysroot=sysroot,
            compile_flags=target.cpu_flags,
            named_at=target.where("compiler") if "compiler" in target.origins else "",
        )

    def compiler_stamp(self, target: Target, abi: Abi) -> str:
        return compiler_stamp(abi, str(target.compiler))

    def expectation(self, target: Target, abi: Abi) -> ElfExpectation:
        glibc = tuple(int(part) for part in (target.glibc or "").split(".") if part)
        return elf_expectation(abi, glibc=glibc)

    def runner(
        self, target: Target, abi: Abi, toolchain: Toolchain, access: SourceAccess
    ) -> ProgramRunner:
        del target, abi, access
        return ProgramRunner(argv=toolchain.emulator)


def elf_expectation(abi: Abi, *, glibc: tuple[int, ...] = ()) -> ElfExpectation:
    """What every object of an ABI must say of itself."""
    return ElfExpectation(
        machine=abi.machine,
        bits=abi.bits,
        arm_architecture=abi.arm_architecture,
        neon=abi.neon,
        hard_float=abi.hard_float,
        glibc=glibc,
    )
