"""What is generated for a plan of TensorFlow Lite, byte for byte: the project, and what tells an
app's build of the library."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from buildtool.backends.native.cmake_project import render_project
from buildtool.backends.native.native_dependencies import Dependency
from buildtool.backends.native.native_flavours import LITE
from buildtool.core.lite_names import BUILTIN, CUSTOM, version_label
from buildtool.core.render import Renderer
from buildtool.core.values import (
    BuildPlan,
    FileKind,
    PlannedFile,
    Registration,
    SelectedKernel,
)
from buildtool.products import dist
from buildtool.runtimes.lite.lite_runtime import LITE as RUNTIME

GOLDEN = Path(__file__).resolve().parent / "golden"
KERNELS = "tensorflow/lite/kernels"
DEPENDENCIES = (
    Dependency(name="flatbuffers", source="flatbuffers-1", include=("include",)),
    Dependency(name="ruy", source="ruy-1", include=(".",), sources=("ruy/*.cc",)),
)


def _kernel(op: str, function: str, source: str, version: int) -> SelectedKernel:
    registration = Registration(
        op=op,
        device="CPU",
        kernel_class=function,
        source=source,
        line=1,
        label=version_label(version),
    )
    return SelectedKernel(registration=registration, reason="test")


def _file(path: str, kind: FileKind, root: str = "tensorflow") -> PlannedFile:
    return PlannedFile(root=root, path=path, kind=kind, reason="test", required=True)


PLAN = BuildPlan(
    target="doorbell",
    tensorflow_version="2.14.1",
    tree_digest="0",
    models=(),
    defines=LITE.all_defines(types="model"),
    compile_flags=("-Os",),
    link_flags=(),
    ops=(("CONV_2D", f"{KERNELS}/conv.cc"), ("Mfcc", f"{KERNELS}/mfcc.cc")),
    kernels=(
        _kernel("CONV_2D", f"{BUILTIN}::Register_CONV_2D", f"{KERNELS}/conv.cc", 3),
        _kernel("CONV_2D", f"{BUILTIN}::Register_CONV_2D", f"{KERNELS}/conv.cc", 2),
        _kernel("Mfcc", f"{CUSTOM}::Register_MFCC", f"{KERNELS}/mfcc.cc", 1),
    ),
    types=("DT_FLOAT",),
    files=(
        _file("lite_ops.cc", FileKind.OP, "generated"),
        _file(f"{KERNELS}/conv.cc", FileKind.KERNEL),
        _file(f"{KERNELS}/mfcc.cc", FileKind.KERNEL),
        _file("ruy/trmul.cc", FileKind.DEPENDENCY, "ruy"),
    ),
)


def test_the_project(tmp_path: Path, golden: Callable[[Path, str], None]) -> None:
    renderer = Renderer(tmp_path)
    render_project(
        renderer, PLAN, selections={}, dependencies=DEPENDENCIES, proto_code="", flavour=LITE
    )
    names = sorted(json.loads(renderer.finish().read_text()))
    golden(GOLDEN / "names.txt", "".join(f"{name}\n" for name in names))
    # Others are the same for every runtime: tests/native has them.
    for name in ("CMakeLists.txt", "include/pthreadpool.h", "lite_ops.cc", "tensorflow_prefix.h"):
        golden(GOLDEN / f"{name}.golden", (tmp_path / "native" / name).read_text())


def test_what_an_app_s_build_reads(tmp_path: Path, golden: Callable[[Path, str], None]) -> None:
    """One archive, linked as any other: an app calls what it needs of it."""
    renderer = Renderer(tmp_path)
    platform = ("-pthread", "-lm")
    link_flags = dist.app_link_flags(("-Wl,--gc-sections",), platform, library=RUNTIME.library)
    dist.write_flags(
        renderer,
        target="doorbell",
        version="2.14.1",
        compile_flags=dist.app_compile_flags(PLAN.defines, standard="c++17"),
        link_flags=link_flags,
        library=RUNTIME.library,
    )
    own = ("lib/libtensorflow-lite.a", "-Wl,-u,buildtool_fingerprint")
    assert link_flags == (*own, "-Wl,--gc-sections", "-pthread", "-lm")
    for name in json.loads(renderer.finish().read_text()):
        golden(GOLDEN / "dist" / f"{name}.golden", (tmp_path / name).read_text())
