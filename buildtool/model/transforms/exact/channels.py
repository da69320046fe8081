"""Images whose channels come first, for CPU kernels that take only those where they come last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from buildtool.model.encoding import ints_attr, make_node, string_attr, type_attr
from buildtool.model.graphdef import Node
from buildtool.model.transforms.exact.newer_ops import element_type, helper
from buildtool.model.transforms.transform import (
    View,
    controls,
    node_transform,
    plain_inputs,
)

_LAST = {b"NCHW": b"NHWC", b"NCDHW": b"NDHWC", b"CHANNELS_FIRST": b"CHANNELS_LAST"}
# Which inputs are images, and which hold a number for each dimension of one.
_GRADIENT = ("Conv2DBackpropInput", "Conv3DBackpropInputV2", "DepthwiseConv2dNativeBackpropInput")
_IMAGE = dict.fromkeys(_GRADIENT, 2)
_SIZES = {**dict.fromkeys(_GRADIENT, (0,)), "MaxPoolV2": (1, 2)}
_PER_DIMENSION = ("strides", "ksize", "dilations")
_OPS = (
    *("AvgPool", "AvgPool3D", "Conv", "Conv2D", "Conv3D", "DepthToSpace", "DepthwiseConv2dNative"),
    *("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3", "MaxPool", "MaxPool3D"),
    *("MaxPoolV2", "SpaceToDepth", "_FusedConv2D", *_GRADIENT),
)
_Item = TypeVar("_Item")


def _channels_last(node: Node, view: View) -> tuple[Node, ...] | str | None:
    layout = node.value("data_format", "string")
    limits = [limit for limit in view.tree.facts.cpu_limits if limit.op == node.op]
    if not any(limit.attribute == "data_format" for limit in limits) or layout not in _LAST:
        return None
    rank = _rank(node)
    if rank is None:
        return "its strides do not say how many dimensions its image has"
    if any(view.consumers.get(f"{node.name}:{port}") for port in range(1, 6)):
        return "it gives statistics that are used"
    if node.value("filter_format", "string") not in (None, b"HWIO"):
        return "its filters have their channels first, too"
    inputs = list(plain_inputs(node))
    made: list[Node] = []
    for place in _SIZES.get(node.op, ()):
        found = _turned_sizes(node, view, inputs[place], rank)
        if isinstance(found, str):
            return found
        made += found
        inputs[place] = found[-1].name
    image = _IMAGE.get(node.op, 0)
    turned = _transposed(node, view, inputs[image], "channels_last", _to_last(rank))
    inputs[image] = turned[-1].name
    inner = view.fresh(f"{node.name}/{node.op}")
    made += turned
    made.append(_with_last(node, rank)._replace(name=inner, inputs=(*inputs, *controls(node))))
    back = _transposed(node, view, inner, "channels_first", _to_first(rank))
    return *made, *back[:-1], back[-1]._replace(name=node.name, rest=node.rest)


def _to_last(rank: int) -> tuple[int, ...]:
    return (0, *range(2, rank), 1)


def _to_first(rank: int) -> tuple[int, ...]:
    return (0, rank - 1, *range(1, rank - 1))


def _rank(node: Node) -> int | None:
    """How many dimensions the image has, of which one is the batch."""
    layout = node.value("data_format", "string")
    if isinstance(layout, bytes) and layout.startswith(b"NC"):
        return len(layout)
    strides = node.value("strides", "list(int)")
    return len(strides) if isinstance(strides, tuple) else None


def _with_last(node: Node, rank: int) -> Node:
    """The node with what it says of dimensions in the other order."""
    attrs = dict(node.attrs)
    layout = node.value("data_format", "string")
    if isinstance(layout, bytes):
        attrs["data_format"] = string_attr(_LAST[layout])
    for name in _PER_DIMENSION:
        sizes = node.value(name, "list(int)")
        if isinstance(sizes, tuple) and len(sizes) == rank:
            attrs[name] = ints_attr(_ordered(sizes, rank))
    pads = node.value("explicit_paddings", "list(int)")
    if isinstance(pads, tuple) and len(pads) == 2 * rank:
        pairs = [pads[at : at + 2] for at in range(0, 2 * rank, 2)]
        attrs["explicit_paddings"] = ints_attr(n for pair in _ordered(pairs, rank) for n in pair)
    return node._replace(attrs=attrs, rest=b"")


def _ordered(items: Sequence[_Item], rank: int) -> list[_Item]:
    return [items[place] for place in _to_last(rank)]


def _transposed(
    node: Node, view: View, tensor: str, part: str, order: tuple[int, ...]
) -> tuple[Node, Node]:
    """The nodes that turn a tensor's dimensions; the last one gives it."""
    kind = node.attrs.get("T") or type_attr("DT_FLOAT")
    places = helper(view, node, f"{part}_order", np.array(order, np.int32))
    name = view.fresh(f"{node.name}/{part}")
    types = {"T": kind, "Tperm": type_attr("DT_INT32")}
    return places, make_node(name, "Transpose", (tensor, places.name), **types)


def _turned_sizes(node: Node, view: View, tensor: str, rank: int) -> tuple[Node, ...] | str:
    """The nodes that put a number for each dimension in the other order."""
    order = _to_last(rank)
    sizes = view.value(tensor)
    if sizes is not None and sizes.shape == (rank,):
        return (helper(view, node, "sizes", sizes[list(order)]),)
    if not view.knows("GatherV2"):
        return "its sizes are not constant, and this tree has no op GatherV2 to order them with"
    kind = element_type(node, "Tshape") or "DT_INT32"
    places = helper(view, node, "sizes_order", np.array(order, np.int32))
    axis = helper(view, node, "sizes_axis", np.array(0, np.int32))
    types = {"Tparams": kind, "Tindices": "DT_INT32", "Taxis": "DT_INT32"}
    attrs = {name: type_attr(value) for name, value in types.items()}
    inputs = (tensor, places.name, axis.name)
    name = view.fresh(f"{node.name}/sizes")
    return places, axis, make_node(name, "GatherV2", inputs, **attrs)


CHANNELS_LAST = node_transform(
    "channels-last",
    "Convolutions, pooling and the like whose channels come first, which the tree's CPU kernels do "
    "not run, become the same with channels last, between a `Transpose` there and one back.",
    _OPS,
    _channels_last,
)
