"""What is missing or does not go together, said before anything is built."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from buildtool.backends.bazel.given_macros import macro_notes
from tests.android.conftest import make_ndk
from tests.makefile.conftest import state

if TYPE_CHECKING:
    from tests.androidbuild.conftest import Bench

Make = Callable[..., "Bench"]


def test_no_sdk_no_ndk_no_bazel_no_java_all_at_once(make_bench: Make) -> None:
    bench = make_bench(without=("javac",), sdk=False, bazel=False)
    err = bench.doit("plan", code=4).err
    assert "Android SDK: not found: ANDROID_HOME and ANDROID_SDK_ROOT are not set" in err
    assert "Android NDK: not found" in err
    assert "this tree wants Bazel 0.10.0 to 0.20.0" in err
    assert "there is no bazelisk and no bazel here" in err
    assert "Java: there is no javac here, and JAVA_HOME is not set; java of 'android.build'" in err


@pytest.mark.parametrize("task", ["profile", "profile:one"])
def test_what_cannot_be_profiled_is_not_compiled(make_bench: Make, task: str) -> None:
    ended = make_bench("exit 1").doit(task, code=4)
    name = "profile:one-arm64-v8a"
    assert f"{name}: an AAR that the tree's own BUILD files make has no runner" in ended.err
    assert ended.steps == ["plan:one-arm64-v8a"]
    assert "profile:one" in ended.err.splitlines()[1]


def test_no_clang_is_told_with_all_else(make_bench: Make) -> None:
    bench = make_bench(without=("javac", "clang*"), sdk=False, bazel=False)
    err = bench.doit("plan", code=4).err
    assert "toolchain: not found: clang's cc, c++, which this tool reads sources with" in err
    assert "Android SDK: not found" in err
    assert "Android NDK: not found" in err
    assert "there is no bazelisk and no bazel here" in err
    assert "Java: there is no javac here" in err
    bench.target("optimise: {lto: thin}\n")
    err = bench.doit("plan", code=3).err
    assert "optimise.lto: the backend 'bazel' cannot do that" in err
    assert "toolchain: not found: clang's cc, c++" in err


def test_relative_folders_of_sdk_and_ndk(make_bench: Make, tmp_path: Path) -> None:
    bench = make_bench(folder="a checkout")
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    program = (sys.executable, "-m", "buildtool")
    bench = dataclasses.replace(bench, project=dataclasses.replace(bench.project, program=program))
    env = {
        "ANDROID_HOME": "../an SDK",
        "ANDROID_NDK_HOME": "../an NDK",
        "PYTHONPATH": str(bench.project.root),
    }
    assert "kernels" in bench.doit("plan", env=env, cwd=folder).out
    env["ANDROID_HOME"] = "no"
    err = bench.doit("plan", env=env, cwd=folder, code=4).err
    assert f"ANDROID_HOME={folder}/no: is not an Android SDK" in err


def test_no_java_is_needed_for_the_library_alone(make_bench: Make) -> None:
    bench = make_bench(without=("javac",))
    bench.target("android:\n  build: [inference]\n")
    assert "kernels" in bench.doit("plan").out


def test_a_bazel_that_the_tree_does_not_accept(make_bench: Make) -> None:
    bench = make_bench(bazel=False, scripts={"bazel": 'echo "bazel 6.1.0"'})
    err = bench.doit("plan", code=4).err
    assert "wants Bazel 0.10.0 to 0.20.0" in err
    assert "/tools/bazel is 6.1.0" in err


def test_a_release_of_bazel_that_the_tree_refuses(make_bench: Make) -> None:
    bench = make_bench()
    bench.target('bazel:\n  version: "0.26.1"\n')
    err = bench.doit("plan", code=3).err
    assert "targets/one.yaml:4: bazel.version: this tree wants Bazel 0.10.0 to 0.20.0" in err


def test_the_trees_own_bazelversion_counts(make_bench: Make) -> None:
    bench = make_bench()
    (bench.tree / ".bazelversion").write_text("0.19.1\n", encoding="utf-8")
    err = bench.doit("plan", code=4).err
    assert "this tree wants Bazel 0.19.1" in err
    assert ".bazelversion:1" in err


def test_an_ndk_that_bazel_does_not_know(make_bench: Make, tmp_path: Path) -> None:
    bench = make_bench()
    ndk = make_ndk(tmp_path / "new", revision="21.4.7075529")
    err = bench.doit("plan", code=4, env={"ANDROID_NDK_HOME": str(ndk)}).err
    assert "NDK 21.4.7075529 (source.properties) is not known to Bazel 0.20.0" in err


def test_an_ndk_of_another_revision_than_the_target_says(make_bench: Make) -> None:
    bench = make_bench()
    bench.target('android:\n  ndk_revision: "12.1"\n')
    err = bench.doit("plan", code=4).err
    assert "targets/one.yaml:4: ndk_revision: is 12.1, but ANDROID_NDK_HOME=" in err
    bench.target('android:\n  ndk_revision: "14.1"\n')
    bench.doit("plan")


def test_levels_and_tools_that_are_not_installed(make_bench: Make) -> None:
    bench = make_bench()
    bench.target("android:\n  api_level: 19\n  sdk_level: 30\n  build_tools_version: '1.2.3'\n")
    err = bench.doit("plan", code=4).err
    assert "targets/one.yaml:4: api_level: NDK 14.1.3816874 has no API level 19; it has 21" in err
    assert "targets/one.yaml:5: sdk_level: platform 30 is not installed" in err
    assert "targets/one.yaml:6: build_tools_version: build-tools 1.2.3 are not installed" in err


def test_contradictions_and_what_is_not_installed_are_told_at_once(make_bench: Make) -> None:
    bench = make_bench()
    workspace = bench.tree / "WORKSPACE"
    entry = 'android_ndk_repository(name = "androidndk", api_level = 24)\n'
    workspace.write_text(workspace.read_text("utf-8") + entry, "utf-8")
    bench.target('android:\n  api_level: 23\n  sdk_level: 30\n  ndk_revision: "12.1"\n')
    err = bench.doit("plan", code=3).err
    assert "targets/one.yaml:4: api_level: is 23, but android_ndk_repository in " in err
    assert "targets/one.yaml:5: sdk_level: platform 30 is not installed" in err
    assert "targets/one.yaml:6: ndk_revision: is 12.1, but ANDROID_NDK_HOME=" in err


def test_a_tree_without_the_product(make_bench: Make) -> None:
    bench = make_bench()
    bench.target("android:\n  build: [inference, demo]\n")
    err = bench.doit("plan", code=3).err
    assert "targets/one.yaml:4: android.build: this tree has no target for 'demo'" in err
    assert "//tensorflow/examples/android:tensorflow_demo" in err


def test_a_product_that_does_not_exist(make_bench: Make) -> None:
    bench = make_bench()
    bench.target("android:\n  build: [inferense]\n")
    err = bench.doit("plan", code=3).err
    assert "android.build[0]: cannot be the text 'inferense'" in err


def test_nothing_that_an_app_could_load(make_bench: Make) -> None:
    bench = make_bench()
    bench.target("android:\n  build: [java, benchmark]\n")
    err = bench.doit("plan", code=3).err
    assert "targets/one.yaml:4: android.build: names no library" in err


def test_an_sdk_of_workspace_that_is_none(make_bench: Make) -> None:
    bench = make_bench()
    workspace = bench.tree / "WORKSPACE"
    line = workspace.read_text("utf-8").count("\n") + 1
    entry = 'android_sdk_repository(name = "androidsdk", path = "/no/sdk")\n'
    workspace.write_text(workspace.read_text("utf-8") + entry, "utf-8")
    bench.target("android:\n  ndk: /no/ndk\n")
    err = bench.doit("plan", code=4).err
    assert f"WORKSPACE:{line}: sdk=/no/sdk: is not an Android SDK: it is not a folder" in err
    assert f"WORKSPACE:{line} to the SDK's own folder" in err
    assert "targets/one.yaml:4: ndk=/no/ndk: is not a folder" in err


def test_the_users_own_entry_is_taken_or_contradicted(make_bench: Make, tmp_path: Path) -> None:
    bench = make_bench()
    ndk = bench.project.env["ANDROID_NDK_HOME"]
    workspace = bench.tree / "WORKSPACE"
    entry = f'android_ndk_repository(name = "androidndk", path = "{ndk}", api_level = 21)\n'
    workspace.write_text(workspace.read_text("utf-8") + entry, "utf-8")
    bench.doit("generate")
    made = (bench.folder / "bazel/tree/WORKSPACE").read_text("utf-8")
    assert made.count("android_ndk_repository(") == 1
    assert made.count("android_sdk_repository(") == 2  # one of them in a comment
    assert "android_ndk_repository is the tree's own, in WORKSPACE:" in str(
        bench.result("plan")["notes"]
    )
    bench.target("android:\n  api_level: 24\n")
    err = bench.doit("plan", code=3).err
    assert "targets/one.yaml:4: api_level: is 24, but android_ndk_repository in" in err
    bench.target()
    newer = make_ndk(tmp_path / "newer", level=24)
    text = workspace.read_text("utf-8").replace(ndk, str(newer)).replace("= 21)", "= 24)")
    workspace.write_text(text, "utf-8")
    bench.doit("plan")
    assert "API level 24" in str(bench.result("plan")["notes"])


def test_files_that_are_no_text(make_bench: Make) -> None:
    bench = make_bench()
    workspace, kernels = bench.tree / "WORKSPACE", bench.tree / "tensorflow/core/kernels/BUILD"
    before = workspace.read_bytes()
    workspace.write_bytes(b"# caf\xe9\n" + before)
    (bench.tree / ".bazelversion").write_bytes(b"\xff\xfe\n")
    err = bench.doit("plan", code=3).err
    assert "WORKSPACE:1: cannot be read: that line is not UTF-8" in err
    workspace.write_bytes(before)
    kernels.write_bytes(kernels.read_bytes() + b"# caf\xe9\n")
    err = bench.doit("generate", code=3).err
    assert "kernels/BUILD:" in err
    assert "cannot be read: that line is not UTF-8" in err


def test_an_entry_with_values_of_another_kind(make_bench: Make) -> None:
    bench = make_bench()
    workspace = bench.tree / "WORKSPACE"
    line = workspace.read_text("utf-8").count("\n") + 1
    text = 'android_ndk_repository(name = "androidndk", path = 1, api_level = "21")\n'
    workspace.write_text(workspace.read_text("utf-8") + text, "utf-8")
    err = bench.doit("plan", code=3).err
    assert f"WORKSPACE:{line}: android_ndk_repository: path must be text, not 1" in err
    assert "android_ndk_repository: api_level must be a number, not '21'" in err


def test_keys_that_only_other_backends_know(make_bench: Make) -> None:
    bench = make_bench()
    bench.target("optimise:\n  lto: thin\napp_protobuf: include\n")
    err = bench.doit("plan", code=3).err
    assert "targets/one.yaml:5: app_protobuf: the backend 'bazel' cannot do that" in err
    assert "targets/one.yaml:4: optimise.lto: the backend 'bazel' cannot do that" in err


def test_a_budget_for_what_there_is_not(make_bench: Make) -> None:
    """A model on the command line would set budgets aside."""
    bench = make_bench()
    bench.target(f"models: ['{bench.model}']\nsize_budget:\n  archive: 1 MB\n")
    err = bench.project.doit("plan:one-arm64-v8a", f"tf={bench.tree}", code=3).err
    assert "targets/one.yaml:5: size_budget.archive: these apps get shared libraries" in err


def test_macros_that_the_plan_would_not_know(make_bench: Make) -> None:
    bench = make_bench()
    bench.target("bazel:\n  flags:\n  - --copt=-DA=1\n  - --copt=-O3\n  - --cxxopt\n  - -UB\n")
    err = bench.doit("plan", code=3).err
    assert (
        "targets/one.yaml:5: bazel.flags[0]: -DA=1 sets a macro that the plan does not know" in err
    )
    assert "write it under 'defines:'" in err
    assert "bazel.flags[2]: -UB sets a macro" in err
    assert "-O3" not in err
    bench.target()
    (bench.tree / ".bazelrc").write_text("build --copt=-DOURS\n", encoding="utf-8")
    bench.doit("plan")
    note = ".bazelrc:1 sets -DOURS, a macro that the plan does not know"
    assert note in bench.result("plan")["notes"]


def test_macros_of_the_trees_settings(tmp_path: Path) -> None:
    (tmp_path / ".bazelrc").write_text(
        "# build --copt=-DCOMMENT\n"
        "build:android_arm64 --config=android \\\n"
        "  --config phone\n"
        "build:android --copt -DONE --copt=-O3\n"
        "build:phone --per_file_copt=.*@-DTWO,-O2,-UTHREE\n"
        "build:windows --copt=-DWINDOWS\n"
        "test --copt=-DTEST\n"
        "build --host_copt=-DHOST --cxxopt='-DFOUR=\"a b\"'\n"
        "build --copt='-D\n",
        encoding="utf-8",
    )
    (tmp_path / ".tf_configure.bazelrc").write_text("build --conlyopt=-DFIVE\n", encoding="utf-8")
    said = [note.split(", a macro")[0] for note in macro_notes(tmp_path, "arm64-v8a")]
    assert said == [
        ".bazelrc:4 sets -DONE",
        ".bazelrc:5 sets -DTWO",
        ".bazelrc:5 sets -UTHREE",
        '.bazelrc:8 sets -DFOUR="a b"',
        ".tf_configure.bazelrc:1 sets -DFIVE",
    ]
    assert len(macro_notes(tmp_path, "x86")) == 2
    assert len(macro_notes(tmp_path, "x86", known=["FIVE"])) == 1


def test_other_backends_build_no_such_library(make_bench: Make) -> None:
    bench = make_bench()
    bench.target("backend: makefile\n")
    err = bench.doit("plan", code=3).err
    assert "targets/one.yaml:3: backend: 'makefile' does not build for android" in err


def test_the_tree_is_as_it_was(make_bench: Make) -> None:
    bench = make_bench("exit 1")
    before = state(bench.tree)
    bench.doit("compile", code=6)
    bench.doit("plan", code=4, env={"ANDROID_HOME": "/nowhere"})
    assert state(bench.tree) == before
