"""Finding LLVM's and Xcode's tools and an SDK: fake ones answer as real ones do."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from buildtool.core.errors import ExitCode, ToolError
from buildtool.core.values import Abi
from buildtool.platforms import find_abi
from buildtool.tools.apple.apple_sdk import SETTINGS, read_sdk
from buildtool.tools.apple.apple_toolchain import find_apple_toolchain
from buildtool.tools.apple.developer_tools import find_apple_tools, find_programs, named_sdk

LLVM = (
    *("clang", "clang++", "ld64.lld", "llvm-ar", "llvm-strip", "llvm-nm", "llvm-cxxfilt"),
    *("llvm-libtool-darwin", "llvm-lipo", "cmake", "ninja"),
)
XCODE = ("clang", "clang++", "ar", "strip", "nm", "c++filt", "libtool", "lipo", "ld")
Fake = Callable[..., Path]


@pytest.fixture(autouse=True)
def no_sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SDKROOT", raising=False)


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fake:
    """The only programs there are."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    shell = shutil.which("sh", path=os.defpath)

    def make(name: str, does: str = "echo clang version 14.0.6") -> Path:
        path = folder / name
        path.write_text(f"#!{shell}\nPATH=/usr/bin:/bin\n{does}\n", encoding="utf-8")
        path.chmod(0o755)
        return path

    return make


def abi(name: str = "arm64") -> Abi:
    return find_abi("ios", name)[1]


def make_sdk(folder: Path, name: str = "iphoneos17.2", **more: str) -> Path:
    folder.mkdir(parents=True)
    settings = {"CanonicalName": name, "Version": name.lstrip("abcdefghijklmnopqrstuvwxyz"), **more}
    (folder / SETTINGS).write_text(json.dumps(settings), encoding="utf-8")
    return folder


def said(name: str, compiler: str, sdk: Path | None) -> list[str]:
    with pytest.raises(ToolError) as caught:
        find_apple_tools(abi(name), compiler, sdk)
    assert caught.value.exit_code is ExitCode.MISSING_TOOL
    return [str(problem) for problem in caught.value.problems]


def test_all_that_is_missing_is_said_at_once(fake: Fake) -> None:
    fake("clang")
    tools, cpu, sdk = said("armv7", "llvm", None)
    assert tools.startswith("toolchain: not found: clang++, llvm-libtool-darwin, ld64.lld, llvm-ar")
    assert "apt-get install clang llvm lld" in tools
    assert cpu.startswith("armv7: LLVM's linker makes nothing for armv7\n    build it on a Mac")
    assert sdk.startswith("toolchain: no SDK for iphoneos here\n    set SDKROOT, or 'sysroot:'")


def test_no_xcode(fake: Fake) -> None:
    fake("clang")
    (problem,) = said("arm64", "xcode", None)
    assert problem.startswith("toolchain: there is no Xcode here: no xcrun\n    install Xcode")


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("macosx14.0", "is an SDK of another platform: macosx14.0, but iphoneos is needed"),
        ("iphonesimulator17.2", "is an SDK of another platform: iphonesimulator17.2, but iphoneos"),
    ],
)
def test_an_sdk_of_another_platform(tmp_path: Path, fake: Fake, name: str, what: str) -> None:
    for program in LLVM:
        fake(program)
    sdk = make_sdk(tmp_path / "sdk", name)
    (problem,) = said("arm64", "llvm", sdk)
    assert problem.startswith(f"{sdk}: {what}")


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"Version": "1"}'])
def test_a_folder_that_is_no_sdk(tmp_path: Path, text: str) -> None:
    (tmp_path / SETTINGS).write_text(text, encoding="utf-8")
    facts = abi().apple
    assert facts is not None
    with pytest.raises(ToolError, match=r"is not an SDK: it has no SDKSettings\.json"):
        read_sdk(tmp_path, facts)


