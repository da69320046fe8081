"""The toolchain stage: which tools are here, which versions, and do they work?

A tool is verified before use, by compiling and linking a small program with the very flags of the
target. What is missing is reported all at once, with the packages that bring it.
"""

from __future__ import annotations

import hashlib
import os
import platform as host_platform
import re
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from buildtool.errors import Problem, ToolError
from buildtool.platforms.abi import Abi
from buildtool.run import Command, run
from buildtool.values import Tool, Toolchain

OLDEST_CLANG = (13,)
OLDEST_GCC = (9,)
PROBE_SOURCE = """\
#include <cmath>
#include <string>
#include <thread>
int main(int argc, char** argv) {
  std::string text;
  std::thread worker([&] { text = argv[0]; });
  worker.join();
  return std::isfinite(std::sqrt(double(argc))) && !text.empty() ? 0 : 1;
}
"""


def find_toolchain(
    abi: Abi,
    *,
    compiler: str = "clang",
    sysroot: Path | None = None,
    compile_flags: Sequence[str] = (),
    link_flags: Sequence[str] = (),
    probe: bool = True,
) -> Toolchain:
    """Find and verify the tools that build for ``abi``.

    ``compiler`` is ``clang``, ``gcc``, a prefix such as ``arm-linux-gnueabihf-``, or the path of
    a C++ compiler.

    Raises:
        ToolError: tools are missing, too old, or cannot link a program; all of them at once.
    """
    cc, cxx, kind = _compilers(abi, compiler)
    compilers = {"C compiler": cc, "C++ compiler": cxx}
    problems = [_missing(name, abi) for name, path in compilers.items() if path is None]
    ar = _first(("llvm-ar", f"{abi.triple}-ar", "ar"))
    strip = _first(("llvm-strip", f"{abi.triple}-strip", "strip"))
    helpers = {
        "nm": _first(("llvm-nm", f"{abi.triple}-nm", "nm")),
        "c++filt": _first(("llvm-cxxfilt", f"{abi.triple}-c++filt", "c++filt")),
        "cmake": _first(("cmake",)),
        "ninja": _first(("ninja", "ninja-build")),
    }
    problems += [
        _missing(name, abi)
        for name, path in {"ar": ar, "strip": strip, **helpers}.items()
        if path is None
    ]
    if problems or cc is None or cxx is None or ar is None or strip is None:
        raise ToolError(problems)
    tools = {name: _tool(name, path) for name, path in (("cc", cc), ("c++", cxx))}
    kind = "clang" if "clang" in tools["c++"].version else kind
    flags = (
        *((f"--target={abi.triple}",) if kind == "clang" else ()),
        *((f"--sysroot={sysroot}",) if sysroot else ()),
        *abi.cpu_flags,
        *compile_flags,
    )
    links = (*_linker(cxx), *link_flags) if kind == "clang" else tuple(link_flags)
    toolchain = Toolchain(
        cc=tools["cc"],
        cxx=tools["c++"],
        ar=_tool("ar", ar),
        strip=_tool("strip", strip),
        kind=kind,
        triple=abi.triple,
        compile_flags=flags,
        link_flags=links,
        emulator=find_emulator(abi, sysroot),
        identity="",
        extra={name: _tool(name, path) for name, path in helpers.items() if path},
    )
    _check_version(toolchain.cxx, kind)
    if probe:
        _probe(toolchain, abi)
    return _identified(toolchain)


def find_host_toolchain() -> Toolchain:
    """The tools that make programs for this machine itself, to be used during a build.

    Raises:
        ToolError: there are none, or they do not work.
    """
    machine = host_platform.machine()
    abi = Abi(
        name="this machine",
        triple=f"{machine}-linux-gnu",
        cpu_flags=(),
        machine=machine,
        bits=64,
        emulators=(),
        sysroot="",
        packages=("g++",),
    )
    return find_toolchain(abi, compiler="gcc" if _first(("g++",)) else "clang")


def find_emulator(abi: Abi, sysroot: Path | None) -> tuple[str, ...]:
    """The argv prefix that runs a program of ``abi`` here; empty where this machine does it
    itself. Whether the emulator is there is for the verification to say."""
    if host_platform.machine() == abi.machine:
        return ()
    program = next((p for p in abi.emulators if shutil.which(p)), abi.emulators[0])
    root = str(sysroot) if sysroot else abi.sysroot
    return (program, "-L", root) if root else (program,)


def compiler_stamp(abi: Abi, compiler: str) -> str:
    """A cheap value that changes when another compiler would be used: path, size and time of
    the program, without starting it."""
    _, cxx, kind = _compilers(abi, compiler)
    if cxx is None:
        return f"{kind}: none"
    real = cxx.resolve()
    status = real.stat()
    return f"{real} {status.st_size} {status.st_mtime_ns}"


