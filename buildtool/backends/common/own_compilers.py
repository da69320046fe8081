"""What the backends that start compilers themselves have in common."""

from __future__ import annotations

from pathlib import Path

from buildtool.backends.backend import Job
from buildtool.config import Target
from buildtool.core.errors import ConfigError, Problem
from buildtool.core.values import Abi, Toolchain
from buildtool.starlark.buildfiles import BuildConditions, mobile_conditions
from buildtool.tools.compilers import find_toolchain

LLD = "-fuse-ld=lld"
BAZEL_CPUS = {"arm": "armhf"}


def own_toolchain(target: Target, abi: Abi, sysroot: Path | None) -> Toolchain:
    """The compilers that the target names, verified.

    Raises:
        ToolError: they are missing, too old or do not work.
        ConfigError: they cannot do what the target asks for.
    """
    toolchain = find_toolchain(
        abi,
        compiler=str(target.compiler),
        sysroot=sysroot,
        compile_flags=target.cpu_flags,
        bitcode=target.ios.bitcode,
    )
    _check_optimise(target, toolchain)
    return toolchain


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
