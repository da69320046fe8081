"""From a target file to an AAR, with a real Bazel, on the sample tree and the stand-in for an NDK.

That is Bazel's way through its toolchain for Android, with Debian's C library behind it: what comes
out runs under qemu, and on no device.
"""

from __future__ import annotations

import dataclasses
import json
import os
import platform
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from buildtool.core.errors import DownloadError, ToolError
from buildtool.core.run import Command, Completed, run
from buildtool.sources.cache import Cache
from buildtool.tools.bazel.finder import npm_bazel
from tests.android.conftest import make_sdk
from tests.androidbuild.test_device import ADB, STATISTICS
from tests.bazel.sample import make_sample
from tests.bazel.stand_in import CPUS, make_stand_in
from tests.makefile.conftest import MODELS, state

if TYPE_CHECKING:
    from tests.conftest import CommandResult, Project

pytestmark = [pytest.mark.network, pytest.mark.build]

ABI, OTHER = "arm64-v8a", "x86_64"
TARGET = f"""\
extends: android
description: The sample
slices: [{ABI}, {OTHER}]
optimise:
  level: Os
android:
  build: [inference, java, benchmark]
  group: org.example
  artifact: model
  version: "1.0"
  package: org.example.model
bazel:
  version: "0.20.0"
"""


@dataclass(frozen=True, kw_only=True)
class Shop:
    """A copy of the project and of the sample, with a Bazel of npm."""

    project: Project
    tree: Path
    ndk: Path
    before: Mapping[str, tuple[object, ...]]

    def doit(
        self, task: str, model: str, *, code: int = 0, env: Mapping[str, str] | None = None
    ) -> CommandResult:
        path = self.project.root.parent / f"{model}.pbtxt"
        path.write_text(MODELS[model], encoding="utf-8")
        return self.project.doit(
            task, f"tf={self.tree}", f"model={path}", "jobs=2", code=code, env=env
        )

    @property
    def folder(self) -> Path:
        return self.project.folder(f"one-{ABI}")

    def result(self, name: str) -> Any:
        return json.loads((self.folder / f"{name}.json").read_text(encoding="utf-8"))

    def run(self, model: str, abi: str = ABI) -> Completed:
        """Run a model with the program that was built, under qemu if need be."""
        graph = self.project.root.parent / f"{model}.pb"
        proto = "tensorflow/core/framework/graph.proto"
        argv = ("protoc", "--encode=tensorflow.GraphDef", proto)
        text = MODELS[model].encode()
        graph.write_bytes(
            subprocess.run(argv, input=text, stdout=-1, check=True, cwd=self.tree).stdout
        )
        cpu, folder = CPUS[abi], self.project.folder(f"one-{abi}")
        program = folder / "dist/bin" / abi / "benchmark_model"
        libraries = self.ndk / "platforms/android-21" / cpu.folder / "usr/lib"
        words = (*cpu.emulator, "-E") if cpu.emulator else ("env",)
        program.chmod(0o755)
        return run(
            Command(
                argv=(
                    *(*words, f"LD_LIBRARY_PATH={libraries}", str(program)),
                    *(f"--graph={graph}", "--target=y"),
                )
            ),
            what="running the program",
            check=False,
        )


def npm_program(version: str) -> Path:
    try:
        return npm_bazel(version, cache=Cache.of_user())
    except (DownloadError, ToolError) as failure:
        pytest.skip(f"needs Bazel {version} from npm: {failure}")


@pytest.fixture(scope="module")
def shop(
    tmp_path_factory: pytest.TempPathFactory,
    make_project: Callable[..., Project],
    users_cache: Path,
) -> Shop:
    if platform.machine() != OTHER:
        pytest.skip(f"runs programs for {OTHER}")
    for tool in (CPUS[ABI].emulator[0], "javac", "protoc"):
        if shutil.which(tool) is None:
            pytest.skip(f"needs {tool}")
    folder = tmp_path_factory.mktemp("android")
    tree = make_sample(folder).root
    ndk = make_stand_in(folder / "it's an NDK", (ABI, OTHER))
    project = make_project(folder / "project", cache=users_cache)
    # The first one on the path, which a tool of npm would be, too.
    (folder / "bin").mkdir()
    (folder / "bin/bazel").symlink_to(npm_program("0.20.0"))
    env = {
        **project.env,
        "PATH": f"{folder / 'bin'}{os.pathsep}{project.env['PATH']}",
        "ANDROID_HOME": str(make_sdk(folder / "sdk")),
        "ANDROID_NDK_HOME": str(ndk),
    }
    project = dataclasses.replace(project, env=env)
    project.target("one", TARGET)
    return Shop(project=project, tree=tree, ndk=ndk, before=state(tree))


@pytest.fixture(scope="module")
def first(shop: Shop) -> CommandResult:
    """What the first build said."""
    return shop.doit("build:one", "sums")


