"""A folder with the layout of an NDK since r21, whose compiler is Debian's clang.

It says of itself that it is a stand-in: behind the NDK's command line are Debian's clang and C
library, so that what comes out runs on this machine and on no phone. The toolchain file is one of
our own that sets what an NDK's sets.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from buildtool.core.run import Command, run

DESCRIPTION = "Stand-in for an Android NDK"
REVISION = "24.0.8215888"
TRIPLES = {
    "arm64-v8a": ("aarch64-none-linux-android", "aarch64-linux-android", "aarch64-linux-gnu"),
    "armeabi-v7a": ("armv7-none-linux-androideabi", "arm-linux-androideabi", "arm-linux-gnueabi"),
    "x86": ("i686-none-linux-android", "i686-linux-android", "i686-linux-gnu"),
    "x86_64": ("x86_64-none-linux-android", "x86_64-linux-android", "x86_64-linux-gnu"),
}
HOME = "toolchains/llvm/prebuilt/linux-x86_64"
# As an NDK's file: compilers, triple and level, and flags that the user's follow.
FILE = """
get_filename_component(ndk "${CMAKE_CURRENT_LIST_DIR}/../.." ABSOLUTE)
set(home "${ndk}/toolchains/llvm/prebuilt/linux-x86_64")
set(CMAKE_SYSTEM_NAME Linux)
string(REPLACE "android-" "" ANDROID_PLATFORM_LEVEL "${ANDROID_PLATFORM}")
if(FALSE)
%(triples)s
endif()
set(CMAKE_C_COMPILER_TARGET ${CMAKE_CXX_COMPILER_TARGET})
set(CMAKE_C_COMPILER "${home}/bin/clang")
set(CMAKE_CXX_COMPILER "${home}/bin/clang++")
set(CMAKE_AR "${home}/bin/llvm-ar" CACHE FILEPATH "Archiver")
set(CMAKE_C_FLAGS "-g -DANDROID -fdata-sections ${CMAKE_C_FLAGS}")
set(CMAKE_CXX_FLAGS "-g -DANDROID -fdata-sections ${CMAKE_CXX_FLAGS}")
set(CMAKE_EXE_LINKER_FLAGS "-Wl,--build-id=sha1 -Wl,--no-undefined")
"""
TRIPLE = """elseif(ANDROID_ABI STREQUAL "{abi}")
  set(CMAKE_CXX_COMPILER_TARGET {android}${{ANDROID_PLATFORM_LEVEL}})"""
# The system's triple in place of Android's; liblog is one of ours.
PROGRAM = """#!/bin/sh
# Debian's clang behind the command line of an NDK's.
home=$(cd "$(dirname "$0")/.." && pwd)
for word; do
    shift
    case $word in
{targets}
        *) set -- "$@" "$word" ;;
    esac
done
exec {clang} -D__ANDROID__=1 -D__ANDROID_API__=21 -Wno-unused-command-line-argument \\
    -L"$home/stand-in" -isystem "$home/stand-in" "$@"
"""
LOG_H = """#pragma once
#ifdef __cplusplus
extern "C"
#endif
int __android_log_write(int priority, const char* tag, const char* text);
"""
TOOLS = ("llvm-ar", "llvm-nm", "llvm-strip", "llvm-cxxfilt")


def make_clang_ndk(
    root: Path, *, revision: str = REVISION, levels: tuple[int, int] = (19, 32)
) -> Path:
    """Make it in ``root``; skips the test where this machine lacks a tool."""
    for tool in ("clang", "clang++", *TOOLS):
        if shutil.which(tool) is None:
            pytest.skip(f"needs {tool}")
    _write(root / "source.properties", f"Pkg.Desc = {DESCRIPTION}\nPkg.Revision = {revision}\n")
    low, high = levels
    _write(root / "meta/platforms.json", json.dumps({"min": low, "max": high}))
    each = (TRIPLE.format(abi=abi, android=names[0]) for abi, names in TRIPLES.items())
    text = FILE % {"triples": "\n".join(each)}
    _write(root / "build/cmake/android.toolchain.cmake", text)
    home = root / HOME
    _write(home / "stand-in/android/log.h", LOG_H)
    targets = "\n".join(
        f'        --target={android}*) set -- "$@" --target={debian} ;;'
        for android, _, debian in TRIPLES.values()
    )
    for name in ("clang", "clang++"):
        _script(home / "bin" / name, PROGRAM.format(targets=targets, clang=shutil.which(name)))
    for name in TOOLS:
        (home / "bin" / name).symlink_to(shutil.which(name) or "")
    for _, folder, _ in TRIPLES.values():
        libraries = home / "sysroot/usr/lib" / folder
        for level in range(max(low, 21), high + 1):
            _write(libraries / str(level) / "libc.so", "")
        for name in ("libc++_static.a", "libc++abi.a"):
            _write(libraries / name, "!<arch>\n")
    _log(home / "stand-in")
    return root


def _log(folder: Path) -> None:
    text = "int __android_log_write(int p, const char* t, const char* s) { return p + !t + !s; }"
    _write(folder / "log.c", text)
    argv = ("clang", "-shared", "-fPIC", "-Wl,-soname,liblog.so", "log.c", "-o", "liblog.so")
    run(Command(argv=argv, cwd=folder), what="making liblog.so")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _script(path: Path, text: str) -> None:
    _write(path, text)
    path.chmod(0o755)
