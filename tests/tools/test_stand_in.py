"""The folder that stands in for an SDK, put together from a package in miniature."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from buildtool.core.values import SourceTree
from buildtool.platforms import find_abi
from buildtool.sources import Cache, Lock
from buildtool.tools.apple.apple_sdk import read_sdk
from buildtool.tools.apple.stand_in_sdk import STATIC_CXX, can_stand_in, find_sdk, make_stand_in

GOLDEN = Path(__file__).resolve().parent / "golden"
# What is written for it; the rest is the package's own.
WRITTEN = (
    "usr/include/TargetConditionals.h",
    "usr/include/sys/syscall.h",
    "usr/include/c++/v1/__config",
    "usr/lib/libSystem.tbd",
    "usr/lib/libc++.tbd",
    "System/Library/Frameworks/Accelerate.framework/Headers/Accelerate.h",
    "System/Library/Frameworks/CoreFoundation.framework/CoreFoundation.tbd",
    "System/Library/Frameworks/CoreFoundation.framework/Headers/CFTimeZone.h",
)
STUB = """\
--- !tapi-tbd
tbd-version: 4
targets: [ x86_64-macos, arm64-macos ]
install-name: '/usr/lib/libSystem.B.dylib'
exports:
  - targets: [ x86_64-macos ]
    symbols: [ '_read$INODE64' ]
--- !tapi-tbd
tbd-version: 4
targets: [ x86_64-macos, arm64-macos ]
install-name: '/usr/lib/system/libsystem_c.dylib'
exports:
  - targets: [ x86_64-macos, arm64-macos ]
    symbols: [ _malloc, _read ]
    weak-symbols: [ _odd ]
