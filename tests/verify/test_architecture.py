from __future__ import annotations

import platform
from collections.abc import Callable
from pathlib import Path

import pytest

from buildtool.binary.archive import read_archive
from buildtool.core.errors import Problem
from buildtool.core.values import ElfExpectation
from buildtool.verify.architecture import check_members, program_faults

Make = Callable[..., Path]
HOST = ElfExpectation(machine=platform.machine(), bits=64)
PI = ElfExpectation(machine="arm", bits=32, arm_architecture=10, neon=True, hard_float=True)
PI_ZERO = ElfExpectation(machine="arm", bits=32, arm_architecture=9, hard_float=True)
FLOATS = "double half(double x) { return x / 2; }"
ARMHF = "arm-linux-gnueabihf-gcc"
V7_NEON = ("-c", "-march=armv7-a", "-mfpu=neon-vfpv4")
V6 = (
    "-c",
    "--target=arm-linux-gnueabihf",
    "-march=armv6k",
    "-mfpu=vfp",
    "-mfloat-abi=hard",
    "-marm",
)


def _problems(archive: Path, expected: ElfExpectation) -> list[Problem]:
    return check_members(archive, read_archive(archive), expected)


def test_right_members_have_no_problem(compile_c: Make, make_archive: Make) -> None:
    assert _problems(make_archive("lib.a", compile_c("a.o", FLOATS, "-c")), HOST) == []
    pi = make_archive("pi.a", compile_c("b.o", FLOATS, *V7_NEON, compiler=ARMHF))
    assert _problems(pi, PI) == []
    zero = make_archive("zero.a", compile_c("c.o", FLOATS, *V6, compiler="clang"))
    assert _problems(zero, PI_ZERO) == []
    assert _problems(zero, PI) == []


def test_wrong_machine_names_the_member(compile_c: Make, make_archive: Make) -> None:
    right = compile_c("right.o", FLOATS, *V7_NEON, compiler=ARMHF)
    archive = make_archive("lib.a", right, compile_c("wrong.o", FLOATS, "-c"))
    (problem,) = _problems(archive, PI)
    assert problem.where == f"{archive}: wrong.o"
    assert problem.what == f"is for {platform.machine()} (64 bits), not for arm (32 bits)"


def test_v7_and_neon_are_refused_for_armv6(compile_c: Make, make_archive: Make) -> None:
    right = compile_c("right.o", FLOATS, *V6, compiler="clang")
    wrong = [compile_c(f"wrong{n}.o", FLOATS, *V7_NEON, compiler=ARMHF) for n in (1, 2)]
    archive = make_archive("lib.a", right, *wrong)
    found = _problems(archive, PI_ZERO)
    assert {problem.where for problem in found} == {f"{archive}: wrong1.o, wrong2.o"}
    assert [problem.what for problem in found if "ARMv7" in problem.what] == [
        "is compiled for ARMv7; the target's core is ARMv6K"
    ]
    assert any("NEON" in problem.what for problem in found)
    assert any("VFPv4" in problem.what for problem in found)


def test_float_conventions_are_told_apart(compile_c: Make, make_archive: Make) -> None:
    soft = compile_c("soft.o", FLOATS, "-c", compiler="arm-linux-gnueabi-gcc")
    (problem,) = _problems(make_archive("lib.a", soft), PI)
    assert problem.what == "passes floats by the soft-float convention; the target's is hard-float"


@pytest.mark.parametrize(
    ("content", "what"), [(b"text", "not an ELF file"), (b"", "an empty file")]
)
def test_a_member_that_is_no_object(
    tmp_path: Path, make_archive: Make, content: bytes, what: str
) -> None:
    (tmp_path / "notes.txt").write_bytes(content)
    (problem,) = _problems(make_archive("lib.a", tmp_path / "notes.txt"), HOST)
    assert what in problem.what
    assert "notes.txt" in problem.where


def test_an_object_twice(compile_c: Make, make_archive: Make) -> None:
    registers = "void _ZN10tensorflow4InitEv(void); void a(void) { _ZN10tensorflow4InitEv(); }"
    item = compile_c("a.o", registers, "-c")
    (problem,) = _problems(make_archive("lib.a", item, item), HOST)
    assert "is in the archive 2 times" in problem.what


def test_all_members_are_not_listed_one_by_one(compile_c: Make, make_archive: Make) -> None:
    objects = [compile_c(f"{n}.o", FLOATS, "-c") for n in "abc"]
    archive = make_archive("lib.a", *objects)
    (problem,) = _problems(archive, PI)
    assert problem.where == f"{archive}: all 3 members"


def test_linked_program(compile_c: Make, tmp_path: Path) -> None:
    program = compile_c("program", "int main(void) { return 0; }")
    assert program_faults(program, HOST) == ()
    assert "not for arm (32 bits)" in program_faults(program, PI)[0]
    (tmp_path / "script").write_text("#!/bin/sh\n", encoding="utf-8")
    assert "not an ELF file" in program_faults(tmp_path / "script", HOST)[0]
