"""What Bazel is told, what it works in, and what is said of how it ended; Bazel is a script."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from buildtool.config import Target
from buildtool.tools.android.state import state
from tests.android.conftest import make_ndk, make_sdk
from tests.androidbuild.conftest import BENCHMARK, FILES, LABELS, makes
from tests.makefile.conftest import MODELS

if TYPE_CHECKING:
    from tests.androidbuild.conftest import Bench

Make = Callable[..., "Bench"]
SETTINGS = """\
jobs: 3
cpu_flags: [-mtune=cortex-a53]
defines: [OURS=1]
flags:
  compile: ["-Wa,-L"]
  link: ["-Wl,-z,now"]
android:
  page_size: 16 KiB
bazel:
  disk_cache: disk
  http_cache: http://cache:8080
  executor: grpc://builder:8980
  instance: main
  distfiles: dist-files
  memory: 2 GB
  startup: [--host_jvm_args=-Xmx1g]
  flags: [--keep_going]
"""


def put_products(bench: Bench) -> None:
    """What the script gives as the products."""
    made = bench.home / "made"
    made.mkdir()
    (made / FILES[0]).write_bytes(b"a library")
    with zipfile.ZipFile(made / FILES[1], "w") as jar:
        jar.writestr("org/tensorflow/A.class", b"x")


def test_the_command_line(make_bench: Make) -> None:
    bench = make_bench("exit 1")
    bench.target(SETTINGS)
    bench.doit("compile", code=6)
    root, words = bench.project.root, bench.told
    at = words.index("build")
    start, rest = words[:at], words[at + 1 :]
    assert start[0] == "--batch"
    output = next(word for word in start if word.startswith("--output_base="))
    assert output.endswith("/build/one-arm64-v8a/bazel/output")
    assert start[-2:] == ["--bazelrc=tools/bazel.rc", "--host_jvm_args=-Xmx1g"]
    assert rest[-2:] == list(LABELS)
    for word in (
        "--compilation_mode=opt",
        "--config=android_arm64",
        "--define=framework_shared_object=false",
        "--copt=-DSELECTIVE_REGISTRATION",
        "--copt=-DSUPPORT_SELECTIVE_REGISTRATION",
        "--copt=-DOURS=1",
        "--per_file_copt=.*@-Os",
        "--per_file_copt=.*@-mtune=cortex-a53",
        r"--per_file_copt=.*@-Wa\,-L",
        "--linkopt=-Wl,-z,max-page-size=16384",
        "--linkopt=-Wl,-z,now",
        "--jobs=3",
        "--local_resources=2000,1.0,1.0",
        f"--disk_cache={root}/disk",
        "--remote_http_cache=http://cache:8080",
        "--remote_executor=builder:8980",
        "--spawn_strategy=remote",
        "--genrule_strategy=remote",
        "--strategy=CppCompile=remote",
        "--remote_instance_name=main",
        f"--distdir={root}/dist-files",
        "--symlink_prefix=/",
        "--keep_going",
    ):
        assert word in rest, word


def test_types_of_all_kernels_by_the_right_macro(make_bench: Make) -> None:
    bench = make_bench("exit 1")
    bench.target("types: full\n")
    bench.doit("compile", code=6)
    assert "--copt=-D__ANDROID_TYPES_FULL__" in bench.told
    assert "--copt=-DSUPPORT_SELECTIVE_REGISTRATION" not in bench.told


def test_all_that_the_tree_registers(make_bench: Make) -> None:
    bench = make_bench("exit 1")
    bench.target("types: full\nregistration: all\n")
    bench.doit("compile", code=6)
    assert not [word for word in bench.told if "SELECTIVE" in word]
    tree = bench.folder / "bazel/tree"
    assert not (tree / "tensorflow/core/framework/ops_to_register.h").exists()
    assert (tree / "tensorflow/core").is_symlink()


def test_a_tree_without_names_for_abis_is_told_what_they_stand_for(make_bench: Make) -> None:
    bench = make_bench("exit 1")
    (bench.tree / "tools/bazel.rc").unlink()
    bench.doit("compile", code=6)
    assert not [word for word in bench.told if word.startswith(("--config", "--bazelrc"))]
    assert "--crosstool_top=//external:android/crosstool" in bench.told
    assert "--cpu=arm64-v8a" in bench.told


def test_the_folder_that_bazel_works_in(make_bench: Make) -> None:
    bench = make_bench("exit 1")
    (bench.tree / "bazel-out").mkdir()
    (bench.tree / ".tf_configure.bazelrc").write_text("build --jobs=9\n", encoding="utf-8")
    # Bazel 7 writes to it when it finds other things than it says.
    (bench.tree / "MODULE.bazel.lock").write_text("{}\n", encoding="utf-8")
    own = (bench.tree / "WORKSPACE").read_bytes().replace(b"\n", b"\r\n")
    (bench.tree / "WORKSPACE").write_bytes(own)
    out = bench.doit("generate").out
    assert "Bazel works in build/one-arm64-v8a/bazel/tree" in out
    tree = bench.folder / "bazel/tree"
    assert (tree / ".tf_configure.bazelrc").resolve() == bench.tree / ".tf_configure.bazelrc"
    assert not (tree / "bazel-out").exists()
    assert not (tree / "MODULE.bazel.lock").is_symlink()
    made = (tree / "WORKSPACE").read_bytes()
    assert made.startswith(own)
    assert made.count(b"\n") == made.count(b"\r\n")
    workspace = made.decode()
    assert workspace.count("# >>> buildtool: Android SDK and NDK") == 1
    assert json.dumps(bench.project.env["ANDROID_NDK_HOME"]) in workspace
    header = (tree / "tensorflow/core/framework/ops_to_register.h").read_text(encoding="utf-8")
    assert '"MatMulOp<CPUDevice, float, false >"' in header
    kernels = (tree / "tensorflow/core/kernels/BUILD").read_text(encoding="utf-8")
    assert '"matmul_op.cc"' in kernels
    assert '"segment_reduction_ops.cc"' not in kernels
    library = (tree / "tensorflow/contrib/android/BUILD").read_text(encoding="utf-8")
    assert '"$(location //tensorflow/contrib/android:jni/version_script.lds)"' in library
    assert '"-Wl,-soname,libtensorflow_inference.so"' in library
    before = {path: path.stat().st_mtime_ns for path in tree.rglob("*") if path.is_file()}
    bench.doit("compile", code=6)
    after = {path: path.stat().st_mtime_ns for path in tree.rglob("*") if path.is_file()}
    assert after == before
    assert (bench.home / "there").read_text(encoding="utf-8").strip().endswith("bazel/tree")


def test_a_project_in_an_oddly_named_folder(make_bench: Make, tmp_path: Path) -> None:
    """Bazel refuses to work there."""
    bench = make_bench("exit 1", folder="an odd 'project'/of $HOME")
    out = bench.doit("generate").out
    (tree,) = (tmp_path / "cache/bazel").glob("*/tree")
    assert f"Bazel works in {tree}" in out
    bench.doit("compile", code=6)
    assert f"--output_base={tree.parent}/output" in bench.told
    (bench.folder / "size").mkdir()
    bench.project.doit("clean", "-c", "build:one-arm64-v8a", f"tf={bench.tree}")
    assert not tree.parent.exists()
    assert not (bench.folder / "size").exists()
    err = bench.doit("compile", code=3, env={"BUILDTOOL_CACHE": str(tmp_path / "a cache")}).err
    assert "Bazel cannot work in a folder whose path has a space" in err


def test_another_model_has_other_files(make_bench: Make) -> None:
    bench = make_bench("exit 1")
    bench.doit("generate")
    bench.model.write_text(MODELS["segments"], encoding="utf-8")
    bench.doit("generate")
    kernels = (bench.folder / "bazel/tree/tensorflow/core/kernels/BUILD").read_text("utf-8")
    assert '"segment_reduction_ops.cc"' in kernels
    assert '"matmul_op.cc"' not in kernels


def test_steps_are_done_again_when_what_they_depend_on_changes(make_bench: Make) -> None:
    bench = make_bench("exit 1")
    bench.doit("generate")
    done = ["plan:one-arm64-v8a", "generate:one-arm64-v8a"]
    (bench.tree / ".bazelrc").write_text("build --jobs=9\n", encoding="utf-8")
    assert bench.doit("generate").steps == done
    properties = Path(bench.project.env["ANDROID_NDK_HOME"], "source.properties")
    properties.write_text(properties.read_text("utf-8").replace("14.1", "14.0"), "utf-8")
    assert bench.doit("generate").steps == done
    assert "NDK 14.0" in str(bench.result("plan")["notes"])
    bench.target("bazel:\n  startup: [--host_jvm_args=-Xmx1g]\n")
    assert bench.doit("generate").steps == done
    assert not bench.doit("generate").steps


def test_what_a_build_depends_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sdk, tree = tmp_path / "sdk", tmp_path / "tree"
    make_ndk(sdk / "ndk/14")
    source = tree / "tensorflow/contrib/android/jni/version_script.lds"
    source.parent.mkdir(parents=True)
    monkeypatch.setenv("ANDROID_HOME", str(sdk))
    target = Target(id="x", root=tree, origins={}, platform="android", tensorflow=tree)
    seen = [state(target)]
    for change in (
        lambda: make_sdk(sdk),
        lambda: make_ndk(sdk / "ndk/15"),
        source.touch,
        lambda: source.write_text("{};", encoding="utf-8"),
        (tree / "WORKSPACE").touch,
        lambda: monkeypatch.setenv("ANDROID_NDK_HOME", str(tmp_path)),
        lambda: monkeypatch.setenv("JAVA_HOME", str(tmp_path)),
    ):
        assert state(target) == seen[-1]
        change()
        seen.append(state(target))
    assert len(set(seen)) == len(seen)


def test_the_trees_own_groups_as_they_are(make_bench: Make) -> None:
    bench = make_bench("exit 1")
    bench.target("file_list: stock\n")
    bench.doit("generate")
    assert (bench.folder / "bazel/tree/tensorflow/core/kernels").is_symlink()


def test_a_full_disk(make_bench: Make) -> None:
    bench = make_bench('echo "ERROR: /x: write (No space left on device)"; exit 36')
    err = bench.doit("compile", code=6).err
    assert "/one-arm64-v8a/bazel/output: the disk is full" in err
    assert "free some space and run the same again" in err


def test_a_killed_bazel(make_bench: Make) -> None:
    bench = make_bench("kill -9 $$")
    err = bench.doit("compile", code=6).err
    assert "bazel build: failed with signal 9" in err
    assert "to repeat: cd " in err


def test_a_bazel_that_ends_early(make_bench: Make) -> None:
    bench = make_bench('echo "ERROR: the reason"; exit 37')
    err = bench.doit("compile", code=6).err
    assert "Bazel was killed, or ended before it could say why" in err
    assert "full log: " in err
    assert "to repeat: cd " in err
    assert "the reason" in (bench.folder / "logs/compile.log").read_text(encoding="utf-8")


def test_no_file_of_that_name(make_bench: Make) -> None:
    bench = make_bench("printf '%s\\n' '" + '{"id":{"buildFinished":{}},"finished":'
                       '{"exitCode":{"name":"SUCCESS","code":0}}}' + "' > \"$events\"")  # fmt: skip
    err = bench.doit("compile", code=6).err
    assert f"{LABELS[0]}: Bazel made nothing, but no libtensorflow_inference.so" in err


def lacks(function: str) -> str:
    """Bazel's linker does not find a function."""
    failed = json.dumps(
        {
            "id": {"actionCompleted": {"label": LABELS[0], "primaryOutput": "x.so"}},
            "action": {"type": "CppLink", "success": False},
        }
    )
    ended = json.dumps(
        {
            "id": {"buildFinished": {}},
            "finished": {"exitCode": {"name": "BUILD_FAILURE", "code": 1}},
        }
    )
    return f"""
  printf '%s\\n%s\\n' '{failed}' '{ended}' > "$events"
  echo "x.o: undefined reference to \\`{function}'"
  exit 1
"""


