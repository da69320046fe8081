"""Finding compilers: fake ones are real programs that answer as compilers of some kind do."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from buildtool.core.errors import ExitCode, ToolError
from buildtool.core.run import Command, run
from buildtool.core.values import Abi
from buildtool.platforms.linux import X86_64
from buildtool.platforms.raspberrypi import AARCH64, ARMV6, ARMV7_NEON
from buildtool.tools.compilers import (
    compiler_stamp,
    find_host_toolchain,
    find_protoc,
    find_toolchain,
)

Fake = Callable[..., Path]
CLANG = "Debian clang version 14.0.6"
GCC = "arm-linux-gnueabihf-g++ (Debian 12.2.0-14) 12.2.0"
HELPERS = ("llvm-ar", "llvm-strip", "llvm-nm", "llvm-cxxfilt", "cmake", "ninja")
# Makes the file that -o names, and writes its arguments and settings down.
COMPILES = """
printf '%s\\n' "$@" >>"$0.arguments"
env >"$0.environment"
while [ $# -gt 1 ]; do [ "$1" = -o ] && : >"$2"; shift; done
exit 0
"""


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fake:
    """The only tools there are: ``fake("clang", says="clang version 14.0.6", does="exit 1")``."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    shell = shutil.which("sh", path=os.defpath)

    def make(name: str, *, says: str = "1.0", does: str = COMPILES) -> Path:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            f"#!{shell}\nPATH=/usr/bin:/bin\n"
            f"if [ \"$1\" = --version ]; then echo '{says}'; exit; fi\n{does}",
            encoding="utf-8",
        )
        path.chmod(0o755)
        return path

    return make


@pytest.fixture
def helpers(fake: Fake) -> None:
    for name in HELPERS:
        fake(name)


@pytest.fixture
def clang(fake: Fake, helpers: None) -> Path:  # noqa: ARG001  (it makes the other tools)
    fake("clang", says=CLANG)
    return fake("clang++", says=CLANG)


def messages(failure: pytest.ExceptionInfo[ToolError]) -> list[str]:
    return [problem.what for problem in failure.value.problems]


def test_everything_that_is_missing_is_told_at_once(fake: Fake) -> None:
    fake("llvm-nm")
    with pytest.raises(ToolError) as failure:
        find_toolchain(ARMV7_NEON)
    assert messages(failure) == [
        f"no {tool} for arm-linux-gnueabihf here"
        for tool in ("C compiler", "C++ compiler", "ar", "strip", "c++filt", "cmake", "ninja")
    ]
    todo = failure.value.problems[0].todo
    assert "apt-get install clang lld llvm g++-arm-linux-gnueabihf qemu-user-static cmake" in todo
    assert "'compiler:'" in todo
    assert failure.value.exit_code == ExitCode.MISSING_TOOL


def test_a_compiler_that_is_named_and_not_here(
    fake: Fake,
    helpers: None,  # noqa: ARG001  (it makes the other tools)
) -> None:
    fake("nosuch-gcc")
    with pytest.raises(ToolError) as failure:
        find_toolchain(ARMV7_NEON, compiler="nosuch-", named_at="targets/pi.yaml:3")
    (problem,) = failure.value.problems
    assert problem.where == "targets/pi.yaml:3"
    assert problem.what == "compiler: 'nosuch-' gives no C++ compiler here"
    assert problem.todo.startswith("install it, or mend the name; for clang on Debian or Ubuntu: ")


def test_clang_gets_the_triple_the_cpu_and_the_targets_flags(clang: Path) -> None:
    found = find_toolchain(
        ARMV7_NEON, compile_flags=("-mtune=cortex-a7",), sysroot=Path("/some root")
    )
    assert found.kind == "clang"
    assert found.cxx.path == clang
    assert found.cxx.version == CLANG
    assert found.compile_flags == (
        "--target=arm-linux-gnueabihf",
        "--sysroot=/some root",
        *("-march=armv7-a", "-mfpu=neon-vfpv4", "-mfloat-abi=hard", "-mthumb"),
        "-mtune=cortex-a7",
    )
    probed = Path(f"{clang}.arguments").read_text(encoding="utf-8").splitlines()
    assert [flag for flag in found.compile_flags if flag not in probed] == []
    assert found.link_flags == ()


