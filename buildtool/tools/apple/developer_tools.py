"""The tools that build for Apple's systems: Xcode's on a Mac, LLVM's on any machine.

What Xcode does was not tried: no Mac was at hand. Its tools are asked for by ``xcrun``, as Apple's
manual page says.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from buildtool.core.errors import BuildToolError, Problem, ToolError
from buildtool.core.run import ANSWER, Command, run
from buildtool.core.values import Abi, AppleFacts
from buildtool.tools.apple.apple_sdk import CXX_HEADERS, TODO, Sdk, read_sdk
from buildtool.tools.linkers import LLD

XCODE, LLVM, USUAL = "xcode", "llvm", "clang"
KINDS = (XCODE, LLVM, USUAL)
# Xcode 10 is the first whose SDKs say what they are in a file (SDKSettings.json).
OLDEST_XCODE = 10
# LLVM's linker for Mach-O (lld/MachO/Arch): it has no ARM of 32 bits and no i386.
LINKED_BY_LLVM = frozenset({"arm64", "x86_64"})
NEEDED = ("clang", "clang++", "ar", "strip", "nm", "cxxfilt", "libtool", "lipo", "linker")
ROOT = "SDKROOT"
# Since this one, as Apple numbers linkers, the compiler tells the linker the platform by name
# (LLVM 14, clang/lib/Driver/ToolChains/Darwin.cpp); clang cannot ask LLVM's for its version.
LINKER_VERSION = "705"


@dataclass(frozen=True, kw_only=True)
class AppleTools:
    """The programs of one kind, by what they do, and the SDK, if it is found without one's help."""

    kind: str
    programs: Mapping[str, Path]
    sdk: Sdk | None
    version: str
    link_flags: tuple[str, ...] = ()


def chosen_kind(compiler: str) -> str:
    """Which tools a target's ``compiler`` means on this machine."""
    if compiler == USUAL:
        return XCODE if sys.platform == "darwin" else LLVM
    return compiler


def named_sdk(sysroot: Path | None) -> Path | None:
    """The SDK that the target or the environment names."""
    root = os.environ.get(ROOT, "")
    return sysroot or (Path(root) if root else None)


def find_apple_tools(abi: Abi, compiler: str, sdk: Path | None) -> AppleTools:
    """Find the tools and the SDK for ``abi``; ``sdk`` None: as the tools find it.

    Raises:
        ToolError: what is missing or does not fit, all at once.
    """
    facts = abi.apple
    assert facts is not None  # noqa: S101  (asked for an ABI of Apple's only)
    kind = chosen_kind(compiler)
    problems: list[Problem] = []
    if kind == XCODE:
        programs, version = _xcode(facts, problems)
        sdk = sdk or _xcode_sdk(facts, problems)
    else:
        programs, version = _llvm(abi, kind, problems), ""
        if facts.cpu not in LINKED_BY_LLVM:
            problems.append(
                Problem(
                    where=abi.name,
                    what=f"LLVM's linker makes nothing for {facts.cpu}",
                    todo="build it on a Mac with 'compiler: xcode', or take it out of 'slices'",
                )
            )
        if sdk is None:
            problems.append(
                Problem(
                    where="toolchain",
                    what=f"no SDK for {facts.sdk} here",
                    todo=TODO.format(sdk=facts.sdk),
                )
            )
    found = None
    if sdk is not None:
        try:
            found = read_sdk(sdk, facts)
        except ToolError as failure:
            problems += failure.problems
    if problems:
        raise ToolError(problems)
    links = () if kind == XCODE else _llvm_link_flags(programs["linker"])
    return AppleTools(kind=kind, programs=programs, sdk=found, version=version, link_flags=links)


def find_programs(abi: Abi, compiler: str) -> Mapping[str, Path]:
    """The programs alone, without an SDK.

    Raises:
        ToolError: some are missing.
    """
    assert abi.apple is not None  # noqa: S101  (asked for an ABI of Apple's only)
    problems: list[Problem] = []
    kind = chosen_kind(compiler)
    if kind == XCODE:
        programs, _ = _xcode(abi.apple, problems)
    else:
        programs = _llvm(abi, kind, problems)
    if problems:
        raise ToolError(problems)
    return programs