def _compilers(abi: Abi, compiler: str) -> tuple[Path | None, Path | None, str]:
    if compiler == "clang":
        return _newest("clang"), _newest("clang++"), "clang"
    if compiler == "gcc":
        native = host_platform.machine() == abi.machine
        prefix = "" if native else f"{abi.triple}-"
        return _first((f"{prefix}gcc",)), _first((f"{prefix}g++",)), "gcc"
    if compiler.endswith("-"):
        return _first((f"{compiler}gcc",)), _first((f"{compiler}g++",)), "gcc"
    cxx = _first((compiler,))
    kind = "clang" if "clang" in Path(compiler).name else "gcc"
    c_name = Path(compiler).name.replace("clang++", "clang").replace("g++", "gcc")
    c_name = c_name.replace("c++", "cc")
    cc = _first((str(Path(compiler).with_name(c_name)),)) if cxx else None
    return cc, cxx, kind


def _newest(name: str) -> Path | None:
    """``name``, or else the newest ``name-N`` on the path."""
    if found := _first((name,)):
        return found
    versions: dict[int, Path] = {}
    for folder in os.get_exec_path():
        if not Path(folder).is_dir():
            continue
        for path in Path(folder).glob(f"{name}-*"):
            if match := re.fullmatch(rf"{re.escape(name)}-(\d+)", path.name):
                versions.setdefault(int(match.group(1)), path)
    return versions[max(versions)] if versions else None


def _first(names: Sequence[str]) -> Path | None:
    for name in names:
        if found := shutil.which(name):
            return Path(found)
    return None


def _linker(cxx: Path) -> tuple[str, ...]:
    """LLVM's linker beside the compiler or on the path; it also folds identical sections."""
    if _first(("ld.lld",)) or (cxx.resolve().parent / "ld.lld").exists():
        return ("-fuse-ld=lld",)
    return ()


def _tool(name: str, path: Path) -> Tool:
    done = run(Command(argv=(str(path), "--version")), what=f"{name} --version", error=ToolError)
    lines = done.stdout.strip().splitlines()
    return Tool(name=name, path=path, version=lines[0] if lines else "")


def _missing(name: str, abi: Abi) -> Problem:
    packages = " ".join((*abi.packages, "cmake", "ninja-build"))
    return Problem(
        where="toolchain",
        what=f"no {name} for {abi.triple} here",
        todo=f"on Debian or Ubuntu: apt-get install {packages}; or name one with 'compiler:'",
    )


def _check_version(cxx: Tool, kind: str) -> None:
    # "Debian clang version 14.0.6"; "g++ (crosstool-NG 1.24.0) 8.3.0".
    pattern = r"version (\d+)\." if kind == "clang" else r".*\s(\d+)\.\d"
    match = re.search(pattern, cxx.version)
    oldest = OLDEST_CLANG if kind == "clang" else OLDEST_GCC
    if match and (int(match.group(1)),) < oldest:
        raise ToolError(
            Problem(
                where=str(cxx.path),
                what=f"{cxx.version} is too old: TensorFlow 2.x needs {kind} {oldest[0]} or newer",
                todo="install a newer one, or name it with 'compiler:' in the target",
            )
        )


def _probe(toolchain: Toolchain, abi: Abi) -> None:
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "probe.cc")
        source.write_text(PROBE_SOURCE, encoding="utf-8")
        argv = (
            *(str(toolchain.cxx.path), "-std=c++17", *toolchain.compile_flags, str(source)),
            *("-o", str(Path(folder, "probe")), *toolchain.link_flags, "-pthread"),
        )
        done = run(Command(argv=argv), what="compiler probe", check=False)
    if done.returncode == 0:
        return
    last = "\n    ".join(done.stderr.strip().splitlines()[-6:])
    raise ToolError(
        Problem(
            where=str(toolchain.cxx.path),
            what=f"cannot compile and link a small program for {abi.name}\n    {last}",
            todo=f"on Debian or Ubuntu: apt-get install {' '.join(abi.packages)}; "
            "or set 'compiler:' or 'sysroot:' in the target",
        )
    )


def _identified(toolchain: Toolchain) -> Toolchain:
    """Fill in ``identity``: what decides the bytes of an object, but no path of this machine."""
    text = "\n".join(
        (
            toolchain.kind,
            toolchain.cxx.version,
            toolchain.ar.version,
            toolchain.triple,
            *toolchain.compile_flags,
            "",
            *toolchain.link_flags,
        )
    )
    values = {**toolchain.__dict__, "identity": hashlib.sha256(text.encode()).hexdigest()[:16]}
    return Toolchain(**values)


def find_protoc(series: str) -> Path:
    """The protoc whose output fits protobuf ``series`` (``3.21``).

    ``PROTOC`` in the environment names another one than that on the path. Generated code and
    library must be of one series (``port_def.inc`` of protobuf checks it when it is compiled).

    Raises:
        ToolError: there is none, or it is of another version.
    """
    named = os.environ.get("PROTOC", "protoc")
    path = _first((named,))
    version = _tool("protoc", path).version if path else ""
    match = re.search(r"(\d[\d.]*)", version)
    found = match.group(1) if match else ""
    if path is None or not f"{found}.".startswith((f"{series}.", f"{series.partition('.')[2]}.")):
        raise ToolError(
            Problem(
                where="toolchain",
                what=f"protoc {series} is needed, here is {version or 'none'}",
                todo="Debian 12 and Ubuntu 24.04: apt-get install protobuf-compiler; elsewhere "
                "build protoc of that version and name it with PROTOC=",
            )
        )
    return path
