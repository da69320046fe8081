"""A build of the miniature by its own makefile, for a Raspberry Pi and for this machine."""

from __future__ import annotations

import dataclasses
import re
import shlex
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from buildtool.binary.archive import read_archive, repeated_members
from buildtool.core.fingerprint import SYMBOL
from buildtool.core.paths import ARCHIVE_NAMES
from buildtool.core.run import Command, run
from tests.makefile.conftest import UNOPTIMISED

if TYPE_CHECKING:
    from pathlib import Path

    from tests.makefile.conftest import BuiltMiniature, Workshop

pytestmark = pytest.mark.build

# What does not compile, or what nobody needs.
DECOYS = (
    *("debug_ops", "matmul_op_test", "decoy_op", "jpeg_mem", "dot", "gpu_device", "events_writer"),
    *("windows/env", "hash/hash", "command_line_flags", "segment_reduction_ops", "invert_op"),
)


def test_it_is_proved(built: BuiltMiniature) -> None:
    assert built.first.steps[0] == "plan:pi-makefile"
    assert "all 9 planned kernels are registered, 1 models run" in built.first.out
    report = built.result("report")
    assert report["proved"] is True
    assert report["tensorflow_version"] == "1.8.0-miniature"
    assert (report["verification"]["missing"], report["verification"]["surplus"]) == ([], [])


def test_what_made_it_is_told_of_the_stripped_program(built: BuiltMiniature) -> None:
    """And which kernels it has: by the texts of their classes."""
    program = built.project.folder(built.target) / "runner" / "runner-stripped"
    said = built.project.doit("identify", str(program)).out
    assert f"for the target {built.target}, from TensorFlow 1.8.0-miniature (tree " in said
    assert f", that of {built.target} here" in said
    assert "BiasAdd" in said


def test_the_slips_of_the_trees_list_are_told(built: BuiltMiniature) -> None:
    notes = built.result("report")["notes"]
    slip = "tf_op_files.txt:16: tensorflow/core/kernels/cwise_op_mul_1.c is taken to mean cwise_op"
    assert any(slip in note for note in notes)
    twice = "segment_reduction_ops.cc is already listed in line 5"
    assert any(twice in note for note in notes)


def test_the_tree_is_as_it_was(built: BuiltMiniature) -> None:
    from tests.makefile.conftest import state  # noqa: PLC0415

    assert state(built.tree) == built.before


def test_only_what_is_needed_is_linked_and_no_decoy_is_compiled(built: BuiltMiniature) -> None:
    assert {
        "common_runtime/direct_session.cc",
        "common_runtime/threadpool_device_factory.cc",
        "kernels/bias_op.cc",
        "kernels/function_ops.cc",
        "kernels/no_op.cc",
        "ops/function_ops.cc",
        "platform/posix/env.cc",
        "framework/types.pb_text.cc",
    } <= built.files
    assert len(built.files) < 50
    linked = " ".join(sorted(built.files))
    for decoy in DECOYS:
        assert f"{decoy}." not in linked.replace("/", " " if "/" not in decoy else "/")
        assert f"{decoy}.cc -o" not in built.log


def test_every_file_has_its_reason(built: BuiltMiniature) -> None:
    reasons = {file["path"]: file["reason"] for file in built.result("plan")["files"]}
    assert all(reasons.values())
    assert reasons["tensorflow/core/common_runtime/direct_session.cc"] == (
        "registers the session factory"
    )
    assert reasons["tensorflow/core/kernels/matmul_op.cc"] == "registers kernels of MatMul"


def test_nothing_of_this_machine_gets_in(built: BuiltMiniature) -> None:
    compiles = [line for line in built.log.splitlines() if " -c tensorflow/core/" in line]
    target = [line for line in compiles if "arm-linux-gnueabihf" in line]
    assert target
    for line in target:
        assert "-march=native" not in line
        assert "/usr/local" not in line
        assert "-mfpu=neon" in line
        assert "__ANDROID_TYPES_SLIM__" not in line
    variables = built.command_line
    assert variables["TARGET"] == "PI"
    assert "-march=native" not in " ".join(variables.values())
    assert "-lz" not in variables["LIBS"]


def test_each_object_is_in_the_archive_once(built: BuiltMiniature) -> None:
    members = read_archive(built.archive)
    assert [each.name for each in members].count(f"{SYMBOL}.o") == 1
    assert len(members) == len(built.files) + 1
    assert repeated_members(members) == ()


def test_its_protoc_makes_messages_without_reflection(
    built: BuiltMiniature, tmp_path: Path
) -> None:
    (protoc,) = shlex.split(built.command_line["PROTOC"])
    (tmp_path / "m.proto").write_text('syntax = "proto3";\nmessage M { int32 n = 1; }\n', "utf-8")
    for option, base in (("--cpp_opt=lite", "MessageLite"), ("--cpp_opt=", "Message")):
        argv = [protoc, f"-I{tmp_path}", option, f"--cpp_out={tmp_path}", "m.proto"]
        subprocess.run(argv, check=True)
        header = (tmp_path / "m.pb.h").read_text("utf-8")
        assert re.search(rf"public ::(PROTOBUF_NAMESPACE_ID|google::protobuf)::{base} ", header)


