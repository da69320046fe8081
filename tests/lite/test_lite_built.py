"""TensorFlow Lite with the default model's ops, built for this machine, and what an app gets."""

from __future__ import annotations

import json
import shutil
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from tflite import BuiltinOperator

from buildtool.core.run import Command, Completed, run
from buildtool.starlark.buildfiles import NNAPI_DISABLED
from tests.conftest import Project
from tests.lite.small_models import Op, small_model
from tests.lite.sources import build_app, build_lite

pytestmark = [pytest.mark.real_tree, pytest.mark.build]

APP = """
#include <cstdio>
#include "tensorflow/lite/c/c_api.h"

int main(int argc, char** argv) {
  TfLiteModel* model = TfLiteModelCreateFromFile(argv[1]);
  TfLiteInterpreter* interpreter = TfLiteInterpreterCreate(model, nullptr);
  if (interpreter == nullptr) return 2;
  if (TfLiteInterpreterAllocateTensors(interpreter) != kTfLiteOk) return 3;
  float pixels[64];
  for (int i = 0; i < 64; ++i) pixels[i] = i % 17 / 16.0f;
  TfLiteTensor* input = TfLiteInterpreterGetInputTensor(interpreter, 0);
  TfLiteTensorCopyFromBuffer(input, pixels, sizeof pixels);
  if (TfLiteInterpreterInvoke(interpreter) != kTfLiteOk) return 4;
  float digits[10];
  const TfLiteTensor* output = TfLiteInterpreterGetOutputTensor(interpreter, 0);
  TfLiteTensorCopyToBuffer(output, digits, sizeof digits);
  for (float digit : digits) printf("%.6f ", digit);
}
"""


@pytest.fixture(scope="module")
def built(
    tmp_path_factory: pytest.TempPathFactory, make_project: Callable[..., Project], real_tree: Path
) -> Project:
    root = tmp_path_factory.mktemp("lite") / "a b"
    return build_lite(make_project, root, real_tree, "linux-lite")


@pytest.fixture
def dist(built: Project, tmp_path: Path) -> Path:
    """A copy elsewhere: nothing in it may need the place where it was made."""
    return shutil.copytree(built.folder("linux-lite") / "dist", tmp_path / "moved")


def start(*argv: str | Path, check: bool = True) -> Completed:
    return run(Command(argv=tuple(map(str, argv))), what="a program", check=check)


def test_it_is_proved_to_compute_what_the_interpreter_does(built: Project) -> None:
    report = json.loads((built.folder("linux-lite") / "report.json").read_text())
    assert report["proved"] is True
    found = report["verification"]
    assert (found["registered_kernels"], found["registered_ops"]) == (2, 2)
    (check,) = found["models"]
    assert check["compared"] is True
    assert check["outputs"][0]["max_absolute"] < 1e-6
    assert report["size"]["stripped"] < 700_000
    assert {each["name"] for each in report["size"]["ops"]} == {"FULLY_CONNECTED", "SOFTMAX"}


def test_its_fingerprint_stays_in_what_is_linked_with_its_flags(built: Project) -> None:
    program = "build/linux-lite/runner/runner-stripped"
    said = built.doit("identify", program, "model=models/digits.tflite").out
    assert ", that of linux-lite here" in said
    assert "digits.tflite: will run: 2 ops have their kernels" in said


def test_only_what_the_model_needs_is_linked(built: Project) -> None:
    files = json.loads((built.folder("linux-lite") / "generated" / "files.json").read_text())
    paths = {file["path"] for file in files}
    assert "tensorflow/lite/kernels/fully_connected.cc" in paths
    assert "lite_ops.cc" in paths
    assert not [path for path in paths if "xnnpack" in path or path.endswith("/conv.cc")]
    # The interface for C names NNAPI; the tree has a file that says it is not there.
    assert {path for path in paths if "nnapi" in path} == {NNAPI_DISABLED}
    assert all(file["reason"] for file in files)


