"""What the backends that start compilers themselves have in common."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from buildtool.backends.backend import Job
from buildtool.backends.common.flags import compile_flags, link_flags
from buildtool.backends.common.size_choices import FIXED_ADDRESS, SizeChoices
from buildtool.config import Target
from buildtool.config.unread import AUTO
from buildtool.core.errors import ConfigError, Problem
from buildtool.core.values import Abi, Toolchain
from buildtool.platforms.facts import Platform
from buildtool.starlark.buildfiles import BuildConditions, mobile_conditions
from buildtool.tools.linkers import FOLDING_LINKERS, LLD

BAZEL_CPUS = {"arm": "armhf"}


def own_toolchain(target: Target, platform: Platform, abi: Abi, sysroot: Path | None) -> Toolchain:
    """The compilers that the target names, verified.

    Raises:
        ToolError: they are missing, too old or do not work.
        ConfigError: they cannot do what the target asks for.
    """
    _check_folder(target)
    toolchain = platform.toolchain(target, abi, sysroot)
    _check_optimise(target, toolchain)
    return toolchain


def _check_folder(target: Target) -> None:
    """Compilers say of a folder that is not there only that headers are missing."""
    if target.sysroot is not None and not target.sysroot.is_dir():
        what = f"sysroot: there is no folder {str(target.sysroot)!r}"
        todo = "mend the path, or leave the key out"
        raise ConfigError(Problem(where=target.where("sysroot"), what=what, todo=todo))


def embeds_bitcode(toolchain: Toolchain) -> bool:
    """Whether the compiler puts LLVM bitcode into each object."""
    return "-fembed-bitcode" in toolchain.compile_flags


def own_compile_flags(
    job: Job, choices: SizeChoices, *, own: Sequence[str] = (), needed: Sequence[str] = ()
) -> tuple[str, ...]:
    """Flags of every object: what the target asks for, with the backend's ``own``, and ``needed``
    ones of the sources."""
    return compile_flags(
        level=choices.level,
        lto=job.target.optimise.lto,
        bitcode=embeds_bitcode(job.toolchain),
        own=(*own, *choices.compile_flags),
        extra=(*needed, *job.target.flags.compile),
    )


def own_link_flags(job: Job, choices: SizeChoices, *, linker: Sequence[str]) -> tuple[str, ...]:
    """Flags of an app's final link; ``linker`` are those that choose the linker."""
    optimise = job.target.optimise
    fixed = () if choices.position_independent else (FIXED_ADDRESS,)
    return (
        *link_flags(
            fold_sections=optimise.fold_sections,
            lto=optimise.lto,
            linker=[flag for flag in linker if flag in FOLDING_LINKERS],
            object_format=job.toolchain.object_format,
        ),
        *fixed,
    )


def size_keys(target: Target, platform: Platform) -> tuple[str, ...]:
    """The keys of size that need nothing of the sources. Programs are linked by apps that get the
    platform's usual product, static archives."""
    fixed = platform.fixed_addresses and target.product in (AUTO, *platform.products[:1])
    return ("level", "unwind_tables", *(("position_independent",) if fixed else ()))


def small_device(job: Job) -> BuildConditions:
    """BUILD files are read as for a small device with a plain Linux."""
    return mobile_conditions(BAZEL_CPUS.get(job.abi.machine, job.abi.machine))


def _check_optimise(target: Target, toolchain: Toolchain) -> None:
    """GNU ld reads no bitcode, and the symbols of GCC's link-time objects are seen by GCC's own
    tools only."""
    if target.optimise.lto != "none" and LLD not in toolchain.link_flags:
        raise ConfigError(
            Problem(
                where=target.where("optimise.lto"),
                what=f"optimise.lto: needs clang and lld; here is {toolchain.cxx.version}",
                todo="set 'compiler: clang' and install lld, or leave the key out",
            )
        )