def test_there_is_nothing_left_to_do(built: BuiltMiniature) -> None:
    assert built.doit("build").out == "build:pi-makefile: up to date\n"


def test_the_app_that_is_written_runs_the_model(built: BuiltMiniature, tmp_path: Path) -> None:
    """TensorFlow 1.x has another C++ interface, and its apps an older C++."""
    built.doit("app")
    # CMake itself does not take all that is in the name of the project's folder.
    app = shutil.copytree(built.project.root / "apps" / "pi-makefile", tmp_path / "app")
    (model,) = (built.folder / "dist" / "models").iterdir()
    shutil.copy(model, tmp_path / "m.pb")
    places = (f"-DTENSORFLOW_DIST={built.folder / 'dist'}", f"-DMODEL={tmp_path / 'm.pb'}")
    made = str(tmp_path / "made")
    for argv in (("-S", str(app), "-B", made, "-G", "Ninja", *places), ("--build", made)):
        run(Command(argv=("cmake", *argv)), what="an app")
    (tmp_path / "numbers").write_text("1 " * 12)
    emulator = ("qemu-arm-static", "-L", "/usr/arm-linux-gnueabihf")
    words = ("--load=memory", str(tmp_path / "numbers"))
    done = run(Command(argv=(*emulator, f"{made}/app", *words)), what="an app")
    lines = done.stdout.splitlines()
    assert lines[3] == "y:0: float [3, 2]"
    # Each row is the softmax of 3.25 and 2.
    assert [float(line.split()[0]) for line in lines[4:]] == [*(0.7773, 0.2227) * 2, 0.7773]


def test_for_this_machine_a_tree_is_known_by_its_makefile(workshop: Workshop) -> None:
    if not shutil.which("x86_64-linux-gnu-g++"):
        pytest.skip("the target linux is for a 64-bit PC")
    workshop.project.target("here", f"extends: linux\n{UNOPTIMISED}")
    here = type(workshop)(project=workshop.project, tree=workshop.tree, target="here")
    out = here.doit("build", "segments").out
    assert "planned kernels are registered, 1 models run" in out
    # What only symbols lead to, one of them without its header's stem.
    assert {"kernels/cast_op_impl_int64.cc", "kernels/transpose_functor_cpu.cc"} <= here.files
    report = here.result("report")
    assert report["proved"] is True
    assert here.command_line["TARGET"] == "LINUX"


def test_what_is_in_it_is_explained_and_why(built: BuiltMiniature) -> None:
    """Each from what the build left; nothing is done anew."""
    asked = ("Relu", "SegmentSum", "Softplus", "executor.cc", "y", "double")
    said = built.doit("explain", "classes", *asked)
    assert said.steps == ["explain:pi-makefile"]
    found = built.result("explain/answer")
    answers = {answer["name"].rpartition("/")[2]: answer for answer in found["answers"]}
    assert found["built"] is True
    relu, chain = answers["Relu"], answers["executor.cc"]["chain"]
    assert [node["node"] for node in relu["nodes"]] == ["r"]
    assert relu["kernels"][0]["source"] == "tensorflow/core/kernels/relu_op.cc"
    sizes = {each["name"]: each["size"] for each in built.result("size")["size"]["files"]}
    assert [part["size"] for part in relu["parts"]] == [sizes["tensorflow/core/kernels/relu_op.cc"]]
    assert len(chain) > 1
    assert chain[0]["symbol"] in answers["executor.cc"]["summary"]
    assert chain[-1]["symbol"] == ""
    assert answers["SegmentSum"]["summary"] == "no model has it"
    assert answers["classes: node 'y'"]["nodes"][0]["op"] == "Softmax"
    assert answers["double"]["included"] is False


def test_what_is_nothing_is_told_beside_the_answers(built: BuiltMiniature) -> None:
    said = built.doit("explain", "classes", "Relu", "Rleu", code=3)
    assert "op Relu: in the library" in said.out
    assert "'Rleu' is nothing that this tree" in said.err
    assert "perhaps you meant 'Relu'" in said.err


def test_another_users_folders_get_all_objects_from_the_cache(
    built: BuiltMiniature, workshop: Workshop, libraries_cache: Path
) -> None:
    """Neither the folder of the build, of the tree nor of the tool's cache is asked for."""
    cache = workshop.tree.with_name("cache")
    cache.symlink_to(libraries_cache)
    env = {**workshop.project.env, "BUILDTOOL_CACHE": str(cache)}
    project = dataclasses.replace(workshop.project, env=env)
    said = dataclasses.replace(workshop, project=project).doit("compile").out
    assert f"0 compiled, {len(built.files)} from a cache" in said
    for name in ARCHIVE_NAMES:
        made = [each.folder / "makefile" / name for each in (built, workshop)]
        assert made[0].read_bytes() == made[1].read_bytes()
