"""A folder that Bazel takes for an Android NDK, and whose programs compile and link.

The layout and the command lines are those of NDK r14 as Bazel's ``android_ndk_repository`` knows
them. Behind the programs' names are scripts: they give Debian's clang what Bazel says, but for the
system, which is Linux with Debian's C library in place of Android's. What comes out runs under qemu
and on no phone.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from buildtool.core.run import Command, run
from buildtool.sources.cache import Cache

DESCRIPTION = "Stand-in for an Android NDK"
REVISION = "14.1.3816874"
CLANG = "3.8.275480"  # whose own headers are where Bazel says that they are
LLVM = "toolchains/llvm/prebuilt/linux-x86_64"
STL = "sources/cxx-stl/gnu-libstdc++/4.9"


@dataclass(frozen=True, kw_only=True)
class Cpu:
    """One that the stand-in compiles for. ``android`` and ``debian`` are triples, ``folder``,
    ``tools`` and ``prefix`` are where an NDK keeps its system and its programs. ``headers`` is
    where Debian has those of the C library, ``emulator`` what runs a program (none: the machine
    itself)."""

    android: str
    debian: str
    folder: str
    tools: str
    prefix: str
    headers: Path
    emulator: tuple[str, ...]


CPUS = {
    "arm64-v8a": Cpu(
        android="aarch64-none-linux-android",
        debian="aarch64-linux-gnu",
        folder="arch-arm64",
        tools="aarch64-linux-android-4.9",
        prefix="aarch64-linux-android",
        headers=Path("/usr/aarch64-linux-gnu/include"),
        emulator=("qemu-aarch64-static", "-L", "/usr/aarch64-linux-gnu"),
    ),
    "x86_64": Cpu(
        android="x86_64-none-linux-android",
        debian="x86_64-linux-gnu",
        folder="arch-x86_64",
        tools="x86_64-4.9",
        prefix="x86_64-linux-android",
        headers=Path("/usr/include"),
        emulator=(),
    ),
}

# What both kinds of command lines have in common; FOLDER/bin/clang is how Bazel calls it.
PROGRAM = """#!/bin/sh
# Debian's clang behind the command line of an NDK's.
set -eu
home=${{0%/bin/*}}
{environment}
case $1 in
    @*)  # newer releases of Bazel write what is to be linked into a file
        file=${{1#@}}
        set --
        while IFS= read -r word || [ -n "$word" ]; do set -- "$@" "$word"; done <"$file"
        ;;
esac
compiles=no
next=
for word; do
    shift
    case $next$word in
        -gcc-toolchain) next=drop: ;;
        -target) next=target: ;;
        drop:*) next= ;;
{targets}
        target:*) echo "$0: knows no ${{word}}" >&2; exit 1 ;;
        --sysroot=*) system=${{word#*=}} ;;
        -c | -S | -E | -fsyntax-only) compiles=yes; set -- "$@" "$word" ;;
        -fno-integrated-as | -Wl,--fix-cortex-a8) ;;
        *) set -- "$@" "$word" ;;
    esac
done
if [ $compiles = yes ]; then
    # Headers of the NDK's own folders alone, as Bazel checks where they come from.
    exec {compiler} -resource-dir "$home/lib64/clang/{clang}" -nostdlibinc \\
        -idirafter "$system/usr/include" -D__ANDROID__=1 -D__ANDROID_API__=21 "$@"
fi
# Linked with Debian's start files and C library, where an NDK has Android's.
exec {linker} "$@" "-L$system/usr/lib"
"""
TARGET = '        target:{android}) next=; set -- "$@" --target={debian} ;;'
LOG_H = """#pragma once
#ifdef __cplusplus
extern "C" {
#endif
enum { ANDROID_LOG_INFO = 4, ANDROID_LOG_WARN = 5, ANDROID_LOG_ERROR = 6, ANDROID_LOG_FATAL = 7 };
int __android_log_print(int priority, const char* tag, const char* format, ...);
int __android_log_write(int priority, const char* tag, const char* text);
#ifdef __cplusplus
}
#endif
"""
LOG_C = """#include <stdarg.h>
#include <stdio.h>
int __android_log_write(int priority, const char* tag, const char* text) {
  return fprintf(stderr, "%d %s: %s\\n", priority, tag, text);
}
int __android_log_print(int priority, const char* tag, const char* format, ...) {
  char text[1024];
  va_list words;
  va_start(words, format);
  vsnprintf(text, sizeof(text), format, words);
  va_end(words);
  return __android_log_write(priority, tag, text);
}
"""
# Of JNI only the types, as the Java Native Interface Specification has them in chapter 3.
JNI_H = """#pragma once
#include <stdint.h>
typedef int32_t jint;
typedef int64_t jlong;
typedef void* jobject;
typedef jobject jclass;
typedef struct Jni JNIEnv;
#define JNIEXPORT __attribute__((visibility("default")))
#define JNICALL
"""


def make_stand_in(root: Path, abis: tuple[str, ...] = ("arm64-v8a",)) -> Path:
    """Make it in ``root``; skips the test where this machine lacks a compiler."""
    for tool in ("clang", *(CPUS[abi].debian + "-ld" for abi in abis)):
        if shutil.which(tool) is None:
            pytest.skip(f"needs {tool}")
    root.mkdir(parents=True)
    text = f"Pkg.Desc = {DESCRIPTION}\nPkg.Revision = {REVISION}\n"
    (root / "source.properties").write_text(text, encoding="utf-8")
    _compiler(root / LLVM, abis)
    for abi in abis:
        _programs(root, CPUS[abi])
        _headers(root, CPUS[abi], abi)
        _libraries(root, CPUS[abi], abi)
    return root


def _compiler(home: Path, abis: tuple[str, ...]) -> None:
    (home / "bin").mkdir(parents=True)
    clang = shutil.which("clang")
    environment, ccache = "", shutil.which("ccache")
    if ccache:
        # One cache for all tests; where they work does not matter.
        cache = Cache.of_user().folder("ccache")
        environment = f"export CCACHE_DIR='{cache}' CCACHE_NOHASHDIR=1"
    targets = [TARGET.format(**vars(CPUS[abi])) for abi in abis]
    program = PROGRAM.format(
        environment=environment,
        targets="\n".join(targets),
        compiler=f"{ccache} {clang}" if ccache else clang,
        linker=clang,
        clang=CLANG,
    )
    _script(home / "bin/clang", program)
    said = _said("clang", "-print-resource-dir")
    (home / "lib64/clang" / CLANG).mkdir(parents=True)
    (home / "lib64/clang" / CLANG / "include").symlink_to(Path(said, "include").resolve())


def _programs(root: Path, cpu: Cpu) -> None:
    """binutils under an NDK's names."""
    folder = root / f"toolchains/{cpu.tools}/prebuilt/linux-x86_64/bin"
    folder.mkdir(parents=True)
    for name in ("ar", "ld", "nm", "objcopy", "objdump", "strip"):
        _script(folder / f"{cpu.prefix}-{name}", f'#!/bin/sh\nexec {cpu.debian}-{name} "$@"\n')


def _headers(root: Path, cpu: Cpu, abi: str) -> None:
    """The C library's and C++'s, of Debian's cross compiler, and what only Android has."""
    home, own = cpu.headers, cpu.headers / cpu.debian
    include = root / "platforms/android-21" / cpu.folder / "usr/include"
    (include / "android").mkdir(parents=True)
    # Those of the C library, which stands alone in a cross compiler's folder.
    for name in (each.name for each in CPUS["arm64-v8a"].headers.iterdir()):
        there = [place / name for place in (own, home) if (place / name).exists()]
        if name != "c++" and there:
            (include / name).symlink_to(there[0])
    (include / "android/log.h").write_text(LOG_H, encoding="utf-8")
    (include / "jni.h").write_text(JNI_H, encoding="utf-8")
    newest = max((home / "c++").iterdir(), key=lambda each: int(each.name))
    (root / STL / "libs" / abi).mkdir(parents=True)
    if not (root / STL / "include").is_symlink():
        (root / STL / "include").symlink_to(newest)
    version = (root / STL / "include").resolve().name
    places = (newest.parent / version / cpu.debian, own / "c++" / version)
    found = [place for place in places if place.is_dir()]
    if not found:
        pytest.skip(f"needs the headers of C++'s library {version} for {cpu.debian}")
    (root / STL / "libs" / abi / "include").symlink_to(found[0])


def _libraries(root: Path, cpu: Cpu, abi: str) -> None:
    """The C++ library, static as in an NDK, and stand-ins for Android's own libraries."""
    archive = _said(f"{cpu.debian}-g++", "-print-file-name=libstdc++.a")
    (root / STL / "libs" / abi / "libgnustl_static.a").symlink_to(Path(archive).resolve())
    folder = root / "platforms/android-21" / cpu.folder / "usr/lib"
    folder.mkdir(parents=True)
    for name, text in {"log": LOG_C, "android": ""}.items():
        (folder / f"{name}.c").write_text(text, encoding="utf-8")
        words = ("-shared", "-fPIC", f"-Wl,-soname,lib{name}.so", f"{name}.c")
        argv = ("clang", f"--target={cpu.debian}", *words, "-o", f"lib{name}.so")
        run(Command(argv=argv, cwd=folder), what=f"making lib{name}.so")


def _said(*argv: str) -> str:
    return run(Command(argv=argv), what=f"asking {argv[0]}").stdout.strip()


def _script(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