def test_from_a_target_to_an_aar(shop: Shop, first: CommandResult) -> None:
    steps = {f"{step}:one-{abi}" for step in ("verify", "size") for abi in (ABI, OTHER)}
    assert steps | {"package:one"} <= set(first.steps)
    (aar,) = shop.project.folder("one").glob("dist/*.aar")
    assert aar.name == "model-1.0.aar"
    with zipfile.ZipFile(aar) as archive:
        names = set(archive.namelist())
        manifest = archive.read("AndroidManifest.xml").decode()
    said = shop.project.doit("identify", str(aar)).out
    assert {f", that of one-{abi} here" in said for abi in (ABI, OTHER)} == {True}
    libraries = {f"jni/{abi}/libtensorflow_inference.so" for abi in (ABI, OTHER)}
    assert libraries | {"classes.jar", "R.txt"} <= names
    assert any(name.startswith("META-INF/licences/protobuf_archive/LICENSE") for name in names)
    assert 'package="org.example.model"' in manifest
    assert 'minSdkVersion="21"' in manifest
    home = shop.project.folder("one") / "dist/maven/org/example/model"
    assert (home / "1.0/model-1.0.aar").read_bytes() == aar.read_bytes()
    assert "<packaging>aar</packaging>" in (home / "1.0/model-1.0.pom").read_text("utf-8")


def test_progress_comes_from_bazels_events(shop: Shop, first: CommandResult) -> None:
    assert f"compile:one-{ABI}: Bazel 0.20.0; of the tree's kernels for Android" in first.out
    compiled = re.search(r"(\d+) files with kernels, (\d+) compiled", first.out)
    assert compiled is not None
    assert int(compiled[2]) > 100
    events = (shop.folder / "bazel/events.json").read_text(encoding="utf-8")
    assert events.count('"actionCompleted"') > 100


def test_the_targets_flags_come_after_those_of_build_files(
    shop: Shop, first: CommandResult
) -> None:
    del first
    lines = (shop.folder / "bazel/events.json").read_text(encoding="utf-8").splitlines()
    actions = [json.loads(line).get("action", {}) for line in lines]
    commands = [each["commandLine"] for each in actions if each.get("type") == "CppCompile"]
    levels = [[word for word in each if re.fullmatch(r"-O\w", word)] for each in commands]
    ours = [each for each in levels if each[-1] == "-Os"]
    assert any(each[-2:] == ["-O2", "-Os"] for each in ours)
    assert len(ours) > 100


def test_only_what_was_planned_is_registered(shop: Shop, first: CommandResult) -> None:
    del first
    found = shop.result("verification")["verification"]
    assert found["registered_kernels"] == found["planned_kernels"] >= 4
    assert (found["missing"], found["surplus"], found["problems"]) == ([], [], [])
    (library,) = found["libraries"]
    assert library["exports"] == 4  # three functions for Java, and the version's name
    files = {each["path"] for each in json.loads(
        (shop.folder / "generated/files.json").read_text(encoding="utf-8")
    )}  # fmt: skip
    assert "tensorflow/core/kernels/segment_reduction_ops.cc" in files
    assert "tensorflow/core/kernels/softmax_op.cc" not in files


def test_the_report_says_what_it_is(shop: Shop, first: CommandResult) -> None:
    del first
    text = (shop.folder / "report.txt").read_text(encoding="utf-8")
    assert "NOT RUN: an app can load every library" in text
    assert "this is not an Android NDK (Stand-in for an Android NDK)" in text
    assert "Bazel 0.20.0; NDK 14.1.3816874, API level 21" in text


def test_a_selected_model_runs_and_no_other(shop: Shop, first: CommandResult) -> None:
    del first
    for abi in (ABI, OTHER):
        done = shop.run("sums", abi)
        assert (done.returncode, done.stdout.rstrip()[-2:]) == (0, "OK"), done.stderr
        other = shop.run("softplus", abi)
        assert other.returncode != 0
        assert "Op type not registered" in other.stdout


def test_the_tree_is_as_it_was(shop: Shop, first: CommandResult) -> None:
    del first
    assert state(shop.tree) == shop.before


def test_a_device_runs_it(shop: Shop, first: CommandResult, tmp_path: Path) -> None:
    """adb is a script here."""
    del first
    script = tmp_path / "adb"
    script.write_text(f"#!/bin/sh\n{ADB.replace('RUN', STATISTICS)}", encoding="utf-8")
    script.chmod(0o755)
    (shop.folder / "verification.json").unlink()
    env = {"PATH": f"{tmp_path}{os.pathsep}{shop.project.env['PATH']}"}
    out = shop.doit(f"verify:one-{ABI}", "sums", env=env).out
    assert "sums on Pixel 3: 2.10 ms" in out
    assert "1 models run on a device" in out
    report = shop.result("report")
    assert report["proved"] is True
    assert report["timings"]["models"]["sums"]["milliseconds"]["avg"] == 2.1005


def test_another_model_compiles_only_what_differs(shop: Shop, first: CommandResult) -> None:
    """Comes last: it changes what the others look at."""
    del first
    out = shop.doit("build:one", "softplus").out
    assert "files with kernels" in out
    assert "not registered" not in shop.run("softplus").stdout  # nothing is fed to it here
    assert "Op type not registered 'SegmentSum'" in shop.run("sums").stdout


def test_a_budget_that_is_exceeded(shop: Shop, first: CommandResult) -> None:
    del first
    path = shop.project.root.parent / "softplus.pbtxt"
    path.write_text(MODELS["softplus"], encoding="utf-8")
    # A model on the command line sets a budget aside.
    shop.project.target("one", f"{TARGET}models:\n  - {path}\nsize_budget:\n  stripped: 10 kB\n")
    err = shop.project.doit(f"size:one-{ABI}", f"tf={shop.tree}", "jobs=2", code=8).err
    assert "more than the budget of 10,000" in err
    assert "libtensorflow_inference.so" in err
