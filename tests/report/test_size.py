from __future__ import annotations

import dataclasses
import gzip
import lzma
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from buildtool.core.errors import BudgetError, ExitCode, ToolError
from buildtool.core.values import (
    BuildPlan,
    FileKind,
    PlannedFile,
    Registration,
    SelectedKernel,
    SizeLimit,
    SizeReport,
)
from buildtool.report.size import SizeInput, joined, measure, require_budget


def _file(path: str, kind: FileKind, root: str = "tensorflow") -> PlannedFile:
    return PlannedFile(root=root, path=path, kind=kind, reason="test", required=True)


def _kernel(op: str, source: str) -> SelectedKernel:
    registration = Registration(op=op, device="CPU", kernel_class=op, source=source, line=1)
    return SelectedKernel(registration=registration, reason="test")


RELU = "tensorflow/core/kernels/relu_op.cc"
PLAN = BuildPlan(
    target="pi",
    tensorflow_version="2.14.1",
    tree_digest="0",
    models=(),
    defines=(),
    compile_flags=(),
    link_flags=(),
    ops=(),
    kernels=(_kernel("Relu6", RELU), _kernel("Relu", RELU)),
    types=(),
    files=(
        _file(RELU, FileKind.KERNEL),
        _file("tensorflow/core/framework/tensor.cc", FileKind.RUNTIME),
        _file("tensorflow/core/framework/graph.proto", FileKind.PROTO),
        _file("google/protobuf/status.cc", FileKind.DEPENDENCY, "protobuf"),
        _file("google/protobuf/message.cc", FileKind.DEPENDENCY, "protobuf"),
        _file("absl/status/status.cc", FileKind.DEPENDENCY, "abseil"),
        _file("absl/strings/cord.cc", FileKind.DEPENDENCY, "abseil"),
        _file("tensorflow/core/platform/status.cc", FileKind.RUNTIME),
    ),
)
MAP = """\
             VMA              LMA     Size Align Out     In      Symbol
            1000             1000     4000    16 .text
            1000             1000      400    16         /b/libtf.a(relu_op.cc.o):(.text.a)
            1000             1000      100    16         /b/libtf.a(relu_op.cc.o):(.text.b)
            1000             1000      300    16         /b/libtf.a(tensor.cc.o):(.text)
            1000             1000      200    16         /b/libtf.a(graph.pb.cc.o):(.text)
            1000             1000       60    16         /b/libtf.a(status.cc.o):(.text)
            1000             1000       80    16         /b/libpb.a(status.cc.o):(.text)
            1000             1000      700    16         /b/libpb.a(message.cc.o):(.text)
            1000             1000       40    16         /b/libdeps.a(status.cc.o):(.text)
            1000             1000        1    16         /b/libdeps.a(cord.cc.o):(.text)
            1000             1000       20    16         /usr/lib/libstdc++.a(status.cc.o):(.text)
            1000             1000       10    16         /usr/lib/Scrt1.o:(.text)
            1000             1000        8    16         runner.o:(.text)
            1000             1000        4    16         <internal>:(.rodata)
            1000             1000        2    16         /b/libzz.a(odd.o):(.text)
"""


@pytest.fixture
def artefact(tmp_path: Path) -> SizeInput:
    compiler, strip = shutil.which("cc"), shutil.which("strip")
    if not (compiler and strip):
        pytest.skip("needs the host's cc and strip")
    (tmp_path / "main.c").write_text("int main(void) { return 0; }", encoding="utf-8")
    program = tmp_path / "runner"
    subprocess.run([compiler, "-g", str(tmp_path / "main.c"), "-o", str(program)], check=True)
    (tmp_path / "libtf.a").write_bytes(b"x" * 12345)
    (tmp_path / "map").write_text(MAP, encoding="utf-8")
    return SizeInput(
        plan=PLAN,
        archives=(tmp_path / "libtf.a",),
        program=program,
        strip=Path(strip),
        folder=tmp_path / "size",
        link_map=tmp_path / "map",
    )


