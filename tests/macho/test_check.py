"""Wrong members of archives and incomplete images are found, all at once and by name."""

from __future__ import annotations

import dataclasses
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from buildtool.binary.archive import Member, read_archive
from buildtool.core.errors import Problem
from buildtool.core.values import MachoExpectation
from buildtool.verify.architecture import check_members
from buildtool.verify.macho_check import image_problems

Make = Callable[..., Path]

DEVICE = MachoExpectation(cpu="arm64", platform="ios", minimum_os="12.0")
ON_MAC = MachoExpectation(cpu="x86_64", platform="ios-simulator", minimum_os="12.0")
SIMULATOR = "x86_64-apple-ios12.0-simulator"
MAIN = "int main(void) { return 0; }"
STARTS = "int puts(const char*); __attribute__((constructor)) static void at_start(void) "
REGISTERS = 'extern "C" int puts(const char*); static int registered = puts("{name}");'


def _faults(archive: Path, expected: MachoExpectation) -> list[str]:
    return [str(item) for item in check_members(archive, read_archive(archive), expected)]


def test_right_members(compile_macho: Make, archive_macho: Make) -> None:
    old = compile_macho("old.o", "int a;", target="arm64-apple-ios9.0")
    archive = archive_macho("lib.a", compile_macho("a.o", "int b;"), old)
    assert _faults(archive, DEVICE) == []


def test_every_fault_of_every_member(compile_macho: Make, archive_macho: Make) -> None:
    """A device's object in a simulator's archive is what LLVM's linker lets pass."""
    wrong = {
        "device.o": "arm64-apple-ios12.0",
        "simulator.o": "arm64-apple-ios14.0-simulator",
        "mac.o": "x86_64-apple-macos10.14",
        "new.o": "x86_64-apple-ios13.0-simulator",
        "old.o": "armv7-apple-ios9.0",
        "linux.o": "x86_64-linux-gnu",
    }
    objects = [compile_macho(name, "int x;", target=target) for name, target in wrong.items()]
    archive = archive_macho("lib.a", compile_macho("a.o", "int a;", target=SIMULATOR), *objects)
    found = "\n".join(_faults(archive, ON_MAC))
    for line in (
        "device.o, simulator.o: is for arm64, not for x86_64",
        "device.o, old.o: is for the platform ios, not for ios-simulator",
        "mac.o: is for the platform macos, not for ios-simulator",
        "new.o: needs release 13.0 of the system; the target's oldest is 12.0",
        "old.o: is for armv7, not for x86_64",
        "linux.o: is an ELF file",
    ):
        assert f"lib.a: {line}" in found
    assert "a.o:" not in found


def test_device_and_simulator_of_one_processor(compile_macho: Make, archive_macho: Make) -> None:
    item = compile_macho("a.o", "int a;", target="arm64-apple-ios14.0-simulator")
    (fault,) = _faults(archive_macho("lib.a", item), dataclasses.replace(DEVICE, minimum_os="14.0"))
    assert "is for the platform ios-simulator, not for ios" in fault


def test_missing_bitcode(compile_macho: Make, archive_macho: Make) -> None:
    archive = archive_macho(
        "lib.a",
        compile_macho("whole.o", "int a;", "-fembed-bitcode"),
        compile_macho("marker.o", "int b;", "-fembed-bitcode-marker"),
        compile_macho("none.o", "int c;"),
    )
    found = "\n".join(_faults(archive, dataclasses.replace(DEVICE, bitcode=True)))
    assert "marker.o: has only a marker where its bitcode should be" in found
    assert "none.o: has no bitcode" in found
    assert "whole.o" not in found
    assert _faults(archive, DEVICE) == []


@dataclasses.dataclass(frozen=True, kw_only=True)
class LinkedLibrary:
    """A program and the library that it must hold as a whole."""

    program: Path
    members: tuple[Member, ...]

    def problems(self, expected: MachoExpectation = DEVICE, *, kernels: int = 0) -> list[Problem]:
        return image_problems(self.program, expected, whole=self.members, kernels=kernels)


