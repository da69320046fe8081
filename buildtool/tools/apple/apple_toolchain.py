"""The toolchain for one of Apple's ABIs, from the tools and the SDK that were found."""

from __future__ import annotations

import platform as host_platform
import shutil
from collections.abc import Sequence
from pathlib import Path

from buildtool.core.errors import Problem, ToolError
from buildtool.core.run import ANSWER, Command, program_state, run
from buildtool.core.values import Abi, Toolchain
from buildtool.tools.apple.apple_sdk import Sdk
from buildtool.tools.apple.developer_tools import (
    KINDS,
    XCODE,
    AppleTools,
    compile_flags_of,
    find_apple_tools,
    find_programs,
    named_sdk,
)
from buildtool.tools.probing import first, identified, tool, try_out

STUBBED = ("c++", "z", "objc", "Accelerate", "CoreFoundation", "Foundation")
XCODE_UNTRIED = "Xcode's tools were never tried with this program"


def find_apple_toolchain(
    abi: Abi,
    *,
    compiler: str,
    sysroot: Path | None,
    compile_flags: Sequence[str] = (),
    link_flags: Sequence[str] = (),
    probe: bool = True,
    bitcode: bool = False,
) -> Toolchain:
    """Find and verify the tools that build for ``abi``: ``compiler`` is ``xcode``, ``llvm``,
    ``clang`` (Xcode on a Mac, LLVM elsewhere) or the path of LLVM's ``clang++``.

    Raises:
        ToolError: tools or the SDK are missing or do not fit, all at once; or they cannot link.
    """
    tools = find_apple_tools(abi, compiler, named_sdk(sysroot))
    extra = {"cmake": ("cmake",), "ninja": ("ninja", "ninja-build")}
    paths = {name: first(names) for name, names in extra.items()}
    if missing := [name for name, path in paths.items() if path is None]:
        todo = f"on Debian or Ubuntu: apt-get install {' '.join(missing)}"
        raise ToolError(
            Problem(where="toolchain", what=f"not found: {', '.join(missing)}", todo=todo)
        )
    sdk = tools.sdk
    assert sdk is not None and abi.apple is not None  # noqa: S101, PT018  (found, or an error)
    programs = tools.programs
    helpers = {
        "nm": programs["nm"],
        "c++filt": programs["cxxfilt"],
        "lipo": programs["lipo"],
        "libtool": programs["libtool"],
        **{name: path for name, path in paths.items() if path},
    }
    toolchain = Toolchain(
        cc=tool("cc", programs["clang"]),
        cxx=tool("c++", programs["clang++"]),
        ar=tool("ar", programs["ar"]),
        strip=tool("strip", programs["strip"]),
        kind="clang",
        triple=abi.triple,
        compile_flags=(
            *compile_flags_of(abi, tools, bitcode=bitcode),
            *abi.cpu_flags,
            *compile_flags,
        ),
        link_flags=(*tools.link_flags, *link_flags),
        emulator=_simulator(abi, tools),
        identity="",
        extra={name: tool(name, path) for name, path in helpers.items()},
        object_format="macho",
        sysroot=sdk.path,
        system_stubs=sdk.stubs(STUBBED),
        notes=_notes(tools, sdk),
        # Apple's ar knows no D.
        archive_flags="qcs" if tools.kind == XCODE else "qcsD",
    )
    if probe:
        try_out(toolchain, abi)
    return identified(toolchain)


def apple_compiler_stamp(compiler: str) -> str:
    """A cheap value that changes when another compiler or SDK would be used. Starts no program."""
    cxx = first(("clang++" if compiler in KINDS else compiler,))
    sdk = named_sdk(None)
    return f"{program_state(cxx.resolve()) if cxx else 'clang: none'}{f' {sdk}' if sdk else ''}"


def find_packers(abi: Abi, compiler: str) -> tuple[Path, Path]:
    """``libtool`` and ``lipo``, which work on static libraries.

    Raises:
        ToolError: they are missing.
    """
    programs = find_programs(abi, compiler)
    return programs["libtool"], programs["lipo"]


def _notes(tools: AppleTools, sdk: Sdk) -> tuple[str, ...]:
    if tools.kind == XCODE:
        return (f"{tools.version}, SDK {sdk.name}; {XCODE_UNTRIED}",)
    kind = f"verified only, with {sdk.stands_in}" if sdk.stands_in else f"SDK {sdk.name}"
    return (f"{kind}; linked by LLVM's linker, not by Apple's",)


def _simulator(abi: Abi, tools: AppleTools) -> tuple[str, ...]:
    """What runs a program in a simulator that has been started, on a Mac of the same processor."""
    assert abi.apple is not None  # noqa: S101  (asked for an ABI of Apple's only)
    if tools.kind != XCODE or not abi.apple.platform.endswith("simulator"):
        return ()
    if host_platform.machine() != abi.apple.cpu or shutil.which("xcrun") is None:
        return ()
    argv = ("xcrun", "simctl", "list", "devices", "booted")
    listed = run(Command(argv=argv), what="looking for a simulator", check=False, timeout=ANSWER)
    return ("xcrun", "simctl", "spawn", "booted") if "Booted" in listed.stdout else ()