TRANSPOSE = "tensorflow::DoTranspose(tensorflow::Tensor const&)"


def test_what_the_link_lacks_is_added(make_bench: Make) -> None:
    """Bazel says on its first call what its linker does not find."""
    once = f'if [ ! -e "$HOME/called" ]; then\n  touch "$HOME/called"{lacks(TRANSPOSE)}fi\n'
    bench = make_bench(once + makes())
    put_products(bench)
    source = bench.tree / "tensorflow/core/kernels/transpose_functor_cpu.cc"
    assert "DoTranspose" in source.read_text(encoding="utf-8")
    out = bench.doit("compile").out
    assert "the link needs 1 files that no BUILD file lists" in out
    kernels = (bench.folder / "bazel/tree/tensorflow/core/kernels/BUILD").read_text("utf-8")
    assert '"transpose_functor_cpu.cc"' in kernels
    files = json.loads((bench.folder / "generated/files.json").read_text(encoding="utf-8"))
    assert any("which the link lacked" in each["reason"] for each in files)


def test_what_did_not_help_is_not_remembered(make_bench: Make, tmp_path: Path) -> None:
    bench = make_bench(lacks(TRANSPOSE))
    found = bench.doit("compile", code=6)
    assert "the link needs 1 files that no BUILD file lists" in found.out
    assert not list((tmp_path / "cache").glob("needs/bazel-*"))
    bench.target("file_list: stock\n")
    assert "the link lacks" not in bench.doit("compile", code=6).out


