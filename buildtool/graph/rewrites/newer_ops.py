"""Ops that are an older one under a newer name, or a few older ones."""

from __future__ import annotations

import numpy as np

from buildtool.graph.attributes import float_of
from buildtool.graph.encoding import constant, make_node
from buildtool.graph.graphdef import Node
from buildtool.graph.rewrites.base import (
    View,
    controls,
    node_rewrite,
    plain_inputs,
    renamed,
)
from buildtool.graph.specs import type_list
from buildtool.graph.tensors import TYPES, Array


def helper(view: View, node: Node, part: str, array: Array) -> Node:
    """A constant beside ``node``. It waits for the node's first input, so that it stands in the
    same loop and the same branch."""
    made = constant(view.fresh(f"{node.name}/{part}"), array)
    first = next(iter(plain_inputs(node)), "")
    return made._replace(inputs=(f"^{first.partition(':')[0]}",) if first else ())


def element_type(node: Node, attr: str = "T") -> str:
    """The type that an attribute of the node names, as in ``DT_FLOAT``."""
    return next(iter(type_list(node.attrs.get(attr)) or ()), "")


def _add(node: Node, view: View) -> tuple[Node, ...] | None:
    return None if view.knows("AddV2") else (renamed(node, "Add"),)


def _leaky_relu(node: Node, view: View) -> tuple[Node, ...] | str | None:
    if view.knows("LeakyRelu"):
        return None
    kind = element_type(node) or "DT_FLOAT"
    alpha = float_of(node.attrs.get("alpha"), 0.2)
    if kind not in TYPES:
        return f"its type {kind} has no arrays here"
    slope = helper(view, node, "alpha", np.array(alpha, TYPES[kind]))
    features = plain_inputs(node)[0]
    kept = {"T": node.attrs["T"]} if "T" in node.attrs else {}
    scaled = make_node(view.fresh(f"{node.name}/scaled"), "Mul", (features, slope.name), **kept)
    op = "Maximum" if alpha <= 1 else "Minimum"
    result = node._replace(op=op, inputs=(features, scaled.name, *controls(node)), attrs=kept)
    return slope, scaled, result


def _select(node: Node, view: View) -> tuple[Node, ...] | str | None:
    if view.knows("SelectV2"):
        return None
    condition, then, other = (view.shapes[name] for name in plain_inputs(node))
    if then is None or then != other:
        return "its branches are not known to have one shape, and Select does not broadcast"
    if condition not in (then, ()):
        return "its condition is not known to have the shape of its branches"
    return (renamed(node, "Select"),)


def _gather(node: Node, view: View) -> tuple[Node, ...] | str | None:
    if view.knows("GatherV2"):
        return None
    params, indices, axis = plain_inputs(node)
    number = view.value(axis)
    if number is None or number.size != 1 or int(number.ravel()[0]) != 0:
        return "its axis is not the constant 0, and Gather knows no other"
    if node.value("batch_dims", "int"):
        return "it has batch dimensions, which Gather does not"
    made = renamed(node, "Gather", without=("Taxis", "batch_dims"))
    return (made._replace(inputs=(params, indices, *controls(node))),)


ADD = node_rewrite("add", "`AddV2` becomes `Add`.", ["AddV2"], _add)
LEAKY_RELU = node_rewrite(
    "leaky-relu",
    "`LeakyRelu` becomes the larger of `x` and `alpha * x` (the smaller, for an alpha above 1).",
    ["LeakyRelu"],
    _leaky_relu,
)
SELECT = node_rewrite(
    "select",
    "`SelectV2` becomes `Select`, where the shapes are known to be the same.",
    ["SelectV2"],
    _select,
)
GATHER = node_rewrite(
    "gather", "`GatherV2` along the first axis becomes `Gather`.", ["GatherV2"], _gather
)
