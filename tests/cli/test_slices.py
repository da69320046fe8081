"""Targets of several ABIs on the command line, and what goes wrong with those for iOS."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Project

TREE = f"tf={Path(__file__).resolve().parent.parent / 'makefile' / 'tree'}"


def test_a_step_of_all_slices_is_that_of_each(project: Project) -> None:
    out = project.doit("info", "build:ios", code=1).out  # doit's way to say that it would run
    for task in ("build:ios-arm64", "build:ios-x86_64-simulator", "package:ios"):
        assert task in out
    assert "package:ios-arm64" not in project.doit("list").out


def test_the_tree_is_the_users_own(project: Project) -> None:
    project.target("mine", "extends: ios\nbackend: makefile\n")
    err = project.doit("build:mine", code=3).err
    assert "is not TensorFlow 1.x, which the backend 'makefile' builds" in err
    assert "tf=FOLDER" in err


def test_releases_that_do_not_go_are_told_with_their_line(project: Project) -> None:
    project.target("one", 'extends: ios\nios: {minimum_os: "7.0"}\n')
    project.target("two", 'extends: ios10\nios: {minimum_os: "11.0"}\n')
    project.target("three", 'extends: ios\nglibc: "2.28"\n')
    err = project.doit("list", code=3).err
    assert "targets/three.yaml:2: glibc: the C library of ios for arm64 is not glibc" in err
    assert "targets/one.yaml:2: ios.minimum_os: 7.0 is too old for arm64" in err
    assert (
        "targets/two.yaml:2: ios.minimum_os: 11.0 does not run on armv7; 10.3 was the last" in err
    )
    assert "targets/two.yaml:2: ios.minimum_os: 11.0 does not run on i386-simulator" in err


def test_an_unknown_slice_and_one_that_stands_twice(project: Project) -> None:
    project.target("one", "extends: ios\nslices: [arm64, arm46, arm64]\n")
    err = project.doit("list", code=3).err
    assert "targets/one.yaml:2: slices[2]: 'arm64' is listed twice" in err
    assert "targets/one.yaml:2: abi: platform 'ios' has no ABI 'arm46'" in err
    assert "perhaps you meant 'arm64'" in err


@pytest.mark.skipif(sys.platform == "darwin", reason="Xcode may be there")
def test_no_xcode(project: Project) -> None:
    project.target("mine", "extends: ios\ncompiler: xcode\n")
    err = project.doit("plan:mine-arm64", TREE, code=4).err
    assert "there is no Xcode here: no xcrun" in err


def test_an_sdk_of_another_platform(project: Project, tmp_path: Path) -> None:
    sdk = tmp_path / "an SDK"
    sdk.mkdir()
    settings = {"CanonicalName": "macosx14.0", "Version": "14.0"}
    (sdk / "SDKSettings.json").write_text(json.dumps(settings), encoding="utf-8")
    env = {"SDKROOT": str(sdk)}
    err = project.doit("plan:ios-arm64", TREE, "offline=1", code=4, env=env).err
    assert f"{sdk}: is an SDK of another platform: macosx14.0, but iphoneos is needed" in err


def test_a_slice_that_llvm_cannot_make(project: Project) -> None:
    err = project.doit("plan:ios10-armv7", TREE, "offline=1", code=4).err
    assert "armv7: LLVM's linker makes nothing for armv7" in err
    assert "compiler: xcode" in err
    assert "no SDK for iphoneos here" in err


def test_no_llvm(project: Project, tmp_path: Path) -> None:
    """The message names the packages."""
    (tmp_path / "bin").mkdir()
    err = project.doit("plan:ios-arm64", TREE, code=4, env={"PATH": str(tmp_path / "bin")}).err
    assert "not found: clang, clang++, llvm-libtool-darwin, ld64.lld" in err
    assert "apt-get install clang llvm lld" in err
