"""Shared libraries of TensorFlow Lite: what they export, hold and tell an app's build."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from buildtool.core.errors import ConfigError
from buildtool.core.render import Renderer
from buildtool.core.run import Command, run
from buildtool.core.values import ModelInfo, TensorInfo
from buildtool.products.shared.lite_exports import HEADER, declared_functions
from buildtool.products.shared.lite_shared_maker import text_problems
from buildtool.runtimes.flex.flex_runtime import LITE_FLEX
from buildtool.runtimes.lite.lite_runtime import LITE
from buildtool.runtimes.runtime import Runtime
from buildtool.verify.class_texts import TextCheck, joined
from buildtool.verify.linked_functions import check_functions, mangled
from tests.lite.test_lite_project import PLAN

GOLDEN = Path(__file__).resolve().parent / "golden" / "shared"
TEXT = """
TFL_CAPI_EXPORT extern const char* TfLiteVersion(void);
TFL_CAPI_EXPORT extern TfLiteModel* TfLiteModelCreate(const void* data,
                                                      size_t size);
TFL_CAPI_EXPORT
int TfLiteSchemaVersion(void);
void TfLiteNotOurs(void);
"""


def test_the_functions_of_the_interface_for_c(tmp_path: Path) -> None:
    (tmp_path / HEADER).parent.mkdir(parents=True)
    (tmp_path / HEADER).write_text(TEXT)
    assert declared_functions(tmp_path) == (
        *("TfLiteModelCreate", "TfLiteSchemaVersion", "TfLiteVersion"),
    )


def test_a_tree_without_that_interface(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="interface for C cannot be read: No such file"):
        declared_functions(tmp_path)


@pytest.mark.real_tree
def test_those_of_the_real_tree(real_tree: Path) -> None:
    found = declared_functions(real_tree)
    assert len(found) == 37
    assert {"TfLiteInterpreterCreate", "TfLiteTensorCopyToBuffer", "TfLiteVersion"} <= {*found}


@pytest.mark.parametrize("runtime", [LITE, LITE_FLEX], ids=["lite", "lite-flex"])
def test_the_cmake_package(
    runtime: Runtime, tmp_path: Path, golden: Callable[[Path, str], None]
) -> None:
    """It is called as that of the archives is; what nobody calls by a symbol is kept."""
    text = Renderer(tmp_path).text(
        "shared/LiteConfig.cmake.j2",
        version="2.14.1",
        package=runtime.library.package,
        component=runtime.library.component,
        libraries=runtime.shared_libraries,
    )
    golden(GOLDEN / f"{runtime.name}.cmake.golden", text)


def test_kernels_are_found_by_their_functions(tmp_path: Path) -> None:
    compiler = shutil.which("clang++") or shutil.which("g++")
    if compiler is None:
        pytest.skip("needs a C++ compiler")
    source, library = tmp_path / "kernels.cc", tmp_path / "libkernels.so"
    source.write_text(
        "namespace tflite::ops::builtin { int* Register_CONV_2D() { return nullptr; } }\n"
    )
    script = Renderer(tmp_path).render("c.map", "shared/exports.map.j2", names=("TfLite*",))
    hidden = f"-Wl,--version-script={script}"
    argv = (compiler, "-shared", "-fPIC", str(source), hidden, "-o", str(library))
    run(Command(argv=argv), what="compiling kernels")
    check = check_functions(library, PLAN)
    assert (check.kernels, check.ops) == (2, 1)
    assert check.missing == ("tflite::ops::custom::Register_MFCC",)
    (problem,) = check.problems
    assert "the kernel of Mfcc is planned, but libkernels.so has no" in problem.what


def test_names_are_mangled_as_compilers_do() -> None:
    name = "tflite::ops::builtin::Register_CONV_2D"
    assert mangled(name) == "_ZN6tflite3ops7builtin16Register_CONV_2DEv"


def test_what_several_libraries_have_is_added() -> None:
    one = TextCheck(kernels=2, ops=1, missing=("a",), surplus=(), problems=())
    two = dataclasses.replace(one, kernels=3, missing=(), surplus=("b",), uncertain=("c",))
    assert joined([one, two]) == TextCheck(
        kernels=5, ops=2, missing=("a",), surplus=("b",), problems=(), uncertain=("c",)
    )


def test_texts_cannot_be_fed_through_the_interface_for_c() -> None:
    model = ModelInfo(
        name="m",
        path=Path("m.tflite"),
        sha256="",
        inputs=(
            TensorInfo(name="x", dtype="DT_FLOAT", shape=(1,)),
            TensorInfo(name="words", dtype="DT_STRING", shape=(1,)),
        ),
        outputs=(TensorInfo(name="y", dtype="DT_STRING", shape=(1,)),),
        node_count=1,
    )
    (problem,) = text_problems([model])
    assert problem.where == "m: input 'words'"
    assert "interface for C cannot set" in problem.what
    assert "set 'product: static'" in problem.todo
