"""What every backend writes so that a library registers what its plan selects, and no more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from buildtool.core.render import Renderer
from buildtool.core.values import BuildPlan

# Kernel classes and ops of each file that registers some, by its path.
Selections = Mapping[str, tuple[Sequence[str], Sequence[str]]]

# Included by most of the tree's sources; worth precompiling.
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


def render_ops_to_register(renderer: Renderer, plan: BuildPlan, selections: Selections) -> None:
    """Write ``ops_to_register.h``: all that the library registers, in TensorFlow's own form."""
    renderer.render(
        "ops_to_register.h",
        "ops_to_register.h.j2",
        target=plan.target,
        version=plan.tensorflow_version,
        defines=plan.defines,
        ops=[op for op, _ in plan.ops],
        kernels=sorted({kernel for kernels, _ in selections.values() for kernel in kernels}),
    )


def render_selections(renderer: Renderer, folder: str, selections: Selections) -> None:
    """Write a small header below ``folder`` for each file that registers something: an object then
    depends on its own file's selection alone."""
    for source, (kernels, ops) in selections.items():
        renderer.render(
            f"{folder}/{source}.h",
            "selection.h.j2",
            source=source,
            kernels=kernels,
            ops=ops,
        )
