"""GNU/Linux on this kind of machine: for development, and to try a library where it is built."""

from __future__ import annotations

from buildtool.core.values import Abi
from buildtool.platforms.elf_platform import ElfPlatform

X86_64 = Abi(
    name="x86_64",
    triple="x86_64-linux-gnu",
    cpu_flags=("-march=x86-64",),
    machine="x86_64",
    bits=64,
    emulators=("qemu-x86_64-static", "qemu-x86_64"),
    sysroot="",
    packages=("clang", "lld", "llvm", "g++"),
)

PLATFORM = ElfPlatform(
    name="linux",
    abis={X86_64.name: X86_64},
    products=("static", "shared", "java-library"),
    runtimes=("full", "lite", "lite-flex"),
)
