"""The file that registers the ops of ``.tflite`` models, and no others: ``RegisterSelectedOps``, as
TensorFlow's own selective build of TensorFlow Lite calls it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from buildtool.core.lite_names import BUILTIN, is_lite, version_of
from buildtool.core.render import Renderer
from buildtool.core.values import BuildPlan

LITE_OPS = "lite_ops.cc"


@dataclass(frozen=True, kw_only=True)
class _Added:
    """An op, whether it is in the schema, a function that gives a kernel of it, the versions."""

    op: str
    builtin: bool
    function: str
    first: int
    last: int


def render_lite_ops(renderer: Renderer, folder: str, plan: BuildPlan) -> None:
    """Write it below ``folder``."""
    renderer.render(
        f"{folder}/{LITE_OPS}", f"native/{LITE_OPS}.j2", target=plan.target, ops=list(_ops(plan))
    )


def _ops(plan: BuildPlan) -> Iterator[_Added]:
    for op, _ in plan.ops:
        versions: dict[str, list[int]] = {}
        for kernel in plan.kernels:
            found = kernel.registration
            # TensorFlow's own register themselves.
            if found.op == op and is_lite(found.kernel_class):
                versions.setdefault(found.kernel_class, []).append(version_of(found.label))
        for function, numbers in versions.items():
            yield _Added(
                op=op,
                builtin=function.startswith(BUILTIN),
                function=function,
                first=min(numbers),
                last=max(numbers),
            )