@pytest.fixture
def link(
    compile_macho: Make, archive_macho: Make, link_macho: Make, kernels: str
) -> Callable[..., LinkedLibrary]:
    """Links a program with a library whose objects only register themselves, and two kernels."""
    names = ("session", "matmul", "relu")
    objects = [compile_macho(f"{name}.cc.o", REGISTERS.format(name=name)) for name in names]
    objects.append(compile_macho("kernels.cc.o", kernels, "-O2"))
    archive = archive_macho("lib.a", *objects)
    stubs = ", __ZN10tensorflow3UseEPFPNS_8OpKernelEPNS_20OpKernelConstructionEE"
    stubs += ", __ZN10tensorflow4MakeEPNS_20OpKernelConstructionEi"

    def build(*words: str, program: str = MAIN) -> LinkedLibrary:
        item = compile_macho("main.o", program)
        words = tuple(str(archive) if word == "LIB" else word for word in words)
        linked = link_macho("app", item, *words, more=stubs)
        return LinkedLibrary(program=linked, members=read_archive(archive))

    return build


def test_whole_library(link: Callable[..., LinkedLibrary]) -> None:
    linked = link("-dead_strip", "-force_load", "LIB")
    assert linked.problems(kernels=2) == []


def test_library_without_force_load(link: Callable[..., LinkedLibrary]) -> None:
    (problem,) = link("LIB").problems()
    assert problem.what.startswith("runs 0 functions before main, but the library has 4")
    assert "(session.cc.o, matmul.cc.o, relu.cc.o, kernels.cc.o)" in problem.what
    assert "-force_load" in problem.todo


def test_app_with_constructors_of_its_own(link: Callable[..., LinkedLibrary]) -> None:
    text = f'extern void at_start(void); {STARTS} {{ puts("app"); }} {MAIN}'
    (problem,) = link("LIB", program=text.replace("extern void at_start(void);", "")).problems()
    assert "runs 1 functions before main, but the library has 4" in problem.what


def test_too_few_kernels(link: Callable[..., LinkedLibrary]) -> None:
    (problem,) = link("-force_load", "LIB").problems(kernels=3)
    assert problem.what == "registers 2 kernels by its symbols; planned are 3"


def test_stripped_program(link: Callable[..., LinkedLibrary]) -> None:
    strip = shutil.which("llvm-strip") or shutil.which("llvm-strip-14")
    if strip is None:
        pytest.skip("needs llvm-strip")
    for words, problems in ((("-force_load", "LIB"), 0), (("LIB",), 1)):
        linked = link(*words)
        subprocess.run([strip, str(linked.program)], check=True)
        assert len(linked.problems(kernels=2)) == problems


def test_image_for_another_system(compile_macho: Make, link_macho: Make) -> None:
    program = link_macho("app", compile_macho("main.o", MAIN), minimum="15.2")
    linked = LinkedLibrary(program=program, members=())
    (problem,) = linked.problems()
    assert problem.what == "needs release 15.2 of the system; the target's oldest is 12.0"
    assert [item.what for item in linked.problems(ON_MAC)] == [
        "is for arm64, not for x86_64",
        "is for the platform ios, not for ios-simulator",
    ]


def test_symbols_of_nobody(compile_macho: Make, link_macho: Make) -> None:
    item = compile_macho(
        "main.o", "int zip(void); int zap(void);int main(void) { return zip() + zap(); }"
    )
    program = link_macho("app", item, "-undefined", "dynamic_lookup")
    (problem,) = LinkedLibrary(program=program, members=()).problems()
    assert "has undefined symbols that belong to none of its libraries: _zap, _zip" in problem.what
    flat = link_macho("flat", item, "-undefined", "dynamic_lookup", "-flat_namespace")
    (problem,) = LinkedLibrary(program=flat, members=()).problems()
    assert "_zap, _zip" in problem.what


def test_library_of_nobody(compile_macho: Make, link_macho: Make) -> None:
    """A program that takes a symbol from a library that is not Apple's does not start."""
    item = compile_macho("zip.o", "int zip(void) { return 1; }")
    library = link_macho("libzip.dylib", item, "-dylib", "-install_name", "/opt/lib/libzip.dylib")
    main = compile_macho("main.o", "int zip(void); int main(void) { return zip(); }")
    program = link_macho("app", main, library)
    (problem,) = LinkedLibrary(program=program, members=()).problems()
    assert problem.what == "loads the library /opt/lib/libzip.dylib, which is none of Apple's"


def test_no_program(tmp_path: Path) -> None:
    path = tmp_path / "app"
    path.write_bytes(b"\x7fELF")
    (problem,) = LinkedLibrary(program=path, members=()).problems()
    assert problem.what == "is an ELF file"
