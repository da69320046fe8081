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
    ndk_build: bool = False
    run_keys: bool = False

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
        return ElfExpectation.of(abi, glibc=glibc)

    def app_link_flags(self, target: Target, abi: Abi) -> tuple[str, ...]:
        del target, abi
        return self.link_flags

    def run_stamp(self, target: Target) -> str:
        del target
        return ""

    def runner(
        self, target: Target, abi: Abi, toolchain: Toolchain, access: SourceAccess
    ) -> ProgramRunner:
        del target, abi, access
        return ProgramRunner(argv=toolchain.emulator)