def test_the_newest_linker_and_one_that_has_no_other_name(fake: Fake) -> None:
    for program in LLVM:
        if program not in ("ld64.lld", "llvm-lipo"):
            fake(program)
    for program in ("ld64.lld", "ld64.lld-9", "ld64.lld-14", "ld64.lld-19", "llvm-lipo-14"):
        fake(program)
    programs = find_programs(abi(), "llvm")
    assert programs["linker"].name == "ld64.lld-19"
    assert programs["lipo"].name == "llvm-lipo-14"


def test_a_toolchain_of_llvm(tmp_path: Path, fake: Fake) -> None:
    for program in LLVM:
        fake(program)
    sdk = make_sdk(tmp_path / "sdk", "iphonesimulator17.2")
    (sdk / "usr/lib").mkdir(parents=True)
    (sdk / "usr/lib/libSystem.tbd").touch()
    found = find_apple_toolchain(
        abi("arm64-simulator"),
        compiler="clang",
        sysroot=sdk,
        compile_flags=("-g",),
        link_flags=(),
        probe=False,
        bitcode=True,
    )
    assert found.compile_flags == (
        *("--target=arm64-apple-ios14.0-simulator", "-isysroot", str(sdk), "-stdlib=libc++"),
        *("-fembed-bitcode", "-g"),
    )
    linker = str(tmp_path / "bin" / "ld64.lld")
    assert found.link_flags == ("-fuse-ld=lld", f"--ld-path={linker}", "-mlinker-version=705")
    assert (found.object_format, found.sysroot, found.emulator) == ("macho", sdk, ())
    assert found.system_stubs == (sdk / "usr/lib/libSystem.tbd",)
    assert found.notes == ("SDK iphonesimulator17.2; linked by LLVM's linker, not by Apple's",)


def test_what_stands_in_for_an_sdk_is_said(tmp_path: Path, fake: Fake) -> None:
    for program in LLVM:
        fake(program)
    sdk = make_sdk(tmp_path / "sdk", StandsIn="a folder of ours")
    found = find_apple_toolchain(
        abi(),
        compiler="llvm",
        sysroot=sdk,
        compile_flags=(),
        link_flags=(),
        probe=False,
        bitcode=False,
    )
    assert found.notes[0].startswith("verified only, with a folder of ours")


def test_xcode_is_asked_for_its_tools(tmp_path: Path, fake: Fake) -> None:
    sdk = make_sdk(tmp_path / "sdk")
    places = "".join(f'"--sdk iphoneos --find {name}") echo /x/{name};;\n' for name in XCODE)
    fake("xcrun", f'case "$*" in\n{places}*--show-sdk-path) echo "{sdk}";;\n*) exit 1;;\nesac')
    fake("xcodebuild", "echo 'Xcode 15.2'; echo 'Build version 15C500b'")
    tools = find_apple_tools(abi(), "xcode", None)
    assert tools.version == "Xcode 15.2"
    assert tools.sdk is not None
    assert (tools.sdk.path, tools.sdk.version) == (sdk, "17.2")
    assert tools.programs["cxxfilt"] == Path("/x/c++filt")
    assert tools.link_flags == ()


def test_an_xcode_that_is_too_old(tmp_path: Path, fake: Fake) -> None:
    fake("xcrun", f"echo {make_sdk(tmp_path / 'sdk')}")
    fake("xcodebuild", "echo 'Xcode 9.4'")
    (problem,) = said("arm64", "xcode", None)
    assert problem.startswith("xcodebuild: Xcode 9 is too old: 10 or newer is needed")


def test_an_xcode_that_fails(fake: Fake) -> None:
    fake("xcrun", "echo 'xcrun: error: no SDK' >&2; exit 72")
    fake("xcodebuild", "echo 'Xcode 15.2'")
    problems = said("arm64", "xcode", None)
    assert problems[0].startswith("toolchain: 'xcrun --sdk iphoneos --find clang' fails: xcrun:")
    assert len(problems) == len(XCODE) + 1


def test_the_environment_names_an_sdk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert named_sdk(None) is None
    monkeypatch.setenv("SDKROOT", str(tmp_path))
    assert named_sdk(None) == tmp_path
    assert named_sdk(Path("/mine")) == Path("/mine")
