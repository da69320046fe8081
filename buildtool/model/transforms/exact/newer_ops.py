"""Ops that are an older one under a newer name, or a few older ones."""

from __future__ import annotations

import numpy as np

from buildtool.model.attributes import Attr, float_of
from buildtool.model.encoding import constant, make_node, type_attr
from buildtool.model.graphdef import Node
from buildtool.model.specs import type_list
from buildtool.model.tensors import TYPES, Array
from buildtool.model.transforms.transform import (
    View,
    controls,
    node_transform,
    plain_inputs,
    renamed,
)


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


def leaky_relu(node: Node, view: View) -> tuple[Node, ...] | str | None:
    """What becomes of a LeakyRelu, None where the tree has that op."""
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
    if then is not None and then == other and condition in (then, ()):
        return (renamed(node, "Select"),)
    if element_type(node) not in TYPES:
        return (
            "its inputs are not known to have one shape, and its type cannot be multiplied by one"
        )
    return _broadcast_select(node, view)


def _broadcast_select(node: Node, view: View) -> tuple[Node, ...]:
    """Select after all three inputs were given the shape that they have together: the condition
    by an or with false, the others by a product with one (or an and with true), which keep them
    as they are."""
    made: list[Node] = []

    def add(part: str, op: str, *inputs: str, **attrs: Attr) -> str:
        made.append(make_node(view.fresh(f"{node.name}/{part}"), op, inputs, **attrs))
        return made[-1].name

    def filled(part: str, value: Array, kind: Attr) -> str:
        made.append(helper(view, node, f"{part}_value", value))
        return add(part, "Fill", shape, made[-1].name, T=kind)

    kind, integers, logical = node.attrs["T"], type_attr("DT_INT32"), type_attr("DT_BOOL")
    condition, then, other = plain_inputs(node)
    shapes = [
        add(f"{part}_shape", "Shape", name, T=types)
        for part, name, types in (
            ("if", condition, logical),
            ("then", then, kind),
            ("else", other, kind),
        )
    ]
    both = add("then_else_shape", "BroadcastArgs", shapes[1], shapes[2], T=integers)
    shape = add("shape", "BroadcastArgs", shapes[0], both, T=integers)
    no = filled("no", np.array(False), logical)
    one = filled("one", np.array(1, TYPES[element_type(node)]), kind)
    is_logical = element_type(node) == "DT_BOOL"
    times, types = ("LogicalAnd", {}) if is_logical else ("Mul", {"T": kind})
    inputs = (
        add("if", "LogicalOr", condition, no),
        add("then", times, then, one, **types),
        add("else", times, other, one, **types),
    )
    return *made, renamed(node, "Select")._replace(inputs=(*inputs, *controls(node)))


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


def _ensure_shape(node: Node, view: View) -> tuple[Node, ...] | None:
    if view.knows("EnsureShape"):
        return None
    return (renamed(node, "Identity", without=("shape",)),)


ENSURE_SHAPE = node_transform(
    "ensure-shape",
    "`EnsureShape` becomes an `Identity`, which lets other shapes through.",
    ["EnsureShape"],
    _ensure_shape,
)
ADD = node_transform("add", "`AddV2` becomes `Add`.", ["AddV2"], _add)
LEAKY_RELU = node_transform(
    "leaky-relu",
    "`LeakyRelu` becomes the larger of `x` and `alpha * x` (the smaller, for an alpha above 1).",
    ["LeakyRelu"],
    leaky_relu,
)
SELECT = node_transform(
    "select",
    "`SelectV2` becomes `Select`. Where its inputs are not known to have the same shape, they are "
    "first broadcast to the shape that they have together.",
    ["SelectV2"],
    _select,
)
GATHER = node_transform(
    "gather", "`GatherV2` along the first axis becomes `Gather`.", ["GatherV2"], _gather
)