def test_lld_is_used_where_it_is(clang: Path, fake: Fake) -> None:  # noqa: ARG001  (makes clang)
    fake("ld.lld")
    assert find_toolchain(AARCH64).link_flags == ("-fuse-ld=lld",)


@pytest.mark.usefixtures("helpers")
def test_the_newest_numbered_clang_serves_if_there_is_no_other(fake: Fake) -> None:
    for number in (9, 13, 15):
        fake(f"clang-{number}", says=f"clang version {number}.0.0")
        fake(f"clang++-{number}", says=f"clang version {number}.0.0")
    fake("clang-format-16")
    found = find_toolchain(X86_64)
    assert (found.cc.path.name, found.cxx.path.name) == ("clang-15", "clang++-15")


@pytest.mark.usefixtures("helpers")
@pytest.mark.parametrize(
    ("compiler", "says", "older"),
    [
        ("clang", "clang version 12.0.1", "clang 13"),
        ("clang", "Ubuntu clang version 9.0.1-16ubuntu13.14", "clang 13"),
        ("gcc", "arm-linux-gnueabihf-g++ (Debian 8.3.0-2) 8.3.0", "gcc 9"),
        ("gcc", "arm-linux-gnueabihf-g++ (crosstool-NG 13.24.0) 7.5.0", "gcc 9"),
    ],
)
def test_an_old_compiler_is_refused_with_the_version_that_is_needed(
    fake: Fake, compiler: str, says: str, older: str
) -> None:
    names = {
        "clang": ("clang", "clang++"),
        "gcc": ("arm-linux-gnueabihf-gcc", "arm-linux-gnueabihf-g++"),
    }[compiler]
    paths = [fake(name, says=says) for name in names]
    with pytest.raises(ToolError) as failure:
        find_toolchain(ARMV6, compiler=compiler)
    assert messages(failure) == [f"{says} is too old: {older} or newer is needed"]
    assert failure.value.problems[0].where == str(paths[1])
    assert not Path(f"{paths[1]}.arguments").exists()


@pytest.mark.usefixtures("helpers")
@pytest.mark.parametrize(
    "says",
    [
        "arm-linux-gnueabihf-g++ (crosstool-NG 1.24.0) 9.5.0",
        "arm-linux-gnueabihf-g++ (GCC) 13.2.1 20230801",
        "something that gives no version",
    ],
)
def test_a_version_is_read_as_each_vendor_writes_it(fake: Fake, says: str) -> None:
    fake("arm-linux-gnueabihf-gcc", says=says)
    fake("arm-linux-gnueabihf-g++", says=says)
    assert find_toolchain(ARMV6, compiler="gcc").cxx.version == says


