"""Small Mach-O files, made by LLVM without any SDK: the programs declare what they call, and what
they are linked with is a list of names."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Make = Callable[..., Path]

DEVICE = "arm64-apple-ios12.0"
TBD = """--- !tapi-tbd
tbd-version: 4
targets: [ {targets} ]
install-name: '{install_name}'
exports:
  - targets: [ {targets} ]
    symbols: [ {symbols} ]
...
"""
TARGETS = "arm64-ios, arm64-ios-simulator, x86_64-ios-simulator, armv7-ios"
SYSTEM = (
    "dyld_stub_binder, _printf, _puts, _fopen, _fread, _fclose, _exit, _abort, _malloc, _free, "
    "_memcpy, _memset, _memcmp, _strlen, __tlv_bootstrap"
)


def tool(*names: str) -> str:
    """The first of these programs that is installed."""
    for name in names:
        if found := shutil.which(name):
            return found
    pytest.skip(f"needs {names[0]}")


def linker() -> str:
    """The linker of LLVM."""
    return tool("ld64.lld-19", "ld64.lld", "ld64.lld-14")


def compiler_in(folder: Path) -> Make:
    """Compiles text: ``compile_macho("a.o", text, target=DEVICE)``; C++ if the name says .cc.o."""

    def build(name: str, text: str, *flags: str, target: str = DEVICE) -> Path:
        language = "c++" if name.endswith(".cc.o") else "c"
        output = folder / name
        output.parent.mkdir(parents=True, exist_ok=True)
        source = output.with_suffix("")
        source.write_text(text, encoding="utf-8")
        clang = tool("clang-14", "clang")
        argv = [clang, "-target", target, "-x", language, "-O1", "-c", *flags]
        subprocess.run([*argv, str(source), "-o", str(output)], check=True, capture_output=True)
        return output

    return build


def linker_in(folder: Path) -> Make:
    """Links a program as ld64.lld does for an app; ``more`` symbols come from the system."""

    def build(
        name: str,
        *words: str | Path,
        arch: str = "arm64",
        platform: str = "ios",
        minimum: str = "12.0",
        more: str = "",
    ) -> Path:
        library = folder / "libSystem.tbd"
        install_name = "/usr/lib/libSystem.B.dylib"
        text = TBD.format(targets=TARGETS, install_name=install_name, symbols=f"{SYSTEM}{more}")
        library.write_text(text, encoding="utf-8")
        output = folder / name
        argv = [linker(), "-arch", arch, "-platform_version", platform, minimum, "16.0"]
        argv += [*map(str, words), str(library), "-o", str(output)]
        subprocess.run(argv, check=True, capture_output=True)
        return output

    return build
