"""Weights with few different values: as many bytes in the file, far fewer once it is compressed.

What is computed is what ``round_weights`` of TensorFlow 2.14.1 computes, to the bit
(``tools/graph_transforms/round_weights.cc``), where that is right. It is not for numbers that are
all the same, which it moves, or all negative, whose greatest it takes to be 0.
"""

from __future__ import annotations

import numpy as np

from buildtool.model.encoding import tensor_attr
from buildtool.model.graphdef import GraphDef, Node
from buildtool.model.tensors import Array
from buildtool.model.transforms.lossy.weights import (
    SMALLEST,
    Refusal,
    change_weights,
    extremes,
)
from buildtool.model.transforms.transform import Result, Setting, Transform, View


def rounded(values: Array, steps: int) -> Array | Refusal | None:
    """The numbers, each in the middle of its step; or why they cannot be rounded; None if they are
    all the same. The greatest number begins a step of its own, above the others."""
    found = extremes(values)
    if isinstance(found, str):
        return found
    low, high = found
    if low == high:
        return None
    width = np.float32(high - low) / np.float32(steps)
    if width < SMALLEST:
        return "its numbers are too close together to be rounded"
    result = np.subtract(values, low, dtype=np.float32)
    result /= width
    np.floor(result, out=result)
    result += np.float32(0.5)
    result *= width
    result += low
    if not np.isfinite(result.max()):
        return "its greatest number has no room above it"
    return result


def _apply(graph: GraphDef, setting: Setting) -> Result:
    steps = int(str(setting.parameters["weight_steps"]))

    def change(node: Node, array: Array, _: View) -> tuple[Node, ...] | Refusal | None:
        found = rounded(array, steps)
        if found is None or isinstance(found, str):
            return found
        return (node._replace(attrs={**node.attrs, "value": tensor_attr(found)}),)

    return change_weights(graph, setting, change)


ROUND_WEIGHTS = Transform(
    name="round-weights",
    description="Each constant of `minimum_elements` or more floats is rounded to `weight_steps` "
    "values between its least and its greatest number. The model stays as large and as fast; an "
    "app's package that is compressed gets smaller. A number changes by half a step at most.",
    exact=False,
    apply=_apply,
    parameters={"weight_steps": 256, "minimum_elements": 16, "exclude": ()},
)
