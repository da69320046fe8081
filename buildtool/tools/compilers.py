"""The toolchain stage: which tools are here, which versions, and do they work?

A tool is verified before use, by compiling and linking a small program with the very flags of the
target. All that is missing is reported together, with the packages that have it.
"""

from __future__ import annotations

import dataclasses
import os
import platform as host_platform
import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from buildtool.core.errors import Problem, ToolError
from buildtool.core.run import program_state
from buildtool.core.values import Abi, Tool, Toolchain
from buildtool.tools.helpers import Helper
from buildtool.tools.linkers import LLD
from buildtool.tools.probing import first, identified, newest, tool, try_out

OLDEST_CLANG = (13,)
OLDEST_GCC = (9,)
CC, CXX = "C compiler", "C++ compiler"


def find_toolchain(
    abi: Abi,
    *,
    compiler: str = "clang",
    sysroot: Path | None = None,
    compile_flags: Sequence[str] = (),
    link_flags: Sequence[str] = (),
    probe: bool = True,
    named_at: str = "",
) -> Toolchain:
    """Find and verify the tools that build for ``abi``.

    ``compiler`` is ``clang``, ``gcc``, a prefix such as ``arm-linux-gnueabihf-``, or the path of
    a C++ compiler; ``named_at`` is where a user wrote it, if one did.

    Raises:
        ToolError: tools are missing, too old, or cannot link a program; all of them at once.
    """
    programs, kind = _programs(abi, compiler, named_at)
    cc, cxx = tool("cc", programs.pop(CC)), tool("c++", programs.pop(CXX))
    kind = "clang" if "clang" in cxx.version else kind
    flags = (
        *((f"--target={abi.triple}",) if kind == "clang" else ()),
        *((f"--sysroot={sysroot}",) if sysroot else ()),
        *abi.cpu_flags,
        *compile_flags,
    )
    toolchain = Toolchain(
        cc=cc,
        cxx=cxx,
        ar=tool("ar", programs.pop("ar")),
        strip=tool("strip", programs.pop("strip")),
        kind=kind,
        triple=abi.triple,
        compile_flags=flags,
        link_flags=(*(_linker(cxx.path) if kind == "clang" else ()), *link_flags),
        emulator=find_emulator(abi, sysroot),
        identity="",
        extra={name: tool(name, path) for name, path in programs.items()},
    )
    _check_version(toolchain.cxx, kind)
    if probe:
        try_out(toolchain, abi)
    return identified(toolchain)


def _programs(abi: Abi, compiler: str, named_at: str) -> tuple[dict[str, Path], str]:
    """The programs by name, none of them tried yet, and the kind of compiler.

    Raises:
        ToolError: some are missing; all of them at once.
    """
    cc, cxx, kind = _compilers(abi, compiler)
    found = {
        CC: cc,
        CXX: cxx,
        "ar": first(("llvm-ar", f"{abi.triple}-ar", "ar")),
        "strip": first(("llvm-strip", f"{abi.triple}-strip", "strip")),
        "nm": first(("llvm-nm", f"{abi.triple}-nm", "nm")),
        "c++filt": first(("llvm-cxxfilt", f"{abi.triple}-c++filt", "c++filt")),
        "cmake": first(("cmake",)),
        "ninja": first(("ninja", "ninja-build")),
    }
    missing = [
        _not_here(name, compiler, named_at, abi)
        if named_at and name in (CC, CXX)
        else _missing(name, abi)
        for name, path in found.items()
        if path is None
    ]
    if missing:
        raise ToolError(missing)
    return {name: path for name, path in found.items() if path is not None}, kind


def reading_toolchain(
    abi: Abi, *, compile_flags: Sequence[str] = (), sysroot: Path | None = None
) -> Toolchain:
    """Tools that read sources as the ABI's own compiler would, where that one is started by
    others: clang knows the macros of every system. They make nothing.

    Raises:
        ToolError: tools are missing or too old; all of them at once.
    """
    paths = {
        "cc": newest("clang"),
        "c++": newest("clang++"),
        "ar": first(("llvm-ar", "ar")),
        "strip": first(("llvm-strip",)),
    }
    if lacking := [name for name, path in paths.items() if path is None]:
        todo = "on Debian or Ubuntu: apt-get install clang llvm"
        what = f"not found: clang's {', '.join(lacking)}, which this tool reads sources with"
        raise ToolError(Problem(where="toolchain", what=what, todo=todo))
    tools = {name: tool(name, path) for name, path in paths.items() if path is not None}
    _check_version(tools["c++"], "clang")
    chain = Toolchain(
        cc=tools["cc"],
        cxx=tools["c++"],
        ar=tools["ar"],
        strip=tools["strip"],
        kind="clang",
        triple=abi.triple,
        compile_flags=(f"--target={abi.triple}", *abi.cpu_flags, *compile_flags),
        link_flags=(),
        emulator=(),
        identity="",
        sysroot=sysroot,
    )
    return identified(chain)


