"""The NDK's own compiler: found, asked and tried; and what is wrong with an NDK, all at once."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from buildtool.config import Target
from buildtool.core.errors import ConfigError, ToolError
from buildtool.core.run import Command, run
from buildtool.platforms.android import PLATFORM
from buildtool.tools.android.compatibility import KitRequest
from buildtool.tools.android.ndk_toolchain import find_ndk_toolchain
from tests.android.clang_ndk import DESCRIPTION, HOME, make_clang_ndk

X86_64 = PLATFORM.abis["x86_64"]

pytestmark = pytest.mark.skipif(
    not all(map(shutil.which, ("cmake", "ninja"))), reason="needs CMake and Ninja"
)


@pytest.fixture(autouse=True)
def no_ndk_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PLATFORM.path_variables:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def ndk(tmp_path: Path) -> Path:
    return make_clang_ndk(tmp_path / "an NDK")


def said(**asked: object) -> Iterator[str]:
    """What is wrong."""
    where = {key: f"targets/a.yaml:{place}" for place, key in enumerate(sorted(asked), start=1)}
    request = dataclasses.replace(KitRequest(where=where), **asked)  # type: ignore[arg-type]
    with pytest.raises(ToolError) as caught:
        find_ndk_toolchain(X86_64, request)
    assert caught.value.exit_code == 4
    assert all(problem.todo for problem in caught.value.problems)
    return (f"{problem.where}: {problem.what}" for problem in caught.value.problems)


def test_the_file_says_what_compiles(ndk: Path) -> None:
    found = find_ndk_toolchain(
        X86_64, KitRequest(ndk=ndk, api_level=23), link_flags=("-Wl,-z,now",)
    )
    assert found.cxx.path == ndk / HOME / "bin/clang++"
    assert found.triple == "x86_64-none-linux-android23"
    assert found.compile_flags[:4] == (
        "--target=x86_64-none-linux-android23",
        "-g",
        "-DANDROID",
        "-fdata-sections",
    )
    assert found.compile_flags[4:] == found.own_flags
    assert found.own_flags[-2:] == ("-g0", "-faddrsig")
    assert found.link_flags == (
        "-fuse-ld=lld",
        "-Wl,--build-id=sha1",
        "-Wl,--no-undefined",
        "-Wl,-z,now",
    )
    assert found.cmake["ANDROID_PLATFORM"] == "android-23"
    libraries = ndk / HOME / "sysroot/usr/lib/x86_64-linux-android"
    assert found.system_libraries[0] == libraries / "23/libc.so"
    assert found.notes == (
        "NDK 24.0.8215888, API level 23, static libc++",
        f"this is not an Android NDK ({DESCRIPTION}): what it makes does not run on a device",
    )


def test_its_identity_is_the_same_in_another_folder(ndk: Path, tmp_path: Path) -> None:
    other = make_clang_ndk(tmp_path / "other")
    one, two = (find_ndk_toolchain(X86_64, KitRequest(ndk=root)) for root in (ndk, other))
    assert one.identity == two.identity
    changed = find_ndk_toolchain(X86_64, KitRequest(ndk=ndk, api_level=24))
    assert changed.identity != one.identity


def test_the_newest_of_an_sdk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_clang_ndk(tmp_path / "sdk/ndk/24.0.8215888")
    newer = make_clang_ndk(tmp_path / "sdk/ndk/25.1.8937393", revision="25.1.8937393")
    monkeypatch.setenv("ANDROID_HOME", str(tmp_path / "sdk"))
    assert find_ndk_toolchain(X86_64, KitRequest()).cxx.path.is_relative_to(newer)


def test_no_ndk() -> None:
    assert list(said()) == [
        "Android NDK: not found: ANDROID_NDK_HOME and ANDROID_NDK_ROOT are not set, the target has "
        "no 'ndk'"
    ]


def test_one_that_is_too_old(tmp_path: Path) -> None:
    old = make_clang_ndk(tmp_path / "old", revision="20.1.5948944")
    assert list(said(ndk=old)) == [
        f"targets/a.yaml:1: ndk={old}: NDK 20.1.5948944 (source.properties) is too old: its C++ "
        "library lacks what TensorFlow 2 includes"
    ]


def test_half_an_ndk_and_a_wrong_level_are_told_at_once(ndk: Path) -> None:
    (ndk / HOME / "bin/clang++").unlink()
    (ndk / "build/cmake/android.toolchain.cmake").unlink()
    where = f"targets/a.yaml:2: ndk={ndk}"
    assert list(said(ndk=ndk, api_level=20, ndk_revision="25")) == [
        f"targets/a.yaml:3: ndk_revision: is 25, but {where} is NDK 24.0.8215888 "
        "(source.properties)",
        f"{where}: is incomplete: build/cmake/android.toolchain.cmake is not in it",
        f"{where}: is incomplete: there is no toolchains/llvm/prebuilt/*/bin/clang++",
        "targets/a.yaml:1: api_level: the backend compiles for API level 21 and newer, not 20",
    ]


def test_a_level_that_it_lacks(ndk: Path) -> None:
    assert list(said(ndk=ndk, api_level=35)) == [
        "targets/a.yaml:1: api_level: NDK 24.0.8215888 has no API level 35; it has 19 to 32"
    ]


def test_libraries_that_it_lacks(ndk: Path) -> None:
    libraries = ndk / HOME / "sysroot/usr/lib/x86_64-linux-android"
    (libraries / "libc++_static.a").unlink()
    where = f"targets/a.yaml:1: ndk={ndk}"
    assert list(said(ndk=ndk)) == [
        f"{where}: is incomplete: there is no libc++_static.a for x86_64"
    ]
    shutil.rmtree(libraries)
    assert list(said(ndk=ndk)) == [f"{where}: NDK 24.0.8215888 has no libraries for x86_64"]


def test_a_level_without_libraries_of_its_own_has_those_below(ndk: Path) -> None:
    shutil.rmtree(ndk / HOME / "sysroot/usr/lib/x86_64-linux-android/25")
    found = find_ndk_toolchain(X86_64, KitRequest(ndk=ndk, api_level=25))
    assert found.system_libraries[0].parent.name == "24"


def test_a_compiler_that_does_not_work(ndk: Path) -> None:
    program = ndk / HOME / "bin/clang++"
    program.write_text('#!/bin/sh\n[ "$1" = --version ] && exec clang++ --version\nexit 1\n')
    (told,) = said(ndk=ndk)
    assert "cannot compile and link a small program for x86_64" in told


def test_a_file_that_is_not_an_ndks(ndk: Path) -> None:
    (ndk / "build/cmake/android.toolchain.cmake").write_text("set(CMAKE_AR ar)\n")
    (told,) = said(ndk=ndk)
    assert "sets no ANDROID_PLATFORM_LEVEL, CMAKE_CXX_COMPILER, CMAKE_CXX_COMPILER_TARGET" in told


def test_cmake_compiles_with_the_same_flags(ndk: Path, tmp_path: Path) -> None:
    """What CMake gives the compiler is what this tool gives it."""
    found = find_ndk_toolchain(X86_64, KitRequest(ndk=ndk))
    project = tmp_path / "project"
    project.mkdir()
    (project / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.21)\nproject(p LANGUAGES CXX)\n"
        "set(CMAKE_EXPORT_COMPILE_COMMANDS ON)\nadd_library(p STATIC p.cc)\n"
    )
    (project / "p.cc").write_text("int p() { return 0; }\n")
    variables = {**found.cmake, "CMAKE_BUILD_TYPE": "None"}
    argv = (
        *("cmake", "-G", "Ninja", "-S", str(project), "-B", str(tmp_path / "b")),
        f"-DCMAKE_CXX_FLAGS={' '.join(found.own_flags)}",
        *(f"-D{name}={value}" for name, value in variables.items()),
    )
    run(Command(argv=argv), what="cmake")
    commands = (tmp_path / "b/compile_commands.json").read_text(encoding="utf-8")
    assert " ".join(found.compile_flags[1:]) in commands
    assert found.compile_flags[0] in commands


@pytest.mark.parametrize(
    ("key", "value", "what"),
    [
        ("compiler", "gcc", "compiler: the NDK's own clang compiles for Android, not gcc"),
        ("cpu_flags", "[-mfpu=neon]", "cpu_flags: -mfpu=neon is for 32-bit ARM, not for x86_64"),
        ("sysroot", ".", "sysroot: the NDK brings the system's headers and libraries"),
    ],
)
def test_what_an_ndk_cannot_do(
    key: str, value: str, what: str, load_one: Callable[[str], Target]
) -> None:
    target = load_one(f"platform: android\nabi: x86_64\n{key}: {value}\n")
    with pytest.raises(ConfigError) as caught:
        PLATFORM.toolchain(target, X86_64, None)
    told = [problem.what for problem in caught.value.problems]
    assert told[0] == what
    assert told[1].startswith("not found: ANDROID_NDK_HOME")  # which is told at once
    assert caught.value.exit_code == 3


@pytest.mark.parametrize(
    ("level", "packed"),
    [
        (21, []),
        (23, ["-Wl,--pack-dyn-relocs=android"]),
        (29, ["-Wl,--pack-dyn-relocs=android+relr", "-Wl,--use-android-relr-tags"]),
        (34, ["-Wl,--pack-dyn-relocs=android+relr"]),
    ],
)
def test_flags_of_an_apps_link(
    level: int, packed: list[str], load_one: Callable[[str], Target]
) -> None:
    for abi, page in (("x86", 4096), ("x86_64", 16384)):
        target = load_one(f"platform: android\nabi: {abi}\nandroid: {{api_level: {level}}}\n")
        flags = PLATFORM.app_link_flags(target, PLATFORM.abis[abi])
        assert list(flags) == [f"-Wl,-z,max-page-size={page}", *packed, "-llog", "-ldl", "-lm"]