def compile_flags_of(abi: Abi, tools: AppleTools, *, bitcode: bool) -> tuple[str, ...]:
    """The flags that say what is compiled for."""
    assert tools.sdk is not None  # noqa: S101  (found, or it was an error)
    headers = tools.sdk.path / CXX_HEADERS
    # Not what lies beside the compiler: those headers are of another library's version.
    library = (f"-stdlib++-isystem{headers}",) if headers.is_dir() else ()
    return (
        f"--target={abi.triple}",
        *("-isysroot", str(tools.sdk.path), "-stdlib=libc++"),
        *library,
        *(("-fembed-bitcode",) if bitcode else ()),
    )


def _llvm_link_flags(linker: Path) -> tuple[str, ...]:
    return (LLD, f"--ld-path={linker}", f"-mlinker-version={LINKER_VERSION}")


def _llvm(abi: Abi, compiler: str, problems: list[Problem]) -> Mapping[str, Path]:
    cxx = "clang++" if compiler == LLVM else compiler
    cc = cxx.replace("clang++", "clang")
    names = {
        "clang": (cc,),
        "clang++": (cxx,),
        "libtool": ("llvm-libtool-darwin",),
        "linker": ("ld64.lld",),
        **{name: (f"llvm-{name}",) for name in ("ar", "strip", "nm", "cxxfilt", "lipo")},
    }
    found = {name: _newest(words[0]) for name, words in names.items()}
    missing = [names[name][0] for name, path in found.items() if path is None]
    if missing:
        problems.append(
            Problem(
                where="toolchain",
                what=f"not found: {', '.join(missing)}",
                todo=f"on Debian or Ubuntu: apt-get install {' '.join(abi.packages)}",
            )
        )
    return {name: path for name, path in found.items() if path is not None}


def _newest(name: str) -> Path | None:
    """For the linker the newest, because old ones lack much; else ``name``, or the newest
    ``name-N`` on the path."""
    versions: dict[int, Path] = {}
    for folder in os.get_exec_path():
        for path in sorted(Path(folder).glob(f"{name}-*")) if Path(folder).is_dir() else ():
            if match := re.fullmatch(rf"{re.escape(name)}-(\d+)", path.name):
                versions.setdefault(int(match[1]), path)
    plain = shutil.which(name)
    if plain and not (name == "ld64.lld" and versions):
        return Path(plain)
    return versions[max(versions)] if versions else None


def _xcode(facts: AppleFacts, problems: list[Problem]) -> tuple[Mapping[str, Path], str]:
    if shutil.which("xcrun") is None:
        problems.append(
            Problem(
                where="toolchain",
                what="there is no Xcode here: no xcrun",
                todo="install Xcode on a Mac, or set 'compiler: llvm'",
            )
        )
        return {}, ""
    words = {"cxxfilt": "c++filt", "linker": "ld"}
    programs: dict[str, Path] = {}
    for name in NEEDED:
        said = _ask(("xcrun", "--sdk", facts.sdk, "--find", words.get(name, name)), problems)
        if said:
            programs[name] = Path(said)
    version = _ask(("xcodebuild", "-version"), problems)
    match = re.search(r"Xcode (\d+)", version)
    if match and int(match[1]) < OLDEST_XCODE:
        problems.append(
            Problem(
                where="xcodebuild",
                what=f"Xcode {match[1]} is too old: {OLDEST_XCODE} or newer is needed",
                todo="install a newer one, and choose it with xcode-select",
            )
        )
    return programs, version.splitlines()[0] if version else ""


def _xcode_sdk(facts: AppleFacts, problems: list[Problem]) -> Path | None:
    if shutil.which("xcrun") is None:
        return None
    said = _ask(("xcrun", "--sdk", facts.sdk, "--show-sdk-path"), problems)
    return Path(said) if said else None


def _ask(argv: Sequence[str], problems: list[Problem]) -> str:
    """What a program says; nothing, with its words as a problem, if it fails."""
    try:
        done = run(Command(argv=tuple(argv)), what=argv[0], check=False, timeout=ANSWER)
    except BuildToolError as failure:
        problems += failure.problems
        return ""
    if done.returncode:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:]
        what = f"'{' '.join(argv)}' fails: {' '.join(last)}"
        todo = "open Xcode once to let it finish its installation, or run xcode-select --install"
        problems.append(Problem(where="toolchain", what=what, todo=todo))
        return ""
    return done.stdout.strip()