def test_sizes(artefact: SizeInput) -> None:
    report = measure(artefact)
    stripped = (artefact.folder / "runner-stripped").read_bytes()
    assert report.archive == 12345
    assert report.linked == artefact.program.stat().st_size
    assert report.stripped == len(stripped) < report.linked
    assert report.gzip == len(gzip.compress(stripped, 9))
    assert report.xz == len(lzma.compress(stripped, preset=9))


def test_contributors_by_dependency(artefact: SizeInput) -> None:
    found = {item.name: item.size for item in measure(artefact).dependencies}
    assert found == {
        "protobuf": 0x780,
        "tensorflow kernels": 0x500,
        "tensorflow runtime": 0x360,
        "tensorflow protos": 0x200,
        "abseil": 0x41,
        "C and C++ libraries": 0x30,
        "app (the runner)": 8,
        "linker tables and merged strings": 4,
        "zz": 2,
    }
    assert list(found.values()) == sorted(found.values(), reverse=True)


def test_contributors_by_file_and_op(artefact: SizeInput) -> None:
    report = measure(artefact)
    assert [(item.name, item.size, item.detail) for item in report.files[1:3]] == [
        (RELU, 0x500, "tensorflow kernels"),
        ("tensorflow/core/framework/tensor.cc", 0x300, "tensorflow runtime"),
    ]
    assert "protobuf: google/protobuf/status.cc" in {item.name for item in report.files}
    (op,) = report.ops
    assert (op.name, op.size, op.detail) == ("Relu, Relu6", 0x500, "relu_op.cc")


def test_objects_of_a_makefile_have_no_suffix_of_the_source(artefact: SizeInput) -> None:
    assert artefact.link_map is not None
    before = measure(artefact).files
    text = artefact.link_map.read_text()
    artefact.link_map.write_text(text.replace(".cc.o)", ".o)"))
    assert measure(artefact).files == before
    assert artefact.link_map.read_text() != text


def test_dependencies_are_not_taken_for_tensorflow(artefact: SizeInput) -> None:
    """Nothing of them is planned; one of their objects is called as one of TensorFlow's."""
    assert artefact.link_map is not None
    files = tuple(file for file in artefact.plan.files if file.root == "tensorflow")
    plan = dataclasses.replace(artefact.plan, files=files)
    text = artefact.link_map.read_text().replace("/b/libpb.a", "/b/libtensorflow_deps.a")
    artefact.link_map.write_text(text)
    files_found = measure(dataclasses.replace(artefact, plan=plan)).files
    found = {item.name: item.size for item in files_found}
    assert found["tensorflow_deps: status.cc"] == 0x80
    assert found["tensorflow_deps: message.cc"] == 0x700


def test_without_a_map_there_are_no_contributors(artefact: SizeInput) -> None:
    report = measure(replace(artefact, link_map=None))
    assert (report.dependencies, report.files, report.ops) == ((), (), ())
    assert report.stripped > 0


def test_no_strip_program(artefact: SizeInput) -> None:
    with pytest.raises(ToolError, match="strip-that-is-not-there"):
        measure(replace(artefact, strip=Path("/strip-that-is-not-there")))


def test_the_budget(artefact: SizeInput) -> None:
    report = measure(artefact)
    require_budget(report)
    require_budget(_limited(report, stripped=report.stripped))
    with pytest.raises(BudgetError) as caught:
        require_budget(_limited(report, stripped=report.stripped - 1))
    assert caught.value.exit_code == ExitCode.OVER_BUDGET
    text = str(caught.value)
    assert text.startswith("targets/pi.yaml:1: size_budget.stripped: program, stripped: ")
    assert f"{report.stripped:,} bytes, 1 more than the budget" in text
    assert f"1,280  {RELU}" in text
    assert "1,280  tensorflow kernels" in text


@pytest.mark.parametrize("name", ["archive", "linked", "stripped", "compressed"])
def test_each_size_has_its_own_budget(artefact: SizeInput, name: str) -> None:
    report = measure(artefact)
    size = report.limited[name]
    require_budget(_limited(report, **{name: size}))
    with pytest.raises(BudgetError, match=rf"size_budget\.{name}: .* {size:,} bytes, 1 more than"):
        require_budget(_limited(report, **{name: size - 1}))


