"""A platform whose programs are ELF files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from buildtool.config import Target
from buildtool.core.errors import Attempts
from buildtool.core.plain_paths import plain
from buildtool.core.values import Abi, ElfExpectation, Toolchain
from buildtool.platforms.facts import ProgramRunner, SourceAccess

if TYPE_CHECKING:  # a list of tasks needs no tools
    from buildtool.tools.board.board_search import Board


@dataclass(frozen=True, kw_only=True)
class ElfPlatform:
    """See :class:`~buildtool.platforms.facts.Platform`."""

    name: str
    abis: Mapping[str, Abi]
    products: tuple[str, ...]
    runtimes: tuple[str, ...] = ("full",)
    link_flags: tuple[str, ...] = ("-pthread", "-ldl", "-lm")
    path_variables: tuple[str, ...] = ()
    ndk_build: bool = False
    app_builds: tuple[str, ...] = ("cmake",)
    fixed_addresses: bool = True
    run_keys: tuple[str, ...] = ("host",)

    def sdk(self, target: Target, abi: Abi, access: SourceAccess) -> Path | None:
        del abi, access
        return plain(target.sysroot) if target.sysroot else None

    def toolchain(self, target: Target, abi: Abi, sysroot: Path | None) -> Toolchain:
        from buildtool.tools.compilers import find_toolchain  # noqa: PLC0415 - heavy

        attempt = Attempts()
        found = attempt(
            lambda: find_toolchain(
                abi,
                compiler=str(target.compiler),
                sysroot=sysroot,
                compile_flags=target.cpu_flags,
                named_at=target.where("compiler") if "compiler" in target.origins else "",
            )
        )
        if target.run.host:  # what cannot be run is told before it is compiled
            attempt(lambda: _board(target, abi, found))
        if found is None or attempt.failures:
            raise attempt.failure()
        return found

    def compiler_stamp(self, target: Target, abi: Abi) -> str:
        from buildtool.tools.compilers import compiler_stamp  # noqa: PLC0415 - heavy

        return compiler_stamp(abi, str(target.compiler))

    def expectation(self, target: Target, abi: Abi) -> ElfExpectation:
        glibc = tuple(int(part) for part in (target.glibc or "").split(".") if part)
        return ElfExpectation.of(abi, glibc=glibc)

    def app_link_flags(self, target: Target, abi: Abi) -> tuple[str, ...]:
        del target, abi
        return self.link_flags

    def run_stamp(self, target: Target) -> str:
        return target.run.host

    def runner(
        self, target: Target, abi: Abi, toolchain: Toolchain, access: SourceAccess
    ) -> ProgramRunner:
        from buildtool.tools.board.board_run import command  # noqa: PLC0415 - heavy

        del access
        if not target.run.host:
            return ProgramRunner(argv=toolchain.emulator)
        board = _board(target, abi, toolchain)
        return ProgramRunner(argv=command(board.host), device=board.text)


def _board(target: Target, abi: Abi, toolchain: Toolchain | None) -> Board:
    """The board that the target's programs run on."""
    from buildtool.tools.board.board_search import (  # noqa: PLC0415 - heavy
        BoardRequest,
        find_board,
    )

    return find_board(
        BoardRequest(
            host=target.run.host,
            where=target.where("run.host"),
            abi=abi,
            identity=toolchain.identity if toolchain else "",
            toolchain=toolchain,
        )
    )
