from __future__ import annotations

import dataclasses
import shutil
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from buildtool.platforms.android import PLATFORM
from buildtool.tools.android.ndk_support import system_libraries
from buildtool.verify.loadable import LibraryWanted, check_library, sizes

ABIS = PLATFORM.abis
SYSTEM = system_libraries()
WANTED = LibraryWanted(
    soname="libjsc.so",
    level=21,
    system=SYSTEM,
    symbols=("JSGlobalContextCreate", "JSEvaluateScript"),
    packed=("libc++_shared.so",),
)


def faults(path: Path, abi: str, **changes: Any) -> list[str]:
    wanted = dataclasses.replace(WANTED, **changes)
    return [each.what for each in check_library(path, ABIS[abi], wanted).problems]


@pytest.mark.network
@pytest.mark.parametrize(
    ("abi", "level"), [("arm64-v8a", 21), ("armeabi-v7a", 16), ("x86", 16), ("x86_64", 21)]
)
def test_real_libraries_of_an_ndk_pass(libraries: Path, abi: str, level: int) -> None:
    report = check_library(libraries / abi / "libjsc.so", ABIS[abi], WANTED)
    assert report.problems == ()
    assert report.ident is not None
    assert (report.ident.level, report.ident.ndk, report.ident.build) == (level, "r23c", "8568313")
    assert report.facts is not None
    assert report.facts.needed == (
        "libm.so", "libc++_shared.so", "liblog.so", "libdl.so", "libc.so",
    )  # fmt: skip
    assert len(report.facts.exports) > 100


@pytest.mark.network
def test_each_library_is_of_its_own_abi_only(libraries: Path) -> None:
    for abi in ABIS:
        for other in ABIS:
            found = faults(libraries / abi / "libjsc.so", other)
            assert bool(found) == (abi != other), (abi, other, found)
    assert faults(libraries / "x86/libjsc.so", "x86_64") == [
        "is for x86 (32 bits), not for x86_64 (64 bits)"
    ]


@pytest.mark.network
def test_pages_of_16_kib_matter_for_64_bits(libraries: Path) -> None:
    found = {abi: faults(libraries / abi / "libjsc.so", abi, page_size=16384) for abi in ABIS}
    what = "can be mapped with pages of 4096 bytes only; asked for are 16384"
    assert found == {"arm64-v8a": [what], "x86_64": [what], "armeabi-v7a": [], "x86": []}


@pytest.mark.network
def test_what_else_can_be_wrong_is_said_at_once(libraries: Path) -> None:
    found = faults(
        libraries / "arm64-v8a/libjsc.so",
        "arm64-v8a",
        soname="libtensorflow_inference.so",
        level=19,
        packed=(),
        symbols=("JSEvaluateScript", "Java_org_tensorflow_Session_run"),
        budget=5_000_000,
    )
    assert found == [
        "is called 'libjsc.so', not 'libtensorflow_inference.so'",
        "needs API level 21; the target's is 19",
        "needs libc++_shared.so, which is neither one of Android's libraries nor packed with it",
        "does not export Java_org_tensorflow_Session_run",
        "has 5823656 bytes; the budget is 5000000",
    ]


@pytest.mark.network
def test_a_text_relocation_is_seen(libraries: Path, tmp_path: Path) -> None:
    """A flag is set in a real library, as its linker would have set it."""
    data = bytearray((libraries / "armeabi-v7a/libjsc.so").read_bytes())
    flags = struct.pack("<II", 0x1E, 0x8)  # DT_FLAGS: BIND_NOW
    assert data.count(flags) == 1
    data = data.replace(flags, struct.pack("<II", 0x1E, 0x8 | 0x4))
    (tmp_path / "x.so").write_bytes(data)
    assert faults(tmp_path / "x.so", "armeabi-v7a") == [
        "has text relocations, with which Android refuses it from API level 23 on"
    ]


@pytest.mark.network
def test_sizes_are_per_abi(libraries: Path) -> None:
    reports = [check_library(libraries / abi / "libjsc.so", ABIS[abi], WANTED) for abi in ABIS]
    assert sizes(reports) == {
        "arm64-v8a": 5823656, "armeabi-v7a": 5181472, "x86": 5869616, "x86_64": 6957520,
    }  # fmt: skip


