from __future__ import annotations

import contextlib
import platform
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from elftools.elf.elffile import ELFFile

from buildtool.binary.arm_attributes import FP_ARCH, arch_name
from buildtool.binary.elf import (
    NotElfError,
    defined_symbols,
    is_bitcode,
    needed_libraries,
    newer_symbols,
    oldest_glibc,
    read_object,
    undefined_symbols,
)

Compile = Callable[..., Path]
PLAIN = """
extern int there(int);
int here(int x) { return there(x); }
static int own(void) { return 1; }
int other(void) { return own(); }
"""
STARTS = "static void start(void) __attribute__((constructor)); static void start(void) {}"
FLOATS = "double half(double x) { return x / 2; }"


def test_host_object(compile_c: Compile) -> None:
    found = read_object(compile_c("a.o", PLAIN, "-c"))
    assert found.machine == platform.machine()
    assert (found.bits, found.kind, found.little_endian) == (64, "relocatable", True)
    assert found.arm is None


def test_static_constructors(compile_c: Compile) -> None:
    assert read_object(compile_c("a.o", STARTS, "-c")).has_static_constructors
    assert not read_object(compile_c("b.o", PLAIN, "-c")).has_static_constructors


def test_symbols(compile_c: Compile) -> None:
    path = compile_c("a.o", PLAIN, "-c", "-fno-pic")
    assert undefined_symbols(path) == {"there"}
    assert defined_symbols(path) == {"here", "other"}


def test_linked_program_agrees_with_pyelftools(compile_c: Compile) -> None:
    text = "#include <math.h>\nint main(int c, char **v) { return (int)cos(c); }"
    path = compile_c("program", text, "-Wl,--no-as-needed", "-lm")
    with path.open("rb") as file:
        elf: Any = ELFFile(file)
        tags = elf.get_section_by_name(".dynamic").iter_tags("DT_NEEDED")
        libraries = tuple(tag.needed for tag in tags)
        versions = [
            auxiliary.name
            for _, entries in elf.get_section_by_name(".gnu.version_r").iter_versions()
            for auxiliary in entries
        ]
    numbers = [re.fullmatch(r"GLIBC_([\d.]+)", name) for name in versions]
    newest = max(tuple(map(int, match[1].split("."))) for match in numbers if match)
    assert needed_libraries(path) == libraries
    assert "libm.so.6" in libraries
    assert oldest_glibc(path) == newest
    assert newer_symbols(path, newest) == ()
    asked = newer_symbols(path, (2, 0))
    assert {name for name in asked if name.startswith("cos@GLIBC_")}
    assert asked[0].endswith("@GLIBC_" + ".".join(map(str, newest)))
    assert set(asked) == {
        f"{name}@{version}" for name, version in versioned(path) if version.startswith("GLIBC_2")
    }


def versioned(path: Path) -> set[tuple[str, str]]:
    """The symbols that a program takes of others, with their versions, as pyelftools reads them."""
    with path.open("rb") as file:
        elf: Any = ELFFile(file)
        needed = elf.get_section_by_name(".gnu.version_r")
        table = elf.get_section_by_name(".gnu.version")
        found = set()
        for place, symbol in enumerate(elf.get_section_by_name(".dynsym").iter_symbols()):
            number = table.get_symbol(place)["ndx"]
            if isinstance(number, int) and number > 1:
                found.add((symbol.name, needed.get_version(number)[1].name))
        return found


def test_static_program_needs_nothing(compile_c: Compile) -> None:
    path = compile_c("a.o", PLAIN, "-c")
    assert needed_libraries(path) == ()
    assert oldest_glibc(path) == ()


V7_NEON = ("-march=armv7-a", "-mfpu=neon-vfpv4")
V6 = ("--target=arm-linux-gnueabihf", "-march=armv6k", "-mfpu=vfp", "-mfloat-abi=hard", "-marm")


@pytest.mark.parametrize(
    ("compiler", "flags", "expected"),
    [
        ("arm-linux-gnueabihf-gcc", V7_NEON, ("ARMv7", "VFPv4", True, "hard")),
        ("arm-linux-gnueabihf-gcc", ("-march=armv7-a+fp",), ("ARMv7", "VFPv3-D16", False, "hard")),
        ("arm-linux-gnueabi-gcc", ("-march=armv5te",), ("ARMv5TE", "", False, "soft")),
        ("clang", V6, ("ARMv6", "VFPv2", False, "hard")),
    ],
)
def test_arm_attributes(
    compile_c: Compile, compiler: str, flags: tuple[str, ...], expected: tuple[str, str, bool, str]
) -> None:
    path = compile_c("a.o", FLOATS, "-c", *flags, compiler=compiler)
    found = read_object(path)
    assert (found.machine, found.bits) == ("arm", 32)
    assert found.arm is not None
    arm = found.arm
    assert (arch_name(arm.cpu_arch), arm.fp_arch, arm.neon, arm.float_abi) == expected


def test_arm_attributes_agree_with_pyelftools(compile_c: Compile) -> None:
    path = compile_c("a.o", FLOATS, "-c", *V7_NEON, compiler="arm-linux-gnueabihf-gcc")
    with path.open("rb") as file:
        elf: Any = ELFFile(file)
        section = elf.get_section_by_name(".ARM.attributes")
        tags = {
            attribute.tag: attribute.value
            for attribute in section.subsections[0].subsubsections[0].iter_attributes()
        }
    arm = read_object(path).arm
    assert arm is not None
    assert arm.cpu_arch == tags["TAG_CPU_ARCH"]
    assert FP_ARCH[tags["TAG_FP_ARCH"]] == arm.fp_arch
    assert arm.neon == (tags["TAG_ADVANCED_SIMD_ARCH"] != 0)
    assert (arm.float_abi == "hard") == (tags["TAG_ABI_VFP_ARGS"] == 1)


def test_every_cut_is_an_error_or_a_reading(compile_c: Compile) -> None:
    """No cut of a file makes anything but NotElfError."""
    data = compile_c("a.o", PLAIN, "-c").read_bytes()
    with pytest.raises(NotElfError, match="ends too early"):
        read_object(data[: len(data) // 2])
    for length in range(0, len(data), 7):
        with contextlib.suppress(NotElfError):
            read_object(data[:length])
            undefined_symbols(data[:length])


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "an empty file"),
        (b"BC\xc0\xde" + bytes(80), "LLVM bitcode"),
        (b"!<arch>\n" + bytes(80), "an archive"),
        (b"\xcf\xfa\xed\xfe" + bytes(80), "a Mach-O file"),
        (b"hello" + bytes(80), "not an ELF file (it starts with b'hell')"),
    ],
)
def test_other_files_are_named(data: bytes, what: str) -> None:
    with pytest.raises(NotElfError, match=re.escape(what)):
        read_object(data)


def test_bitcode(compile_c: Compile) -> None:
    path = compile_c("a.o", PLAIN, "-c", "-flto", compiler="clang")
    assert is_bitcode(path.read_bytes())
    assert not is_bitcode(b"\x7fELF")
