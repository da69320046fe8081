from __future__ import annotations

import contextlib
import platform
import random
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from elftools.elf.elffile import ELFFile

from buildtool.binary.arm_attributes import FP_ARCH, arch_name
from buildtool.binary.elf import (
    defined_symbols,
    needed_libraries,
    newer_symbols,
    oldest_glibc,
    read_object,
    undefined_symbols,
)
from buildtool.binary.elf_file import PT_LOAD, ElfFile, Note, NotElfError, is_bitcode
from buildtool.binary.shared_libraries import read_shared

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
    assert (found.bits, found.kind) == (64, "relocatable")
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


LIBRARY = """
int here(int x) { return x + 1; }
__attribute__((weak)) int perhaps(void) { return 1; }
static int own(void) { return 1; }
extern double cos(double);
double other(double x) { return cos(x) + own(); }
"""
LINKED = ("-shared", "-fPIC", "-Wl,-soname,libown.so", "-Wl,--no-as-needed", "-lm")


@pytest.mark.parametrize(
    ("compiler", "flags"),
    [
        ("cc", ("-Wl,--hash-style=gnu", "-Wl,--build-id")),
        ("cc", ("-Wl,--hash-style=sysv", "-Wl,-z,max-page-size=16384")),
        ("cc", ("-Wl,-z,execstack", "-nostdlib", "-Wl,--unresolved-symbols=ignore-all")),
        ("arm-linux-gnueabihf-gcc", ("-Wl,--hash-style=gnu", "-Wl,--build-id")),
        ("arm-linux-gnueabihf-gcc", ("-Wl,--hash-style=sysv", "-Wl,-z,noseparate-code")),
    ],
)
def test_shared_libraries_agree_with_pyelftools(
    compile_c: Compile, tmp_path: Path, compiler: str, flags: tuple[str, ...]
) -> None:
    """With the section headers and without them, which a loader does not read."""
    path = compile_c("libown.so", LIBRARY, *LINKED, *flags, compiler=compiler)
    found = read_shared(path)
    assert {"here", "perhaps", "other"} <= found.exports
    assert not {"own", "cos"} & found.exports
    with path.open("rb") as file:
        elf: Any = ELFFile(file)
        dynamic = next(each for each in elf.iter_segments("PT_DYNAMIC"))
        assert found.exports == {
            symbol.name
            for symbol in dynamic.iter_symbols()
            if symbol.name and symbol.entry.st_shndx != "SHN_UNDEF"
            if symbol.entry.st_info.bind in ("STB_GLOBAL", "STB_WEAK")
        }
        assert found.soname == next(tag.soname for tag in dynamic.iter_tags("DT_SONAME"))
        assert found.needed == tuple(tag.needed for tag in dynamic.iter_tags("DT_NEEDED"))
        assert found.notes == tuple(
            Note(owner=note["n_name"], content=note["n_descdata"])
            for segment in elf.iter_segments("PT_NOTE")
            for note in segment.iter_notes()
        )
        loaded = [(each["p_flags"], each.data()) for each in elf.iter_segments("PT_LOAD")]
        stack = [each["p_flags"] & 1 for each in elf.iter_segments("PT_GNU_STACK")]
    own = ElfFile(path)
    segments = [(each.flags, bytes(own.content(each))) for each in own.segments_of(PT_LOAD)]
    assert segments == loaded
    assert found.executable_stack == bool(stack[0])
    without = bytearray(path.read_bytes())
    table, numbers = (
        (range(40, 48), range(60, 64)) if own.bits == 64 else (range(32, 36), range(48, 52))
    )
    for place in (*table, *numbers):
        without[place] = 0
    stripped = tmp_path / "stripped.so"
    stripped.write_bytes(without)
    assert not ElfFile(stripped).sections
    assert read_shared(stripped) == found


def test_a_library_that_is_cut_off_or_damaged_is_an_error_or_a_reading(
    compile_c: Compile, tmp_path: Path
) -> None:
    data = compile_c("libown.so", LIBRARY, *LINKED).read_bytes()
    path = tmp_path / "damaged.so"
    chance = random.Random(1)  # noqa: S311
    damaged = [data[: chance.randrange(len(data))] for _ in range(150)]
    for _ in range(300):
        changed = bytearray(data)
        for _ in range(chance.choice((1, 8))):
            changed[chance.choice((chance.randrange(1024), chance.randrange(len(data))))] = (
                chance.choice((0, 255, chance.randrange(256)))
            )
        damaged.append(bytes(changed))
    for content in damaged:
        path.write_bytes(content)
        for read in (read_shared, needed_libraries, oldest_glibc, defined_symbols):
            with contextlib.suppress(NotElfError):
                read(path)
        with contextlib.suppress(NotElfError):
            newer_symbols(path, (2, 0))


def test_a_file_is_whole_if_all_that_it_names_is_there(compile_c: Compile) -> None:
    data = compile_c("a.o", PLAIN, "-c").read_bytes()
    assert ElfFile(data).is_whole()
    table = int.from_bytes(data[40:48], sys.byteorder)
    longer = bytearray(data)
    place = table + 64 + 32  # the size of section 1
    longer[place : place + 8] = len(data).to_bytes(8, sys.byteorder)
    assert not ElfFile(bytes(longer)).is_whole()
    without = data[:40] + bytes(8) + data[48:60] + bytes(4)
    assert not ElfFile(without).is_whole()


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
