"""The generated project of a small plan, and its headers in the hands of real compilers."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from buildtool.backends.native.cmake_project import render_project
from buildtool.backends.native.native_dependencies import Dependency
from buildtool.core.render import Renderer
from buildtool.core.run import Command, run
from buildtool.core.values import (
    BuildPlan,
    FileKind,
    PlannedFile,
    Registration,
    SelectedKernel,
)
from buildtool.plan.build_plan import selections

GOLDEN = Path(__file__).resolve().parent / "golden" / "small"
COMPILERS = [name for name in ("g++", "clang++") if shutil.which(name)]

DEPENDENCIES = (
    Dependency(
        name="double-conversion",
        source="double-conversion-1",
        include=(".",),
        sources=("double-conversion/*.cc",),
        defines=("D=1",),
    ),
    Dependency(name="eigen", source="eigen-1", include=(".", "unsupported")),
    Dependency(
        name="libjpeg-turbo",
        source="libjpeg-turbo-2.1.5",
        include=(".",),
        sources=("j*.c",),
        language="C",
        on_demand=True,
        generated=("jconfig.h", "jconfigint.h", "jversion.h"),
    ),
    Dependency(
        name="libpng",
        source="libpng-1",
        include=(".",),
        sources=("png*.c",),
        language="C",
        on_demand=True,
        requires=("libjpeg-turbo",),
        generated=("pnglibconf.h",),
    ),
    Dependency(
        name="protobuf",
        source="protobuf-1",
        include=("src",),
        private_include=("src/private",),
        sources=("src/**/*.cc",),
    ),
)


def _file(
    path: str, kind: FileKind, root: str = "tensorflow", libraries: tuple[str, ...] = ()
) -> PlannedFile:
    return PlannedFile(
        root=root, path=path, kind=kind, reason="test", required=False, libraries=libraries
    )


def _kernel(op: str, kernel_class: str, source: str, *, system: bool = False) -> SelectedKernel:
    registration = Registration(
        op=op, device="CPU", kernel_class=kernel_class, source=source, line=1, system=system
    )
    return SelectedKernel(registration=registration, reason="test")


CORE = "tensorflow/core"
PLAN = BuildPlan(
    target="small",
    tensorflow_version="2.14.1",
    tree_digest="0" * 64,
    models=(),
    defines=("EIGEN_MAX_ALIGN_BYTES=64", "SELECTIVE_REGISTRATION"),
    compile_flags=("-Os", "-DODD=a b;c$d\"e'f"),
    link_flags=(),
    ops=(("MatMul", f"{CORE}/ops/math_ops.cc"), ("Relu", f"{CORE}/ops/nn_ops.cc")),
    kernels=(
        _kernel("MatMul", "MatMulOp<CPUDevice, float, false >", f"{CORE}/kernels/matmul.cc"),
        _kernel("MatMul", "MatMulOp<CPUDevice, double, false >", f"{CORE}/kernels/matmul.cc"),
        _kernel("Relu", "ReluOp<CPUDevice, float>", f"{CORE}/kernels/relu_op.cc"),
        _kernel("_Arg", "ArgOp", f"{CORE}/kernels/function_ops.cc", system=True),
    ),
    types=("DT_FLOAT",),
    files=(
        _file(f"{CORE}/framework/graph.proto", FileKind.PROTO),
        _file(f"{CORE}/framework/tensor.cc", FileKind.RUNTIME),
        _file(f"{CORE}/kernels/function_ops.cc", FileKind.KERNEL),
        _file(f"{CORE}/kernels/matmul.cc", FileKind.KERNEL),
        _file(f"{CORE}/kernels/relu_op.cc", FileKind.KERNEL, libraries=("libpng",)),
        _file(f"{CORE}/ops/math_ops.cc", FileKind.OP),
        _file(f"{CORE}/ops/nn_ops.cc", FileKind.OP),
        _file("double-conversion/strtod.cc", FileKind.DEPENDENCY, "double-conversion"),
        _file("jerror.c", FileKind.DEPENDENCY, "libjpeg-turbo"),
        _file("png.c", FileKind.DEPENDENCY, "libpng"),
        _file("src/google/protobuf/message.cc", FileKind.DEPENDENCY, "protobuf"),
        _file("src/google/protobuf/arena.cc", FileKind.DEPENDENCY, "protobuf"),
    ),
)


def render(folder: Path, plan: BuildPlan = PLAN, *, everything: bool = False) -> list[str]:
    renderer = Renderer(folder)
    render_project(
        renderer,
        plan,
        selections=selections(plan),
        dependencies=DEPENDENCIES,
        proto_code="code_size",
        everything=everything,
    )
    return sorted(json.loads(renderer.finish().read_text()))


def test_the_project_of_a_small_plan(tmp_path: Path, golden: Callable[[Path, str], None]) -> None:
    names = render(tmp_path)
    for name in names:
        golden(GOLDEN / f"{name}.golden", (tmp_path / name).read_text())
    golden(GOLDEN / "names.txt", "".join(f"{name}\n" for name in names))


def test_registering_everything_selects_nothing(tmp_path: Path) -> None:
    render(tmp_path / "some")
    render(tmp_path / "all", everything=True)
    changed = [
        path.relative_to(tmp_path / "all").as_posix()
        for path in sorted((tmp_path / "all").rglob("*"))
        if path.is_file()
        and path.read_text() != (tmp_path / "some" / path.relative_to(tmp_path / "all")).read_text()
    ]
    assert changed == ["manifest.json", "native/include/ops_to_register.h", "native/sources.cmake"]
    header = (tmp_path / "all/native/include/ops_to_register.h").read_text()
    assert "#define SHOULD_REGISTER_OP(op_name) true\n" in header
    sources = (tmp_path / "all/native/sources.cmake").read_text()
    assert "set(BUILDTOOL_SELECTIONS\n)\n" in sources


def test_another_selection_changes_its_own_file_alone(tmp_path: Path) -> None:
    """So that nothing else is compiled again."""
    render(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    fewer = [kernel for kernel in PLAN.kernels if "double" not in kernel.registration.kernel_class]
    render(tmp_path, BuildPlan(**{**PLAN.__dict__, "kernels": tuple(fewer)}))
    changed = sorted(
        path.relative_to(tmp_path).as_posix()
        for path, then in before.items()
        if path.stat().st_mtime_ns != then
    )
    assert changed == [
        "manifest.json",
        "native/selection/tensorflow/core/kernels/matmul.cc.h",
        "ops_to_register.h",
    ]


def test_system_kernels_are_not_asked_for_by_name() -> None:
    assert f"{CORE}/kernels/function_ops.cc" not in selections(PLAN)


QUERIES: Mapping[str, bool] = {
    "MatMulOp<CPUDevice, float, false >": True,
    "MatMulOp<CPUDevice,float,false>": True,
    " MatMulOp < CPUDevice , float , false > ": True,
    "MatMulOp<CPUDevice, float, true>": False,
    "MatMulOp<CPUDevice, float, false": False,
    "MatMulOp<CPUDevice, float, false>>": False,
    "ReluOp<CPUDevice, float>": True,
    "ReluOp": False,
    "": False,
    " ": False,
}


def program(checks: Sequence[tuple[str, str, bool]]) -> str:
    """C++ that compiles if each macro says what it should, in a constant expression."""
    lines = [
        f"static_assert({macro}({json.dumps(name)}) == {str(wanted).lower()}, {json.dumps(name)});"
        for macro, name, wanted in checks
    ]
    return "\n".join([*lines, "int main() {}", ""])


def compile_with(compiler: str, folder: Path, text: str, *flags: str | Path) -> None:
    source = folder / "check.cc"
    source.write_text(text)
    words = (compiler, "-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Werror")
    argv = (*words, *(str(flag) for flag in flags), str(source))
    run(Command(argv=argv), what="checking a header")


KERNEL, OP = "SHOULD_REGISTER_OP_KERNEL", "SHOULD_REGISTER_OP"


@pytest.mark.parametrize("compiler", COMPILERS)
class TestHeaders:
    @pytest.mark.parametrize("standard", ["c++11", "c++17"])
    def test_the_header_for_other_builds(
        self, compiler: str, standard: str, tmp_path: Path
    ) -> None:
        render(tmp_path)
        checks = [(KERNEL, name, wanted) for name, wanted in QUERIES.items()]
        ops = [(OP, name, name in {"MatMul", "Relu"}) for name in ("MatMul", "Relu", "Relu6", "")]
        text = '#include "ops_to_register.h"\n#include "ops_to_register.h"\n'
        compile_with(
            compiler, tmp_path, text + program([*checks, *ops]), f"-std={standard}", "-I", tmp_path
        )

    @pytest.mark.parametrize("standard", ["c++11", "c++17"])
    def test_the_header_of_nothing_and_of_very_much(
        self, compiler: str, standard: str, tmp_path: Path
    ) -> None:
        long = "Op{}<" + "x" * 300 + ">"
        for count in (0, 1, 2, 3, 600):
            kernels = [_kernel(f"Op{i}", long.format(i), "a.cc") for i in range(count)]
            ops = tuple((f"Op{i}", "a.cc") for i in range(count))
            plan = {**PLAN.__dict__, "kernels": tuple(kernels), "ops": ops}
            render(tmp_path, BuildPlan(**plan))
            checks = [
                (macro, form.format(i), 0 <= i < count)
                for macro, form in ((KERNEL, long), (OP, "Op{}"))
                for i in (0, count - 1, count)
            ]
            text = '#include "ops_to_register.h"\n' + program(checks)
            compile_with(compiler, tmp_path, text, f"-std={standard}", "-I", tmp_path)

    def test_a_file_registers_its_own_selection(self, compiler: str, tmp_path: Path) -> None:
        """As a file of TensorFlow sees it: the common header first, its selection after it."""
        render(tmp_path)
        native = tmp_path / "native"
        flags = ("-std=c++17", "-include", native / "include/ops_to_register.h")
        selection = native / f"selection/{CORE}/kernels/matmul.cc.h"
        wanted = {**QUERIES, "ReluOp<CPUDevice, float>": False}
        checks = [
            *((KERNEL, name, found) for name, found in wanted.items()),
            *((OP, name, name == "MatMul") for name in ("MatMul", "Relu", "")),
        ]
        compile_with(compiler, tmp_path, program(checks), *flags, "-include", selection)

    def test_a_file_without_a_selection_registers_nothing(
        self, compiler: str, tmp_path: Path
    ) -> None:
        render(tmp_path)
        header = tmp_path / "native/include/ops_to_register.h"
        checks = [(KERNEL, "ReluOp<CPUDevice, float>", False), (OP, "Relu", False)]
        compile_with(compiler, tmp_path, program(checks), "-std=c++17", "-include", header)

    @pytest.mark.parametrize("count", [0, 200, 201, 401])
    def test_a_file_with_very_many_kernels(self, compiler: str, count: int, tmp_path: Path) -> None:
        """2.14.1's ``resource_variable_ops.cc`` has 355 classes."""
        names = [f"Class<{i}>" for i in range(count)]
        renderer = Renderer(tmp_path)
        header = renderer.render(
            "selection.h", "selection.h.j2", source="a.cc", kernels=names, ops=names
        )
        render(tmp_path / "project")
        common = tmp_path / "project/native/include/ops_to_register.h"
        checks = [
            (macro, f"Class<{i}>", i < count)
            for macro in (KERNEL, OP)
            for i in (0, 199, 200, count - 1, count)
            if i >= 0
        ]
        # The whole must be one operand.
        one = f'static_assert(!(false && {KERNEL}("Class<0>") && false), "");\n'
        flags = ("-std=c++17", "-include", common, "-include", header)
        compile_with(compiler, tmp_path, one + program(checks), *flags)
