"""What runs a program for one of Apple's systems where there is no Mac: the emulator of
:mod:`machorun`, for ARM64 alone."""

from __future__ import annotations

from buildtool.core.values import Abi, Toolchain
from buildtool.sources import Cache, Lock, Progress, fetch_all
from buildtool.tools.apple.developer_tools import XCODE, chosen_kind, find_programs
from buildtool.tools.apple.emulated_root import make_root
from buildtool.tools.apple.stand_in_sdk import SOURCE, STATIC_CXX, make_stand_in
from machorun.__main__ import command

CPU = "arm64"
WHAT = "an emulator of ARM64 whose C library is this project's own; no device and no simulator"


def find_emulator(
    abi: Abi, compiler: str, toolchain: Toolchain, lock: Lock, cache: Cache, *, offline: bool
) -> tuple[str, ...]:
    """The argv prefix that runs a program; empty if nothing here does.

    Raises:
        BuildError, DownloadError, ToolError: what it runs on cannot be made.
    """
    if abi.apple is None or abi.apple.cpu != CPU or chosen_kind(compiler) == XCODE:
        return ()
    programs = find_programs(abi, compiler)
    source = fetch_all(
        lock, [SOURCE], cache=cache, offline=offline, progress=Progress.of_process()
    )[SOURCE]
    sdk = toolchain.sysroot
    if sdk is None or not (sdk / STATIC_CXX).is_file():
        sdk = make_stand_in(source, abi, programs=programs, cache=cache)
    root = make_root(
        source,
        triple=abi.triple,
        platform=abi.apple.platform,
        sdk=sdk,
        library=sdk / STATIC_CXX,
        cxx=programs["clang++"],
        linker=programs["linker"],
        cache=cache,
    )
    return command(root)
