"""Targets for Android that are compiled without Bazel: planned and written with a stand-in for an
NDK, which says that it is one; built with a real one and run on a real Android's libraries, where
both are given."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.android.clang_ndk import DESCRIPTION, make_clang_ndk
from tests.java.native_caller import call, compile_caller

if TYPE_CHECKING:
    from tests.conftest import Project

ROOT = "BUILDTOOL_TEST_ANDROID_ROOT"
TARGET = """\
schema_version: 1
platform: android
abi: {abi}
product: {product}
models: [models/digits.pb]
{more}
"""


def with_ndk(project: Project, ndk: str) -> Project:
    """The project where the environment names this NDK; none if it is empty."""
    return dataclasses.replace(project, env={**project.env, "ANDROID_NDK_HOME": ndk})


@pytest.fixture
def project(tmp_path: Path, users_cache: Path, make_project: Callable[..., Project]) -> Project:
    """A copy of the project with targets for both products, and a stand-in NDK."""
    made = with_ndk(
        make_project(tmp_path / "project", cache=users_cache), str(make_clang_ndk(tmp_path / "ndk"))
    )
    for product in ("static", "prefab"):
        made.target(product, TARGET.format(abi="x86_64", product=product, more=""))
    return made


def plan_of(project: Project, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        (project.folder(name) / "plan.json").read_text(encoding="utf-8")
    )
    return found


@pytest.mark.real_tree
def test_what_is_planned_and_written(project: Project, real_tree: Path) -> None:
    for name in ("static", "prefab"):
        project.doit(f"generate:{name}", f"tf={real_tree}")
    static, shared = (plan_of(project, name) for name in ("static", "prefab"))
    assert static["link_flags"][-4:] == ["-Wl,-z,max-page-size=16384", "-llog", "-ldl", "-lm"]
    assert any(DESCRIPTION in note for note in static["notes"])
    c_api = "tensorflow/c/c_api.cc"
    required = {name: plan["files"] for name, plan in (("static", static), ("shared", shared))}
    assert {
        name: [file["required"] for file in files if file["path"] == c_api]
        for name, files in required.items()
    } == {"static": [False], "shared": [True]}
    assert [kernel["registration"]["op"] for kernel in static["kernels"]] == [
        kernel["registration"]["op"] for kernel in shared["kernels"]
    ]
    for name in ("static", "prefab"):
        assert (project.folder(name) / "dist/Android.mk").is_file()


def test_mistakes_are_told_before_anything_is_compiled(project: Project, tmp_path: Path) -> None:
    more = "android: {api_level: 40}\ncpu_flags: [-mfpu=neon]\nrun: {root: models}\n"
    project.target("bad", TARGET.format(abi="x86", product="shared", more=more))
    said = project.doit("plan:bad", code=3).err
    assert "targets/bad.yaml:7: cpu_flags: -mfpu=neon is for 32-bit ARM, not for x86" in said
    assert "targets/bad.yaml:8: run.root: system/bin/linker is not there in " in said
    assert "targets/bad.yaml:6: api_level: NDK 24.0.8215888 has no API level 40" in said
    project.target(
        "old", TARGET.format(abi="x86", product="static", more="android: {api_level: 40}")
    )
    said = project.doit("plan:old", code=4).err
    assert "targets/old.yaml:6: api_level: NDK 24.0.8215888 has no API level 40" in said
    said = with_ndk(project, "").doit("plan:static", code=4).err
    assert "Android NDK: not found: ANDROID_NDK_HOME and ANDROID_NDK_ROOT are not set" in said
    assert not list(tmp_path.glob("project/build/*/native"))


@pytest.mark.real_tree
@pytest.mark.build
@pytest.mark.parametrize("product", ["static", "prefab", "java-aar"])
def test_a_real_ndk_and_a_real_android(
    product: str, tmp_path: Path, users_cache: Path, make_project: Callable[..., Project]
) -> None:
    """The library runs on an Android's own libraries, and computes what TensorFlow computes."""
    root, ndk = os.environ.get(ROOT), os.environ.get("ANDROID_NDK_HOME")
    if not root or not ndk:
        pytest.skip(
            f"needs an Android NDK (ANDROID_NDK_HOME) and {ROOT}, a folder of its libraries"
        )
    project = with_ndk(make_project(tmp_path / "project", cache=users_cache), ndk)
    more = f"run: {{root: {root}}}"
    project.target("one", TARGET.format(abi="arm64-v8a", product=product, more=more))
    project.doit("build:one")
    report = json.loads((project.folder("one") / "report.json").read_text(encoding="utf-8"))
    verification = report["verification"]
    assert verification["emulated"]
    assert verification["not_run"] == ""
    (model,) = verification["models"]
    assert model["compared"]
    assert all(output["outside"] == 0 for output in model["outputs"])
    (library,) = verification["libraries"]
    assert library["page_size"] == 16384
    assert library["level"] == 21
    if product == "java-aar":
        calls_of_java_are_answered(project.folder("one"), Path(ndk), Path(root), tmp_path)


def calls_of_java_are_answered(built: Path, ndk: Path, root: Path, folder: Path) -> None:
    """The library for Java is loaded by Android's own linker, and its functions compute what the
    runner computes."""
    (compiler,) = ndk.glob("toolchains/llvm/prebuilt/*/bin/aarch64-linux-android21-clang++")
    caller = compile_caller((compiler, "-static-libstdc++"), folder / "caller")
    place, found = built / "verify" / "model-0", folder / "found"
    emulator = ("qemu-aarch64-static", "-L", root, "-E", "LD_LIBRARY_PATH=/system/lib64")
    done = call(
        (*emulator, caller),
        built / "dist/java/libtensorflow_inference.so",
        place / "input-0.bin",
        found,
    )
    assert done.returncode == 0, done.stderr
    assert found.read_bytes() == (place / "0.bin").read_bytes()