@pytest.mark.network
def test_half_a_library(libraries: Path, tmp_path: Path) -> None:
    data = (libraries / "x86/libjsc.so").read_bytes()
    for size in (40, 3000, len(data) // 2):
        (tmp_path / "half.so").write_bytes(data[:size])
        assert len(faults(tmp_path / "half.so", "x86")) == 1
    assert faults(tmp_path / "none.so", "x86") == ["is not there"]


@pytest.fixture
def link(tmp_path: Path) -> Callable[..., Path]:
    """Links a library for this machine, which an Android could not load."""

    def make(*flags: str, text: str = "int here(void) { return 1; }") -> Path:
        compiler = shutil.which("gcc") or pytest.skip("needs the compiler gcc")
        (tmp_path / "x.c").write_text(text)
        path = tmp_path / "libx.so"
        argv = [compiler, "-shared", "-fPIC", *flags, str(tmp_path / "x.c"), "-o", str(path)]
        subprocess.run(argv, check=True, capture_output=True)
        return path

    return make


def test_a_library_of_this_machine(link: Callable[..., Path]) -> None:
    path = link("-Wl,-z,max-page-size=16384", "-Wl,-z,execstack", "-nostdlib")
    wanted = LibraryWanted(
        soname="libx.so", level=21, system=SYSTEM, symbols=("here",), page_size=16384
    )
    report = check_library(path, ABIS["x86_64"], wanted)
    assert [each.what for each in report.problems] == [
        "has no soname, not 'libx.so'",
        "was not linked by an NDK: it has no .note.android.ident",
        "asks for an executable stack",
    ]
    assert report.facts is not None
    assert report.facts.page_size == 16384


def test_glibc_is_no_library_of_androids(link: Callable[..., Path]) -> None:
    path = link("-Wl,-soname,libx.so", "-Wl,--no-as-needed")
    wanted = LibraryWanted(soname="libx.so", level=21, system=SYSTEM)
    found = [each.what for each in check_library(path, ABIS["x86_64"], wanted).problems]
    assert (
        "needs libc.so.6, which is neither one of Android's libraries nor packed with it" in found
    )


def test_a_program_is_no_library(link: Callable[..., Path], tmp_path: Path) -> None:
    path = link("-c", text="int x;")
    wanted = LibraryWanted(soname="libx.so", level=21, system=SYSTEM)
    report = check_library(path, ABIS["x86_64"], wanted)
    assert report.facts is None
    assert "is an ELF file that is relocatable, not shared" in report.problems[0].what
    (tmp_path / "text.so").write_text("hello")
    assert (
        "is not an ELF file"
        in check_library(tmp_path / "text.so", ABIS["x86_64"], wanted).problems[0].what
    )


def test_what_a_library_imports_must_be_there(link: Callable[..., Path], tmp_path: Path) -> None:
    stubs = tmp_path / "stubs"
    stubs.mkdir()
    link("-nostdlib", "-Wl,-soname,libc.so", text="int here(void) { return 0; }").rename(
        stubs / "libc.so"
    )
    path = link(
        *("-Wl,-soname,libx.so", "-nostdlib", "-Wl,-z,relro", "-Wl,-z,now"),
        *("-Wl,--no-as-needed", str(stubs / "libc.so"), "-Wl,--unresolved-symbols=ignore-all"),
        text="int here(void); int gone(void); int TF_One(void) { return here() + gone(); }"
        " int extra;",
    )
    wanted = LibraryWanted(
        soname="libx.so",
        level=21,
        system=SYSTEM,
        symbols=("TF_One", "TF_Two"),
        only=("TF_One", "TF_Two"),
        stubs=stubs,
        hardened=True,
    )
    found = [each.what for each in check_library(path, ABIS["x86_64"], wanted).problems]
    assert found == [
        "was not linked by an NDK: it has no .note.android.ident",
        "asks for gone, which no library that it needs has at API level 21",
        "does not export TF_Two",
        "exports extra, which nobody asked for",
    ]


def test_what_the_loader_fills_in_is_read_only(link: Callable[..., Path]) -> None:
    wanted = LibraryWanted(soname="libx.so", level=21, system=SYSTEM, stand_in=True, hardened=True)
    whole = link("-nostdlib", "-Wl,-soname,libx.so", "-Wl,-z,relro", "-Wl,-z,now")
    assert check_library(whole, ABIS["x86_64"], wanted).problems == ()
    lazy = link("-nostdlib", "-Wl,-soname,libx.so", "-Wl,-z,relro", "-Wl,-z,lazy")
    (problem,) = check_library(lazy, ABIS["x86_64"], wanted).problems
    assert problem.what == "leaves what the loader has filled in writable"


@pytest.mark.network
def test_real_libraries_are_hardened(libraries: Path) -> None:
    for abi in ABIS:
        facts = check_library(libraries / abi / "libjsc.so", ABIS[abi], WANTED).facts
        assert facts is not None
        assert facts.relro
        assert {"malloc", "free"} <= facts.imports
        assert not facts.imports & facts.exports