...
"""
FILES = {
    "libc/include/any-macos-any/stdio.h": "// common\n",
    "libc/include/any-macos-any/unistd.h": "// common\n",
    "libc/include/any-macos.13-any/stdio.h": "// newer\n",
    "libc/include/aarch64-macos.13-none/arm/types.h": "",
    "libc/include/x86_64-macos.13-none/i386/types.h": "",
    "libc/darwin/libSystem.13.tbd": STUB,
    "libcxx/include/__config": "// the library's\n",
    "libcxx/include/vector": "",
    "libcxxabi/include/cxxabi.h": "",
    "libcxx/src/string.cpp": "",
    "libcxx/src/ryu/d2s.cpp": "",
    "libcxxabi/src/cxa_guard.cpp": "",
    "libcxxabi/src/cxa_noexception.cpp": "#error only for others",
}
COMPILES = 'printf "%s\\n" "$*" >>"$0.calls"; while [ "$1" != -o ]; do shift; done; : >"$2"'
PROGRAMS = {
    "clang++": COMPILES,
    "ar": 'shift; : >"$1"; shift; echo "$*" >"$0.members"',
    "nm": "echo; echo 'string.o:'; echo '__ZSt1a T 0 0'; echo '_b S 10 0'",
}


@pytest.fixture
def source(tmp_path: Path) -> SourceTree:
    root = tmp_path / "package"
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return SourceTree(name="ziglang-0", path=root, version="0", digest="0" * 64)


@pytest.fixture
def programs(tmp_path: Path) -> dict[str, Path]:
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, does in PROGRAMS.items():
        (folder / name).write_text(f"#!/bin/sh\n{does}\n", encoding="utf-8")
        (folder / name).chmod(0o755)
    return {name: folder / name for name in PROGRAMS}


def make(abi: str, source: SourceTree, programs: dict[str, Path], tmp_path: Path) -> Path:
    found = find_abi("ios", abi)[1]
    cache = Cache(root=tmp_path / "cache")
    return make_stand_in(source, found, programs=programs, cache=cache)


def test_it_is_an_sdk_that_says_what_it_is(
    source: SourceTree, programs: dict[str, Path], tmp_path: Path
) -> None:
    folder = make("arm64", source, programs, tmp_path)
    assert folder.name == "iPhoneOS.sdk"
    facts = find_abi("ios", "arm64")[1].apple
    assert facts is not None
    sdk = read_sdk(folder, facts)
    assert sdk.stands_in.startswith("a folder that stands in for Apple's SDK")
    names = [path.relative_to(folder).as_posix() for path in sdk.stubs(("c++", "CoreFoundation"))]
    assert names == [
        "usr/lib/libSystem.tbd",
        "usr/lib/libc++.tbd",
        "System/Library/Frameworks/CoreFoundation.framework/CoreFoundation.tbd",
    ]
    assert (folder / "System/Library/Frameworks/CoreFoundation.framework/Headers").is_dir()
    assert (folder / STATIC_CXX).is_file()


@pytest.mark.parametrize("abi", ["arm64", "x86_64-simulator"])
def test_what_is_written_for_it(
    source: SourceTree,
    programs: dict[str, Path],
    tmp_path: Path,
    abi: str,
    golden: Callable[[Path, str], None],
) -> None:
    folder = make(abi, source, programs, tmp_path)
    for name in WRITTEN:
        text = (folder / name).read_text(encoding="utf-8")
        golden(GOLDEN / abi / f"{Path(name).name}.golden", text)


def test_headers_are_of_one_processor_and_the_newest(
    source: SourceTree, programs: dict[str, Path], tmp_path: Path
) -> None:
    include = make("arm64", source, programs, tmp_path) / "usr/include"
    assert (include / "stdio.h").read_text() == "// newer\n"
    assert (include / "unistd.h").is_file()
    assert (include / "arm/types.h").is_file()
    assert not (include / "i386").exists()
    assert (include / "sys/syscall.h").is_file()
    own, theirs = include / "c++/v1/__config", include / "c++/v1/__config_library"
    assert theirs.read_text() == "// the library's\n"
    assert "#include <__config_library>" in own.read_text()


def test_stubs_name_what_this_processor_has(
    source: SourceTree, programs: dict[str, Path], tmp_path: Path
) -> None:
    texts = {
        abi: (make(abi, source, programs, tmp_path) / "usr/lib/libSystem.tbd").read_text()
        for abi in ("arm64", "x86_64-simulator")
    }
    assert "targets: [ arm64-ios ]" in texts["arm64"]
    assert "targets: [ x86_64-ios-simulator ]" in texts["x86_64-simulator"]
    assert all("'_malloc'" in text and "'_odd'" in text for text in texts.values())
    assert "INODE64" not in texts["arm64"]
    assert "INODE64" in texts["x86_64-simulator"]


def test_the_cxx_library_is_compiled_once(
    source: SourceTree, programs: dict[str, Path], tmp_path: Path
) -> None:
    folder = make("arm64", source, programs, tmp_path)
    assert make("arm64", source, programs, tmp_path) == folder
    calls = (tmp_path / "bin" / "clang++.calls").read_text().splitlines()
    header, *files = calls
    assert "-x c++-header" in header
    assert len(files) == 3
    assert all("-include-pch" in call for call in files)
    assert all("--target=arm64-apple-ios12.0" in call for call in calls)
    members = (tmp_path / "bin" / "ar.members").read_text().split()
    assert sorted(Path(name).name for name in members) == [
        "libcxx-string.o",
        "libcxxabi-cxa_guard.o",
        "src-d2s.o",
    ]
    assert not list((folder / "usr/lib").rglob("common.*"))
    stub = (folder / "usr/lib/libc++.tbd").read_text()
    assert "'__ZSt1a'" in stub
    assert "string.o" not in stub


@pytest.mark.parametrize(("abi", "simulator"), [("arm64", 0), ("arm64-simulator", 1)])
def test_headers_say_that_it_is_ios(
    source: SourceTree, programs: dict[str, Path], tmp_path: Path, abi: str, simulator: int
) -> None:
    if not (compiler := shutil.which("cpp")):
        pytest.skip("needs cpp")
    include = make(abi, source, programs, tmp_path) / "usr/include"
    text = "#include <TargetConditionals.h>\nTARGET_OS_IPHONE TARGET_OS_SIMULATOR TARGET_OS_OSX\n"
    argv = [compiler, "-P", f"-I{include}", "-"]
    done = subprocess.run(argv, input=text, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", str(simulator), "0"]


def test_nothing_stands_in_for_32_bits() -> None:
    facts = {name: find_abi("ios", name)[1].apple for name in ("arm64", "armv7", "i386-simulator")}
    found = {name: can_stand_in(fact) for name, fact in facts.items() if fact}
    assert found == {"arm64": True, "armv7": False, "i386-simulator": False}


def test_an_sdk_that_is_named_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SDKROOT", raising=False)
    lock = Lock(path=tmp_path / "lock", sources={}, debian_suites=())
    abi = find_abi("ios", "arm64")[1]
    cache = Cache(root=tmp_path / "cache")
    mine = tmp_path / "sdk"
    assert find_sdk(abi, "llvm", mine, lock, cache, offline=True) == mine
    monkeypatch.setenv("SDKROOT", str(tmp_path / "other"))
    assert find_sdk(abi, "llvm", None, lock, cache, offline=True) == tmp_path / "other"
    monkeypatch.delenv("SDKROOT")
    assert find_sdk(abi, "xcode", None, lock, cache, offline=True) is None
    assert find_sdk(find_abi("ios", "armv7")[1], "llvm", None, lock, cache, offline=True) is None
