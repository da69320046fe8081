"""TensorFlow Lite with TensorFlow's ops of the default model, built for this machine."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from buildtool.core.run import Command, Completed, run
from buildtool.model.encoding import make_node
from tests.conftest import Project
from tests.lite.small_models import Op, flex, small_model
from tests.lite.sources import build_app, build_lite

pytestmark = [pytest.mark.real_tree, pytest.mark.build]

MODEL = Path(__file__).resolve().parents[2] / "models" / "inverse.tflite"
MATRIX = [float(n % 5) for n in range(16)]


@pytest.fixture(scope="module")
def built(
    tmp_path_factory: pytest.TempPathFactory, make_project: Callable[..., Project], real_tree: Path
) -> Project:
    root = tmp_path_factory.mktemp("flex") / "project"
    return build_lite(make_project, root, real_tree, "linux-flex")


def test_both_halves_are_proved(built: Project) -> None:
    report = json.loads((built.folder("linux-flex") / "report.json").read_text())
    assert report["proved"] is True
    found = report["verification"]
    # ADD of TensorFlow Lite; Cumprod and MatrixInverse of TensorFlow.
    assert (found["registered_kernels"], found["registered_ops"]) == (3, 3)
    (check,) = found["models"]
    assert check["compared"] is True
    assert check["outputs"][0]["max_absolute"] < 1e-6
    lite, flex = (
        next(half["size"] for half in report["size"]["halves"] if half["name"] == name)
        for name in ("TensorFlow Lite", "TensorFlow and the Flex delegate")
    )
    assert 0 < lite < flex < 3_000_000


def test_no_session_is_linked(built: Project) -> None:
    folder = built.folder("linux-flex")
    files = json.loads((folder / "generated" / "files.json").read_text())
    paths = {file["path"] for file in files if file["root"] == "tensorflow"}
    assert "tensorflow/core/common_runtime/eager/context.cc" in paths
    assert "tensorflow/core/tfrt/fallback/op_kernel_runner.cc" in paths
    assert "tensorflow/core/kernels/linalg/matrix_inverse_op.cc" in paths
    assert not [path for path in paths if path.endswith("/direct_session.cc")]


def test_the_flex_objects_must_be_linked_whole(built: Project, tmp_path: Path) -> None:
    """Nothing asks for them by a symbol, so a linker drops them: then the model is refused."""
    folder = built.folder("linux-flex")
    given = tmp_path / "input"
    given.write_bytes(struct.pack("<16f", *MATRIX))
    words = (
        *("--run", MODEL, "--input", "x", "float", "1,4,4", given),
        *("--output", "y", "--out", tmp_path),
    )
    archives = [folder / "dist/lib" / f"libtensorflow-lite{end}.a" for end in ("-flex", "")]
    plain = tmp_path / "plain"
    start("clang++", folder / "runner/runner.o", "-o", plain, *archives, "-pthread", "-ldl", "-lm")
    done = start(plain, *words, check=False)
    assert done.returncode == 1
    assert "Make sure you apply/link the Flex delegate before inference" in done.stderr
    start(folder / "runner/runner", *words)


def test_models_that_need_less_or_more_are_told_so(
    built: Project, real_tree: Path, tmp_path: Path
) -> None:
    built.doit("plan:linux-flex", "model=models/digits.tflite")
    plan = json.loads((built.folder("linux-flex") / "plan.json").read_text())
    assert "'runtime: lite' suffices" in plan["notes"][0]
    double = tmp_path / "double.tflite"
    double.write_bytes((real_tree / "tensorflow/lite/testdata/double_flex.bin").read_bytes())
    said = built.doit("plan:linux-flex", f"model={double}", code=5).err
    assert "double: node '0 (FlexDouble)': op Double does not exist in this tree" in said
    # The custom op of TensorFlow Lite, and the op of TensorFlow.
    both = tmp_path / "both.tflite"
    both.write_bytes(small_model(Op(custom="Mfcc"), flex(make_node("", "Mfcc", ["", ""]))))
    said = built.doit("plan:linux-flex", f"model={both}", code=5).err
    assert "Mfcc: both TensorFlow and TensorFlow Lite have an op of this name" in said


def test_shared_libraries_are_found_by_their_names(built: Project, tmp_path: Path) -> None:
    """The one with TensorFlow's ops is looked for when an interpreter is made; an app that was
    built without it runs what it can."""
    built.target("shared", "schema_version: 1\nextends: linux-flex\nproduct: shared\n")
    built.doit("build:shared")
    folder = built.folder("shared")
    report = json.loads((folder / "report.json").read_text())
    assert report["proved"] is True
    found = report["verification"]
    assert (found["registered_kernels"], found["registered_ops"]) == (3, 3)
    assert found["models"][0]["outputs"][0]["max_absolute"] < 1e-6
    libraries = {each["name"]: each["exports"] for each in found["libraries"]}
    assert libraries["libtensorflowlite_flex.so"] == 1
    assert libraries["libtensorflowlite_c.so"] > 37
    lib = folder / "dist/lib"
    assert built.doit("identify", str(lib)).out.count(", that of shared here") == 2
    (tmp_path / "app.c").write_text(APP)
    for name, more in (("with", ("-Wl,--no-as-needed", "-ltensorflowlite_flex")), ("without", ())):
        start(
            *("clang", f"-I{folder}/dist/include", tmp_path / "app.c", "-o", tmp_path / name),
            *(f"-L{lib}", f"-Wl,-rpath,{lib}", "-ltensorflowlite_c", *more),
        )
    assert start(tmp_path / "with", MODEL).stdout.split()[:2] == ["0.25", "0"]
    done = start(tmp_path / "without", MODEL, check=False)
    assert done.returncode == 3
    assert "Make sure you apply/link the Flex delegate before inference" in done.stderr


def start(*argv: str | Path, check: bool = True) -> Completed:
    return run(Command(argv=tuple(map(str, argv))), what="a program", check=check)


def test_the_app_that_is_written_runs_the_model(built: Project, tmp_path: Path) -> None:
    built.doit("app:linux-flex")
    given = tmp_path / "numbers"
    given.write_text("\n".join(map(str, MATRIX)))
    lines = start(build_app(built, "linux-flex"), "--top=2", given).stdout.splitlines()
    assert [line.split() for line in lines[-2:]] == [["0.284768", "0"], ["0.00377177", "1"]]


def test_an_app_finds_the_cmake_package(built: Project, tmp_path: Path) -> None:
    """As for 'runtime: lite': the app need not know that something is linked whole."""
    (tmp_path / "app.c").write_text(APP)
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.21)\nproject(app C CXX)\n"
        "find_package(TensorFlowLiteSelective 2.14 REQUIRED)\nadd_executable(app app.c)\n"
        "set_target_properties(app PROPERTIES LINKER_LANGUAGE CXX)\n"
        "target_link_libraries(app PRIVATE TensorFlowLiteSelective::tensorflow-lite)\n"
    )
    start(
        *("cmake", "-S", tmp_path, "-B", tmp_path / "binary", "-G", "Ninja"),
        *("-DCMAKE_C_COMPILER=clang", "-DCMAKE_CXX_COMPILER=clang++"),
        f"-DCMAKE_PREFIX_PATH={built.folder('linux-flex')}/dist",
    )
    start("ninja", "-C", tmp_path / "binary")
    rows = start(tmp_path / "binary/app", MODEL).stdout.split()
    # The inverse of 4 times the identity, multiplied along each row.
    assert rows == ["0.25", *["0"] * 4, *["0"] * 11]


APP = """
#include <stdio.h>
#include "tensorflow/lite/c/c_api.h"

int main(int argc, char** argv) {
  TfLiteModel* model = TfLiteModelCreateFromFile(argv[1]);
  TfLiteInterpreter* interpreter = TfLiteInterpreterCreate(model, NULL);
  if (interpreter == NULL) return 2;
  if (TfLiteInterpreterAllocateTensors(interpreter) != kTfLiteOk) return 3;
  float matrix[16] = {0};
  TfLiteTensor* input = TfLiteInterpreterGetInputTensor(interpreter, 0);
  TfLiteTensorCopyFromBuffer(input, matrix, sizeof matrix);
  if (TfLiteInterpreterInvoke(interpreter) != kTfLiteOk) return 4;
  const TfLiteTensor* output = TfLiteInterpreterGetOutputTensor(interpreter, 0);
  TfLiteTensorCopyToBuffer(output, matrix, sizeof matrix);
  for (int i = 0; i < 16; ++i) printf("%g ", matrix[i]);
  return 0;
}
"""