def test_products_are_where_an_app_takes_them(make_bench: Make) -> None:
    bench = make_bench(makes())
    put_products(bench)
    out = bench.doit("compile").out
    assert "jni/arm64-v8a/libtensorflow_inference.so, tensorflow-inference.jar" in out
    dist = bench.folder / "dist"
    assert (dist / "jni/arm64-v8a/libtensorflow_inference.so").read_bytes() == b"a library"
    facts = json.loads((dist / "android.json").read_text(encoding="utf-8"))
    assert (facts["abi"], facts["api_level"], facts["ndk"]) == ("arm64-v8a", 21, "14.1.3816874")
    assert "compile" not in " ".join(bench.doit("compile").steps)
    (dist / "jni/arm64-v8a/libtensorflow_inference.so").unlink()
    assert "compile:one-arm64-v8a" in bench.doit("compile").steps


def test_products_that_are_no_longer_asked_for_are_gone(make_bench: Make) -> None:
    bench = make_bench(makes())
    put_products(bench)
    (bench.home / "made" / BENCHMARK[1]).write_bytes(b"a program")
    bench.target("android:\n  build: [inference, java, benchmark]\n")
    bench.doit("compile")
    dist = bench.folder / "dist"
    assert (dist / "bin/arm64-v8a/benchmark_model").stat().st_mode & 0o777 == 0o755
    bench.target("android:\n  build: [inference]\n")
    bench.doit("compile")
    assert not (dist / "bin/arm64-v8a").exists()
    assert not (dist / "tensorflow-inference.jar").exists()
    assert (dist / "jni/arm64-v8a/libtensorflow_inference.so").is_file()
    facts = json.loads((dist / "android.json").read_text(encoding="utf-8"))
    assert facts["files"] == ["jni/arm64-v8a/libtensorflow_inference.so"]


def test_what_is_no_library_is_found_out(make_bench: Make) -> None:
    bench = make_bench(makes())
    put_products(bench)
    err = bench.doit("verify", code=7).err
    assert "arm64-v8a: libtensorflow_inference.so: is not an ELF file" in err
    assert "the kernel MatMulOp<CPUDevice, float, false > is planned for MatMul" in err