def find_host_toolchain() -> Toolchain:
    """The tools that make programs for this machine itself, to be used during a build.

    Raises:
        ToolError: there are none, or they do not work.
    """
    machine = host_platform.machine()
    mac = sys.platform == "darwin"
    abi = Abi(
        name="this machine",
        triple=f"{machine}-apple-darwin" if mac else f"{machine}-linux-gnu",
        cpu_flags=(),
        machine=machine,
        bits=64,
        emulators=(),
        sysroot="",
        packages=("g++",),
    )
    if mac:
        return dataclasses.replace(find_toolchain(abi), object_format="macho")
    # Clang takes 34 s of processor for protobuf with its protoc, GCC 85.
    try:
        return find_toolchain(abi, compiler="clang")
    except ToolError:
        return find_toolchain(abi, compiler="gcc")


def find_emulator(abi: Abi, sysroot: Path | None) -> tuple[str, ...]:
    """The argv prefix that runs a program of ``abi`` here; empty where this machine does it
    itself, or no emulator does. Whether the emulator is there is for the verification to say."""
    if host_platform.machine() == abi.machine or not abi.emulators:
        return ()
    program = next((p for p in abi.emulators if shutil.which(p)), abi.emulators[0])
    root = str(sysroot) if sysroot else abi.sysroot
    return (program, "-L", root) if root else (program,)


def compiler_stamp(abi: Abi, compiler: str) -> str:
    """A cheap value that changes when another compiler would be used: path, size and time of
    the program, without starting it."""
    _, cxx, kind = _compilers(abi, compiler)
    return program_state(cxx.resolve()) if cxx else f"{kind}: none"


def _compilers(abi: Abi, compiler: str) -> tuple[Path | None, Path | None, str]:
    if compiler == "clang":
        return newest("clang"), newest("clang++"), "clang"
    if compiler == "gcc":
        native = host_platform.machine() == abi.machine
        prefix = "" if native else f"{abi.triple}-"
        return first((f"{prefix}gcc",)), first((f"{prefix}g++",)), "gcc"
    if compiler.endswith("-"):
        return first((f"{compiler}gcc",)), first((f"{compiler}g++",)), "gcc"
    cxx = first((compiler,))
    kind = "clang" if "clang" in Path(compiler).name else "gcc"
    c_name = Path(compiler).name.replace("clang++", "clang").replace("g++", "gcc")
    c_name = c_name.replace("c++", "cc")
    cc = first((str(Path(compiler).with_name(c_name)),)) if cxx else None
    return cc, cxx, kind


def _linker(cxx: Path) -> tuple[str, ...]:
    """LLVM's linker beside the compiler or on the path; it also folds identical sections."""
    if first(("ld.lld",)) or (cxx.resolve().parent / "ld.lld").exists():
        return (LLD,)
    return ()


def _not_here(name: str, compiler: str, named_at: str, abi: Abi) -> Problem:
    """A compiler that a user has named."""
    return Problem(
        where=named_at,
        what=f"compiler: {compiler!r} gives no {name} here",
        todo=f"install it, or mend the name; for clang on Debian or Ubuntu: apt-get install "
        f"{' '.join(abi.packages)}, and leave the key out",
    )


def _missing(name: str, abi: Abi) -> Problem:
    packages = " ".join((*abi.packages, "cmake", "ninja-build"))
    return Problem(
        where="toolchain",
        what=f"no {name} for {abi.triple} here",
        todo=f"on Debian or Ubuntu: apt-get install {packages}; or name one with 'compiler:'",
    )


def major_version(cxx: Tool, kind: str) -> int:
    """The major version of a compiler, ``clang`` or ``gcc``; 0 if it does not say one."""
    # "Debian clang version 14.0.6"; "g++ (crosstool-NG 1.24.0) 8.3.0".
    pattern = r"version (\d+)\." if kind == "clang" else r".*\s(\d+)\.\d"
    match = re.search(pattern, cxx.version)
    return int(match[1]) if match else 0


def _check_version(cxx: Tool, kind: str) -> None:
    major, oldest = major_version(cxx, kind), OLDEST_CLANG if kind == "clang" else OLDEST_GCC
    if major and (major,) < oldest:
        raise ToolError(
            Problem(
                where=str(cxx.path),
                what=f"{cxx.version} is too old: {kind} {oldest[0]} or newer is needed",
                todo="install a newer one, or name it with 'compiler:' in the target",
            )
        )


def protoc_helper(series: str) -> Helper:
    """See :func:`find_protoc`."""
    return Helper(
        name="protoc",
        find=lambda: tool("protoc", find_protoc(series)),
        package="protobuf-compiler",
    )


def find_protoc(series: str) -> Path:
    """The protoc whose output fits protobuf ``series`` (``3.21``).

    ``PROTOC`` in the environment names another one than that on the path. Generated code and
    library must be of one series (``port_def.inc`` of protobuf checks it when it is compiled).

    Raises:
        ToolError: there is none, or it is of another version.
    """
    named = os.environ.get("PROTOC", "protoc")
    path = first((named,))
    version = tool("protoc", path).version if path else ""
    match = re.search(r"(\d[\d.]*)", version)
    found = match.group(1) if match else ""
    if path is None or not f"{found}.".startswith((f"{series}.", f"{series.partition('.')[2]}.")):
        raise ToolError(
            Problem(
                where="toolchain",
                what=f"protoc {series} is needed, found: {version or 'none'}",
                todo="Debian 12 and Ubuntu 24.04: apt-get install protobuf-compiler; elsewhere "
                "build protoc of that version and name it with PROTOC=",
            )
        )
    return path
