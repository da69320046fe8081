"""A platform of Apple's, whose programs are Mach-O files linked against Apple's libraries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from buildtool.config import Target
from buildtool.core.plain_paths import plain
from buildtool.core.values import Abi, AppleFacts, MachoExpectation, Toolchain
from buildtool.platforms.facts import ProgramRunner, SourceAccess


@dataclass(frozen=True, kw_only=True)
class ApplePlatform:
    """See :class:`~buildtool.platforms.facts.Platform`. ``frameworks`` and ``libraries`` are those
    that an app names."""

    name: str
    abis: Mapping[str, Abi]
    products: tuple[str, ...]
    frameworks: tuple[str, ...]
    libraries: tuple[str, ...]
    runtimes: tuple[str, ...] = ("full",)
    path_variables: tuple[str, ...] = ()
    ndk_build: bool = False
    fixed_addresses: bool = False
    run_keys: tuple[str, ...] = ()
    app_builds: tuple[str, ...] = ()

    @property
    def link_flags(self) -> tuple[str, ...]:
        frameworks = (word for name in self.frameworks for word in ("-framework", name))
        return (*frameworks, *(f"-l{name}" for name in self.libraries))

    def app_link_flags(self, target: Target, abi: Abi) -> tuple[str, ...]:
        del target, abi
        return self.link_flags

    def run_stamp(self, target: Target) -> str:
        del target
        return ""

    def sdk(self, target: Target, abi: Abi, access: SourceAccess) -> Path | None:
        from buildtool.tools.apple.stand_in_sdk import find_sdk  # noqa: PLC0415 - heavy

        sysroot = plain(target.sysroot) if target.sysroot else None
        compiler = str(target.compiler)
        return find_sdk(abi, compiler, sysroot, access.lock, access.cache, offline=access.offline)

    def toolchain(self, target: Target, abi: Abi, sysroot: Path | None) -> Toolchain:
        from buildtool.tools.apple.apple_toolchain import (  # noqa: PLC0415 - heavy
            find_apple_toolchain,
        )

        return find_apple_toolchain(
            abi,
            compiler=str(target.compiler),
            sysroot=sysroot,
            compile_flags=target.cpu_flags,
            bitcode=target.ios.bitcode,
        )

    def compiler_stamp(self, target: Target, abi: Abi) -> str:
        from buildtool.tools.apple.apple_toolchain import (  # noqa: PLC0415 - heavy
            apple_compiler_stamp,
        )

        del abi
        return apple_compiler_stamp(str(target.compiler))

    def expectation(self, target: Target, abi: Abi) -> MachoExpectation:
        facts = _facts(abi)
        return MachoExpectation(
            cpu=facts.cpu,
            platform=facts.platform,
            minimum_os=abi.minimum_os,
            bitcode=target.ios.bitcode,
        )

    def runner(
        self, target: Target, abi: Abi, toolchain: Toolchain, access: SourceAccess
    ) -> ProgramRunner:
        from buildtool.tools.apple.emulator import WHAT, find_emulator  # noqa: PLC0415 - heavy

        if toolchain.emulator:
            return ProgramRunner(argv=toolchain.emulator)
        compiler = str(target.compiler)
        argv = find_emulator(
            abi, compiler, toolchain, access.lock, access.cache, offline=access.offline
        )
        if argv:
            return ProgramRunner(argv=argv, emulated=WHAT)
        facts = _facts(abi)
        return ProgramRunner(
            not_run=f"this machine runs nothing for {facts.platform} on {facts.cpu}"
        )


def _facts(abi: Abi) -> AppleFacts:
    assert abi.apple is not None  # noqa: S101  (every ABI of these platforms has them)
    return abi.apple