def test_all_that_is_exceeded_is_told_at_once(artefact: SizeInput) -> None:
    report = _limited(measure(artefact), archive=12345, linked=1, compressed=2)
    with pytest.raises(BudgetError) as caught:
        require_budget(report)
    first, second = caught.value.problems
    assert (first.where, first.todo) == ("targets/pi.yaml:2", "")
    assert first.what.startswith("size_budget.linked: program, linked: ")
    assert second.what.startswith("size_budget.compressed: stripped, gzip -9: ")
    assert (second.where, second.todo[:24]) == ("targets/pi.yaml:3", "the largest contributors")


def _limited(report: SizeReport, **limits: int) -> SizeReport:
    found = (
        SizeLimit(name=name, most=most, where=f"targets/pi.yaml:{line}")
        for line, (name, most) in enumerate(limits.items(), 1)
    )
    return replace(report, limits=tuple(found))


def test_namesakes_in_one_archive_share_a_line(artefact: SizeInput) -> None:
    assert artefact.link_map is not None
    text = MAP.replace("libpb.a", "libdeps.a")
    artefact.link_map.write_text(text, encoding="utf-8")
    files = {item.name: item.size for item in measure(artefact).files}
    assert files["abseil: absl/status/status.cc or protobuf: google/protobuf/status.cc"] == 0xC0
    assert files["tensorflow/core/platform/status.cc"] == 0x60


def test_contributors_by_half(artefact: SizeInput, tmp_path: Path) -> None:
    """Where TensorFlow Lite and TensorFlow are both in it, files of one name are told apart by
    their archives."""
    lite, flex = "/b/libtensorflow-lite.a", "/b/libtensorflow-lite-flex.a"
    rows = {
        f"{lite}(subgraph.cc.o)": 0x10,
        f"{flex}(subgraph.cc.o)": 0x200,
        f"{flex}(kernel.cc.o)": 0x20,
        f"{lite}(lite_ops.cc.o)": 0x1,
        f"{lite}(status.cc.o)": 0x40,
    }
    lines = [
        f"{1000:16} {1000:16} {size:8x}    16         {name}:(.text)" for name, size in rows.items()
    ]
    header, section = MAP.splitlines()[:2]
    (tmp_path / "map").write_text("\n".join((header, section, *lines, "")), encoding="utf-8")
    plan = dataclasses.replace(
        PLAN,
        files=(
            _file("tensorflow/core/graph/subgraph.cc", FileKind.RUNTIME),
            _file("tensorflow/lite/core/subgraph.cc", FileKind.RUNTIME),
            _file("tensorflow/lite/delegates/flex/kernel.cc", FileKind.RUNTIME),
            _file("lite_ops.cc", FileKind.OP, "generated"),
            _file("absl/status/status.cc", FileKind.DEPENDENCY, "abseil"),
        ),
    )
    report = measure(dataclasses.replace(artefact, plan=plan))
    assert {item.name: item.size for item in report.halves} == {
        "TensorFlow and the Flex delegate": 0x220,
        "TensorFlow Lite": 0x11,
        "dependencies, C++ library, linker": 0x40,
    }
    assert {item.name for item in report.dependencies} == {
        *("tensorflow runtime", "flex delegate", "tensorflow lite runtime", "abseil"),
    }
    assert measure(artefact).halves == ()


def test_several_files_together(artefact: SizeInput) -> None:
    one = measure(artefact)
    both = joined([one, one])
    assert (both.linked, both.stripped, both.archive) == (
        *(2 * one.linked, 2 * one.stripped, one.archive),
    )
    assert [item.name for item in both.files] == [item.name for item in one.files]
    assert sum(item.size for item in both.ops) == 2 * sum(item.size for item in one.ops)


def test_the_fingerprint_has_a_line_of_its_own(artefact: SizeInput) -> None:
    assert artefact.link_map is not None
    line = "            1000             1000       b4    16         /b/libtf.a({}):(.note)\n"
    with artefact.link_map.open("a", encoding="utf-8") as file:
        file.write(line.format("buildtool_fingerprint.o"))
    found = {each.name: each.size for each in measure(artefact).dependencies}
    assert found["fingerprint"] == 0xB4
