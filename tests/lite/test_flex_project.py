"""What is generated for TensorFlow Lite with ops of TensorFlow itself: each half is compiled and
linked in its own way."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

from buildtool.backends.native.cmake_project import render_project
from buildtool.backends.native.native_dependencies import Dependency
from buildtool.backends.native.native_flavours import FULL, LITE, LITE_FLEX
from buildtool.core.render import Renderer
from buildtool.core.values import FileKind, PlannedFile, Registration, SelectedKernel
from buildtool.plan.build_plan import selections
from buildtool.products import dist
from buildtool.runtimes.flex.flex_runtime import LITE_FLEX as RUNTIME
from tests.lite.test_lite_project import PLAN

GOLDEN = Path(__file__).resolve().parent / "golden" / "flex"
ERF, MATH = "tensorflow/core/kernels/erf.cc", "tensorflow/core/ops/math_ops.cc"
DEPENDENCIES = (
    Dependency(name="protobuf", source="protobuf-1", include=("src",), sources=("src/*.cc",)),
)


def _file(path: str, kind: FileKind = FileKind.RUNTIME) -> PlannedFile:
    return PlannedFile(root="tensorflow", path=path, kind=kind, reason="test", required=True)


FLEX_PLAN = dataclasses.replace(
    PLAN,
    defines=LITE_FLEX.all_defines(types="model"),
    ops=(*PLAN.ops, ("Erf", MATH)),
    kernels=(
        *PLAN.kernels,
        SelectedKernel(
            registration=Registration(
                op="Erf", device="CPU", kernel_class="ErfOp<float>", source=ERF, line=1
            ),
            reason="test",
        ),
    ),
    files=(
        *(file for file in PLAN.files if file.root != "ruy"),
        _file(ERF, FileKind.KERNEL),
        _file(MATH, FileKind.OP),
        _file("tensorflow/core/framework/types.proto", FileKind.PROTO),
        _file("tensorflow/lite/core/subgraph.cc"),
        _file("tensorflow/lite/delegates/flex/kernel.cc"),
    ),
)


def test_the_project(tmp_path: Path, golden: Callable[[Path, str], None]) -> None:
    renderer = Renderer(tmp_path)
    render_project(
        renderer,
        FLEX_PLAN,
        selections=selections(FLEX_PLAN),
        dependencies=DEPENDENCIES,
        proto_code="code_size",
        flavour=LITE_FLEX,
    )
    names = sorted(json.loads(renderer.finish().read_text()))
    golden(GOLDEN / "names.txt", "".join(f"{name}\n" for name in names))
    # Others are those of one half: tests/native and the files beside have them.
    for name in ("CMakeLists.txt", "sources.cmake", "lite_ops.cc"):
        golden(GOLDEN / f"{name}.golden", (tmp_path / "native" / name).read_text())


def test_each_half_is_told_what_it_registers() -> None:
    """Files of TensorFlow get a header that selects; those of TensorFlow Lite are called."""
    assert selections(FLEX_PLAN) == {ERF: (["ErfOp<float>"], ["Erf"]), MATH: ([], ["Erf"])}
    assert selections(PLAN) == {}


def test_both_halves_have_the_macros_of_both() -> None:
    of_types = {*LITE_FLEX.type_defines["model"]}
    both = {*FULL.defines, *LITE.defines, *of_types}
    assert both == {*LITE_FLEX.all_defines(types="model")}


def test_only_what_registers_itself_is_linked_whole(
    tmp_path: Path, golden: Callable[[Path, str], None]
) -> None:
    renderer = Renderer(tmp_path)
    link_flags = dist.app_link_flags(("-Wl,--gc-sections",), ("-lm",), library=RUNTIME.library)
    dist.write_flags(
        renderer,
        target="doorbell",
        version="2.14.1",
        compile_flags=dist.app_compile_flags(FLEX_PLAN.defines, standard="c++17"),
        link_flags=link_flags,
        library=RUNTIME.library,
    )
    assert link_flags == (
        *("-Wl,--whole-archive", "lib/libtensorflow-lite-flex.a", "-Wl,--no-whole-archive"),
        *("lib/libtensorflow-lite.a", "-Wl,--gc-sections", "-lm"),
    )
    for name in json.loads(renderer.finish().read_text()):
        golden(GOLDEN / "dist" / f"{name}.golden", (tmp_path / name).read_text())