def test_a_model_with_another_op_fails_clearly(built: Project, tmp_path: Path) -> None:
    other = tmp_path / "tanh.tflite"
    other.write_bytes(small_model(Op(code=BuiltinOperator.TANH)))
    given = tmp_path / "input"
    given.write_bytes(struct.pack("<4f", 0, 1, 2, 3))
    words = ("--run", other, "--input", "t0", "float", "1,4", given, "--output", "t1")
    runner = built.folder("linux-lite") / "runner" / "runner"
    done = start(runner, *words, "--out", tmp_path, check=False)
    assert done.returncode == 1
    assert "builtin opcode 'TANH' version '1'" in done.stderr
    assert f"runner: making an interpreter of {other} failed" in done.stderr


def test_an_app_in_c_links_with_pkg_config_or_plain_flags(dist: Path, tmp_path: Path) -> None:
    (tmp_path / "app.cc").write_text(APP)
    model = dist.parent / "digits.tflite"
    shutil.copy(Path(__file__).resolve().parents[2] / "models" / "digits.tflite", model)
    said = []
    for name, compiler, words in (
        ("clang", "clang++", ("--cflags", "--libs")),
        ("gcc", "g++", ("--define-variable=optional=", "--cflags", "--libs")),
    ):
        folder = f"PKG_CONFIG_LIBDIR={dist}/lib/pkgconfig"
        asked = ("env", folder, "pkg-config", *words, "tensorflow-lite-selective")
        flags = start(*asked).stdout.split()
        start(compiler, tmp_path / "app.cc", "-o", tmp_path / name, *flags)
        said.append(start(tmp_path / name, model).stdout)
    assert said[0] == said[1]
    assert sum(map(float, said[0].split())) == pytest.approx(1, abs=1e-4)


def test_an_app_finds_the_cmake_package(dist: Path, tmp_path: Path) -> None:
    (tmp_path / "app.cc").write_text(APP)
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.21)\nproject(app CXX)\n"
        "find_package(TensorFlowLiteSelective 2.14 REQUIRED)\nadd_executable(app app.cc)\n"
        "target_link_libraries(app PRIVATE TensorFlowLiteSelective::tensorflow-lite)\n"
    )
    binary = tmp_path / "binary"
    start(
        *("cmake", "-S", tmp_path, "-B", binary, "-G", "Ninja"),
        *("-DCMAKE_CXX_COMPILER=clang++", f"-DCMAKE_PREFIX_PATH={dist}"),
    )
    start("ninja", "-C", binary)
    model = Path(__file__).resolve().parents[2] / "models" / "digits.tflite"
    assert len(start(binary / "app", model).stdout.split()) == 10


def test_the_app_that_is_written_runs_the_model(built: Project, tmp_path: Path) -> None:
    built.doit("app:linux-lite")
    app, given = build_app(built, "linux-lite"), tmp_path / "numbers"
    given.write_text(" ".join(str(i % 17 / 16) for i in range(64)))
    said = [start(app, f"--load={way}", given).stdout.splitlines() for way in ("mapped", "memory")]
    assert said[0][0].startswith("loaded (mapped) in ")
    assert said[0][3:] == said[1][3:]
    assert said[0][3] == "probabilities: FLOAT32 [1, 10]"
    assert said[0][4].split()[1] == "4"
    model = built.root / "models" / "digits.tflite"
    (tmp_path / "cut").write_bytes(model.read_bytes()[:5000])
    for way in ("mapped", "memory"):
        done = start(app, f"--load={way}", f"--model={tmp_path}/cut", given, check=False)
        assert done.returncode == 1
        assert f"app: {tmp_path}/cut cannot be loaded" in done.stderr


def test_licences_and_headers_stand_beside_it(dist: Path) -> None:
    assert {path.name for path in (dist / "licences").iterdir()} >= {
        *("tensorflow-2.14.1", "flatbuffers-23.5.26", "ruy", "eigen", "gemmlowp"),
    }
    assert (dist / "include/tensorflow/lite/interpreter.h").is_file()
    assert (dist / "lib/libtensorflow-lite.a").is_file()
    assert not list((dist / "licences").glob("protobuf*"))


def test_a_graph_is_told_which_runtime_it_needs(built: Project) -> None:
    said = built.doit("plan:linux-lite", "model=models/digits.pb", code=5).err
    assert "is a binary GraphDef, and the target's runtime is TensorFlow Lite" in said
    said = built.doit("plan:linux", "model=models/digits.tflite", code=5).err
    assert "set 'runtime: lite' to run it" in said
