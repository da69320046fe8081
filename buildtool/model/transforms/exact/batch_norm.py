"""Newer releases of FusedBatchNorm to the first one."""

from __future__ import annotations

import numpy as np

from buildtool.model.attributes import float_of
from buildtool.model.encoding import make_node, string_attr
from buildtool.model.graphdef import Node
from buildtool.model.transforms.exact.newer_ops import element_type, helper
from buildtool.model.transforms.transform import (
    View,
    controls,
    full,
    node_transform,
    plain_inputs,
    renamed,
)

_TO_LAST, _TO_FIRST = (0, 2, 3, 1), (0, 3, 1, 2)


def _batch_norm(node: Node, view: View) -> tuple[Node, ...] | str | None:
    if view.knows(node.op):
        return None
    fault = _fault(node, view)
    if fault:
        return fault
    is_float = element_type(node) == "DT_FLOAT"
    op = "FusedBatchNorm" if is_float else "FusedBatchNormV2"
    made = renamed(node, op, without=("exponential_avg_factor", *(["U"] if is_float else [])))
    if node.value("data_format", "string") != b"NCHW":
        return (made,)
    return _channels_last(made, view)


def _fault(node: Node, view: View) -> str:
    """Why the older op would not do the same, empty if it does."""
    if view.consumers.get(f"{node.name}:5"):
        return "its sixth output is used, which the older op does not have"
    training = node.value("is_training", "bool") is not False
    if training and float_of(node.attrs.get("exponential_avg_factor"), 1.0) != 1.0:
        return "it keeps averages (exponential_avg_factor), which the older op does not"
    if training and not all(_is_empty(view, name) for name in plain_inputs(node)[3:5]):
        return "it is in training mode with a mean and variance, which must be empty constants"
    if element_type(node, "U") not in ("", "DT_FLOAT"):
        return "its statistics are not float"
    return ""


def _is_empty(view: View, tensor: str) -> bool:
    shape = view.shapes[tensor]
    return shape is not None and 0 in shape


def _channels_last(node: Node, view: View) -> tuple[Node, ...] | str:
    """The older CPU kernel takes channels last only: turn the image there and back."""
    if any(view.consumers.get(f"{node.name}:{port}") for port in range(1, 5)):
        return "its channels come first and its statistics are used"
    image, *others = plain_inputs(node)
    there = helper(view, node, "to_nhwc", np.array(_TO_LAST, np.int32))
    back = helper(view, node, "to_nchw", np.array(_TO_FIRST, np.int32))
    kind = node.attrs["T"]
    turned = make_node(view.fresh(f"{node.name}/nhwc"), "Transpose", (image, there.name), T=kind)
    normed = node._replace(
        name=view.fresh(f"{node.name}/norm"),
        inputs=(turned.name, *others, *controls(node)),
        attrs={**node.attrs, "data_format": string_attr(b"NHWC")},
    )
    inputs = (full(normed.name).removesuffix(":0"), back.name)
    result = make_node(node.name, "Transpose", inputs, T=kind)._replace(rest=node.rest)
    return there, back, turned, normed, result


BATCH_NORM = node_transform(
    "batch-norm",
    "`FusedBatchNormV3` and `V2` become `FusedBatchNorm` (`V2` where it is of half precision), "
    "where no running averages are kept. Channels first are turned to channels last and back, as "
    "older CPU kernels take only those.",
    ["FusedBatchNormV3", "FusedBatchNormV2"],
    _batch_norm,
)
