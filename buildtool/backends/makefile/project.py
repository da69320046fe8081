"""What make reads besides the tree: a plan written down as makefile and headers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from buildtool.backends.makefile.flags import LITE
from buildtool.plan import selections
from buildtool.render import Renderer
from buildtool.values import BuildPlan

# Included by most of the tree's sources.
PREFIX_HEADERS = (
    "tensorflow/core/framework/op_kernel.h",
    "tensorflow/core/framework/op.h",
    "tensorflow/core/framework/common_shape_fns.h",
    "tensorflow/core/framework/function.h",
    "tensorflow/core/framework/register_types.h",
    "tensorflow/core/framework/types.h",
    "tensorflow/core/graph/graph.h",
    "tensorflow/core/graph/algorithm.h",
    "tensorflow/core/common_runtime/device.h",
    "tensorflow/core/protobuf/config.pb.h",
)
LITE_SHIM = "include/google/protobuf/message_lite.h"
FOLDER = "makefile"
MORE = "selection.mk"


def object_name(path: str) -> str:
    """The object that the makefile makes of a file, below its folder of objects."""
    if path.endswith(".proto"):
        return path.removesuffix(".proto") + ".pb.o"
    return path.rpartition(".")[0] + ".o"


def render_project(renderer: Renderer, plan: BuildPlan, *, everything: bool = False) -> None:
    """Write what make reads of ``plan`` under ``makefile/``, and ``ops_to_register.h``. With
    ``everything``, the files that are compiled register all that they can."""
    chosen: Mapping[str, tuple[Sequence[str], Sequence[str]]] = selections(plan)
    renderer.render(
        "ops_to_register.h",
        "ops_to_register.h.j2",
        target=plan.target,
        version=plan.tensorflow_version,
        defines=plan.defines,
        ops=[op for op, _ in plan.ops],
        kernels=sorted({kernel for kernels, _ in chosen.values() for kernel in kernels}),
    )
    per_file = {} if everything else chosen
    renderer.render(
        f"{FOLDER}/{MORE}",
        "makefile/selection.mk.j2",
        selections=[(source, object_name(source)) for source in per_file],
    )
    renderer.render(
        f"{FOLDER}/tensorflow_prefix.h", "makefile/tensorflow_prefix.h.j2", headers=PREFIX_HEADERS
    )
    renderer.render(
        f"{FOLDER}/include/ops_to_register.h",
        "makefile/include/ops_to_register.h.j2",
        everything=everything,
    )
    if LITE in plan.defines:
        renderer.render(f"{FOLDER}/{LITE_SHIM}", f"makefile/{LITE_SHIM}.j2")
    for source, (kernels, ops) in per_file.items():
        renderer.render(
            f"{FOLDER}/selection/{source}.h",
            "selection.h.j2",
            source=source,
            kernels=kernels,
            ops=ops,
        )