@pytest.mark.usefixtures("helpers")
def test_gcc_for_this_machine_has_no_prefix_and_needs_no_target(
    fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    fake("gcc", says="gcc (Debian 12.2.0-14) 12.2.0")
    fake("g++", says="g++ (Debian 12.2.0-14) 12.2.0")
    found = find_toolchain(X86_64, compiler="gcc")
    assert (found.kind, found.cxx.path.name, found.emulator) == ("gcc", "g++", ())
    assert found.compile_flags == ("-march=x86-64",)


@pytest.mark.usefixtures("helpers")
def test_a_compiler_is_found_by_prefix_and_by_path(fake: Fake, tmp_path: Path) -> None:
    elsewhere = "../my tools/arm-poky-linux-gnueabi-"
    fake(f"{elsewhere}gcc", says=GCC)
    cxx = fake(f"{elsewhere}g++", says=GCC).resolve()
    prefix = tmp_path / "my tools" / "arm-poky-linux-gnueabi-"
    for compiler in (str(prefix), str(cxx)):
        found = find_toolchain(ARMV6, compiler=compiler)
        assert found.kind == "gcc"
        assert (found.cc.path.name, found.cxx.path) == ("arm-poky-linux-gnueabi-gcc", cxx)
        assert found.compile_flags == ARMV6.cpu_flags


@pytest.mark.usefixtures("helpers")
@pytest.mark.parametrize(("says", "kind"), [(CLANG, "clang"), (GCC, "gcc")])
def test_what_a_neutral_name_stands_for_is_asked_of_the_program(
    fake: Fake, says: str, kind: str
) -> None:
    fake("cc", says=says)
    found = find_toolchain(ARMV6, compiler=str(fake("c++", says=says)))
    assert (found.kind, found.cc.path.name) == (kind, "cc")


@pytest.mark.usefixtures("helpers")
def test_a_compiler_that_cannot_link_is_refused_with_its_own_words(fake: Fake) -> None:
    fake("clang", says=CLANG)
    cxx = fake("clang++", says=CLANG, does="echo 'ld: cannot find -lstdc++' >&2; exit 1")
    with pytest.raises(ToolError) as failure:
        find_toolchain(AARCH64)
    (problem,) = failure.value.problems
    assert problem.where == str(cxx)
    assert problem.what.startswith("cannot compile and link a small program for aarch64\n")
    assert "ld: cannot find -lstdc++" in problem.what
    assert "g++-aarch64-linux-gnu" in problem.todo
    assert "'sysroot:'" in problem.todo


@pytest.mark.parametrize(
    ("abi", "name", "what"),
    [
        (
            replace(AARCH64, cpu_flags=()),
            "g++",
            "makes programs for x86_64 (64 bits); aarch64 is aarch64 (64 bits)",
        ),
        (
            replace(ARMV7_NEON, cpu_flags=()),
            "aarch64-linux-gnu-g++",
            "makes programs for aarch64 (64 bits); armv7-neon is arm (32 bits)",
        ),
        (AARCH64, "g++", "cannot compile and link a small program for aarch64\n"),
        (ARMV7_NEON, "g++", "cannot compile and link a small program for armv7-neon\n"),
    ],
)
def test_a_real_compiler_for_another_machine_is_refused(abi: Abi, name: str, what: str) -> None:
    cxx = shutil.which(name)
    if cxx is None or platform.machine() != "x86_64":
        pytest.skip(f"needs {name} on x86_64")
    with pytest.raises(ToolError) as failure:
        find_toolchain(abi, compiler=cxx)
    (problem,) = failure.value.problems
    assert problem.where == cxx
    assert problem.what.startswith(what)
    assert abi.packages[-1] in problem.todo


@pytest.mark.usefixtures("helpers")
def test_a_compiler_that_does_not_even_start_is_refused(fake: Fake) -> None:
    fake("clang", says=CLANG)
    cxx = fake("clang++", says=CLANG)
    cxx.write_text("#!/nowhere/sh\n", encoding="utf-8")
    with pytest.raises(ToolError, match="c\\+\\+ --version: cannot start") as failure:
        find_toolchain(AARCH64)
    assert str(cxx) in str(failure.value)


@pytest.mark.usefixtures("helpers")
def test_a_compiler_that_never_answers_is_not_waited_for(
    fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("buildtool.tools.probing.ANSWER", 0.2)
    fake("clang", says=CLANG)
    fake("clang++", says="'; sleep 60; echo '")
    with pytest.raises(ToolError, match=r"c\+\+ --version: did not end within 0 s"):
        find_toolchain(AARCH64)


def test_nothing_of_the_environment_leaks_into_the_compiler(
    clang: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leaking = {"CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS", "CC", "CXX", "CPATH", "LIBRARY_PATH"}
    leaking |= {"CPLUS_INCLUDE_PATH", "CMAKE_TOOLCHAIN_FILE", "CCC_OVERRIDE_OPTIONS", "MAKEFLAGS"}
    for name in leaking:
        monkeypatch.setenv(name, "/leaked")
    monkeypatch.setenv("LANG", "de_DE.UTF-8")
    monkeypatch.setenv("KEPT", "yes")
    identity = find_toolchain(AARCH64).identity
    seen = Path(f"{clang}.environment").read_text(encoding="utf-8")
    assert "/leaked" not in seen
    assert "KEPT=yes" in seen
    assert "LC_ALL=C.UTF-8" in seen
    for name in leaking:
        monkeypatch.delenv(name)
    assert find_toolchain(AARCH64).identity == identity


def test_the_identity_tells_what_makes_other_objects_and_no_places(
    clang: Path, fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = find_toolchain(ARMV7_NEON).identity
    assert find_toolchain(ARMV7_NEON).identity == first
    assert find_toolchain(ARMV6).identity != first
    assert find_toolchain(ARMV7_NEON, compile_flags=("-g",)).identity != first
    moved = tmp_path / "moved"
    shutil.copytree(clang.parent, moved)
    with monkeypatch.context() as there:
        there.setenv("PATH", str(moved))
        assert find_toolchain(ARMV7_NEON).identity == first
    fake("clang++", says="Debian clang version 15.0.6")
    assert find_toolchain(ARMV7_NEON).identity != first


def test_the_stamp_changes_with_the_program_and_starts_none(clang: Path, fake: Fake) -> None:
    first = compiler_stamp(ARMV7_NEON, "clang")
    assert compiler_stamp(ARMV7_NEON, "clang") == first
    fake("clang++", says="Debian clang version 15.0.6 (newer)")
    assert compiler_stamp(ARMV7_NEON, "clang") != first
    clang.unlink()
    assert compiler_stamp(ARMV7_NEON, "clang") == "clang: none"
    assert not Path(f"{clang}.arguments").exists()


def test_another_machines_programs_run_under_an_emulator(clang: Path, fake: Fake) -> None:  # noqa: ARG001  (makes clang)
    assert find_toolchain(AARCH64).emulator == (
        *("qemu-aarch64-static", "-L", "/usr/aarch64-linux-gnu"),
    )
    fake("qemu-aarch64")
    assert find_toolchain(AARCH64, sysroot=Path("/root of pi")).emulator == (
        *("qemu-aarch64", "-L", "/root of pi"),
    )


def test_programs_that_no_emulator_runs(clang: Path, fake: Fake) -> None:  # noqa: ARG001  (makes clang)
    """Of a system that qemu's user mode does not stand for, such as Android."""
    assert find_toolchain(replace(AARCH64, emulators=())).emulator == ()


@pytest.mark.parametrize("says", ["libprotoc 3.21.12", "libprotoc 21.12"])
def test_a_protoc_of_the_series_is_taken(fake: Fake, says: str) -> None:
    path = fake("protoc", says=says)
    assert find_protoc("3.21") == path


@pytest.mark.parametrize("says", ["libprotoc 3.6.1", "libprotoc 25.1", "libprotoc 2.1", ""])
def test_a_protoc_of_another_series_is_refused(fake: Fake, says: str) -> None:
    fake("protoc", says=says)
    with pytest.raises(ToolError, match=f"protoc 3.21 is needed, found: {says or 'none'}"):
        find_protoc("3.21")


def test_a_protoc_can_be_named(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ToolError, match=r"protoc 3\.21 is needed, found: none"):
        find_protoc("3.21")
    named = fake("protoc-21", says="libprotoc 3.21.12")
    monkeypatch.setenv("PROTOC", str(named))
    assert find_protoc("3.21") == named


def test_the_compiler_of_a_mac_itself(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("clang", "clang++", *HELPERS):
        fake(name, says="Apple clang version 15.0.0 (clang-1500.1.0.2.5)")
    monkeypatch.setattr("sys.platform", "darwin")
    found = find_host_toolchain()
    assert found.object_format == "macho"
    assert found.triple.endswith("-apple-darwin")


@pytest.mark.parametrize("compiler", ["clang", "gcc"])
@pytest.mark.parametrize("abi", [X86_64, ARMV6, ARMV7_NEON, AARCH64], ids=lambda abi: abi.name)
def test_the_compilers_of_this_machine_make_programs_for(
    tmp_path: Path,
    compiler: str,
    abi: Abi,
) -> None:
    name = {"clang": "clang", "gcc": f"{abi.triple}-g++"}[compiler]
    if shutil.which(name) is None:
        pytest.skip(f"needs {name}")
    found = find_toolchain(abi, compiler=compiler)
    source = tmp_path / "one.c"
    source.write_text("int one(void) { return 1; }", encoding="utf-8")
    argv = (str(found.cc.path), *found.compile_flags, "-c", str(source), "-o", str(tmp_path / "o"))
    run(Command(argv=argv), what="compiling")
    assert (tmp_path / "o").read_bytes()[:4] == b"\x7fELF"
