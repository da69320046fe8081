"""The miniature is what the other tests take it for."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from buildtool.catalogue.kernels import make_catalogue
from buildtool.core.values import KernelCatalogue
from buildtool.starlark.buildfiles import load_packages, mobile_conditions

TREE = Path(__file__).resolve().parent / "tree"
LISTS = TREE / "tensorflow" / "contrib" / "makefile"
PI = ("IS_SLIM_BUILD", "NDEBUG", "RASPBERRY_PI")
SLIM = "__ANDROID_TYPES_SLIM__"


def listed(name: str) -> list[str]:
    return (LISTS / name).read_text(encoding="utf-8").split()


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> KernelCatalogue:
    return read(tmp_path_factory.mktemp("cache"), PI)


def read(cache: Path, defines: tuple[str, ...]) -> KernelCatalogue:
    return make_catalogue(
        TREE,
        defines=defines,
        preprocessor=("g++", "-E"),
        cache=cache,
        tree_digest="the miniature",
    )


def types(catalogue: KernelCatalogue, op: str) -> set[str]:
    found = (kernel.constraints[0].types for kernel in catalogue.kernels if kernel.op == op)
    return {dtype.removeprefix("DT_").lower() for each in found for dtype in each}


def test_its_op_definitions_are_those_that_its_sources_register(catalogue: KernelCatalogue) -> None:
    assert {place.op for place in catalogue.ops} == set(catalogue.definitions)
    for name, definition in catalogue.definitions.items():
        (place,) = {place.source for place in catalogue.ops if place.op == name}
        text = (TREE / place).read_text(encoding="utf-8")
        for attr in definition.attrs:
            assert f'Attr("{attr.name}: ' in text, name


def test_its_kernels_have_the_classes_that_macros_make(catalogue: KernelCatalogue) -> None:
    classes = {kernel.kernel_class for kernel in catalogue.kernels if kernel.op == "MatMul"}
    assert classes == {
        "MatMulOp<CPUDevice, float, false >",
        "MatMulOp<CPUDevice, double, false >",
        "MatMulOp<CPUDevice, ::tensorflow::int32, false >",
    }
    assert {kernel.op for kernel in catalogue.kernels if kernel.system} == {"_Arg", "_Retval"}


def test_slim_types_lose_kernels(catalogue: KernelCatalogue, tmp_path: Path) -> None:
    slim = read(tmp_path, (*PI, SLIM))
    assert types(catalogue, "Add") == {
        *("double", "float", "int16", "int32", "int64", "int8", "uint8")
    }
    assert types(slim, "Add") == {"float"}
    assert types(slim, "Mul") == {"float", "int32"}


def test_its_lists_have_the_slips_that_the_tests_are_about(catalogue: KernelCatalogue) -> None:
    files = listed("tf_op_files.txt")
    assert [path for path, count in Counter(files).items() if count > 1] == [
        "tensorflow/core/kernels/segment_reduction_ops.cc"
    ]
    assert [path for path in files if path.endswith(".c")] == [
        "tensorflow/core/kernels/cwise_op_mul_1.c"
    ]
    files = [re.sub(r"\.c$", ".cc", path) for path in files]
    ops = {place.op for place in catalogue.ops if place.source in files}
    kernels = {kernel.op for kernel in catalogue.kernels if kernel.source in files}
    assert kernels - ops == {"Invert"}
    assert ops - kernels == {"Softplus"}
    assert all((TREE / path).is_file() for path in (*files, *listed("tf_proto_files.txt")))


def test_its_build_files_say_what_its_lists_lack() -> None:
    graph = load_packages(TREE, mobile_conditions("armhf"), None)
    files = graph.closure(["tensorflow/core/kernels/softplus_op.cc"]).files
    assert "tensorflow/core/kernels/softplus_functor_cpu.cc" in files
    assert not any("test" in path or "dot" in path or "jpeg" in path for path in files)
