"""Ops that TensorFlow's own optimiser made of several, in graphs that were saved after it.

The fusions are those of ``core/grappler/optimizers/remapper.cc``. A release may want another
attribute of them than the one that made the graph, or have no CPU kernel for them. The converter of
TensorFlow.js makes more of them, under names that TensorFlow does not have.
"""

from __future__ import annotations

from collections.abc import Iterator

from buildtool.model.attributes import Attr, float_of
from buildtool.model.encoding import bool_attr, float_attr, make_node, type_attr, types_attr
from buildtool.model.graphdef import Node
from buildtool.model.transforms.exact.newer_ops import element_type, leaky_relu
from buildtool.model.transforms.transform import (
    View,
    controls,
    node_transform,
    plain_inputs,
)

# What each begins with, and the attributes that are its own.
_BASES = {
    "_FusedConv2D": "Conv2D",
    "_FusedDepthwiseConv2dNative": "DepthwiseConv2dNative",
    "_FusedMatMul": "MatMul",
    "FusedDepthwiseConv2dNative": "DepthwiseConv2dNative",
}
_PRELU = "Prelu"
_OWN = (
    *("T", "strides", "padding", "explicit_paddings", "data_format", "dilations"),
    *("use_cudnn_on_gpu", "transpose_a", "transpose_b"),
)
# How many further inputs each part takes.
_TAKES = {
    "BiasAdd": 1,
    "FusedBatchNorm": 4,
    "Add": 1,
    "LeakyRelu": 0,
    _PRELU: 1,
    **dict.fromkeys(("Relu", "Relu6", "Elu", "Tanh", "Sigmoid"), 0),
}
_LAID_OUT = ("BiasAdd", "FusedBatchNorm")
_FLOATS = ("DT_FLOAT", "DT_DOUBLE", "DT_HALF", "DT_BFLOAT16")
_EPSILON, _ALPHA = 0.0001, 0.2


def _fused(node: Node, view: View) -> tuple[Node, ...] | str | None:
    spec = view.tree.specs[node.op]
    if spec is not None and (spec.is_open or _runs(node, view)):
        return _with_types(node) if "TArgs" in spec.attrs and "TArgs" not in node.attrs else None
    return _split(node, view)


def _runs(node: Node, view: View) -> bool:
    """Does a CPU kernel of the tree do it as it is?"""
    limits = (limit for limit in view.tree.facts.cpu_limits if limit.op == node.op)
    fusions = (limit for limit in limits if limit.attribute == "fused_ops")
    return not any(limit.forbidden(node.attrs) for limit in fusions)


def _with_types(node: Node) -> tuple[Node, ...] | str:
    """The types of further inputs, which older releases did not name: all are that of the first."""
    count = node.value("num_args", "int")
    kind = element_type(node)
    if kind not in _FLOATS or not isinstance(count, int):
        return "its type and the number of its inputs do not say of what types they are"
    return (node._replace(attrs={**node.attrs, "TArgs": types_attr([kind] * count)}),)


def _split(node: Node, view: View) -> tuple[Node, ...] | str:
    fault = _fault(node)
    if fault:
        return fault
    if node.op == _PRELU:
        head, *middle, last = _prelu(node.name, plain_inputs(node), node, view)
        head = head._replace(inputs=(*head.inputs, *controls(node)))
        return (head, *middle, last._replace(rest=node.rest))
    first, second, *others = plain_inputs(node)
    own = {name: node.attrs[name] for name in _OWN if name in node.attrs}
    base = _BASES[node.op]
    inputs = (first, second, *controls(node))
    made = [make_node(view.fresh(f"{node.name}/{base}"), base, inputs, **own)]
    rest = iter(others)
    for part in _parts(node):
        taken = (made[-1].name, *(next(rest) for _ in range(_TAKES[part])))
        name = view.fresh(f"{node.name}/{part}")
        if part == _PRELU:
            made += _prelu(name, taken, node, view)
            continue
        added = make_node(name, part, taken, **_attrs(part, node))
        older = leaky_relu(added, view) if part == "LeakyRelu" else None
        if isinstance(older, str):
            return older
        made += older or (added,)
    made[-1] = made[-1]._replace(name=node.name, rest=node.rest)
    return tuple(made)


def _prelu(name: str, taken: tuple[str, ...], node: Node, view: View) -> tuple[Node, ...]:
    """``Relu(x) - slope * Relu(-x)``, one of whose terms is zero; the last node is ``name``."""
    x, slope = taken
    kept = {"T": node.attrs.get("T", type_attr("DT_FLOAT"))}  # TensorFlow.js has no other floats
    fresh = [view.fresh(f"{name}/{part}") for part in ("above", "negative", "below", "scaled")]
    above, negative, below, scaled = fresh
    return (
        make_node(above, "Relu", (x,), **kept),
        make_node(negative, "Neg", (x,), **kept),
        make_node(below, "Relu", (negative,), **kept),
        make_node(scaled, "Mul", (slope, below), **kept),
        make_node(name, "Sub", (above, scaled), **kept),
    )


def _parts(node: Node) -> tuple[str, ...]:
    """The ops that follow the first one."""
    if node.op == _PRELU:
        return (_PRELU,)
    parts = node.value("fused_ops", "list(string)")
    items = parts if isinstance(parts, tuple) else ()
    return tuple(item.decode("utf-8", "replace") for item in items if isinstance(item, bytes))


def _fault(node: Node) -> str:
    """Why the parts are not known to do the same, empty if they are."""
    parts = _parts(node)
    unknown = [part for part in parts if part not in _TAKES]
    if unknown or not parts:
        return f"what it fuses is not known: {', '.join(unknown)}".removesuffix(": ")
    takes = (1 if node.op == _PRELU else 2) + sum(_TAKES[part] for part in parts)
    if len(plain_inputs(node)) != takes:
        return f"what it fuses takes {takes} inputs, and it has {len(plain_inputs(node))}"
    if element_type(node) not in _FLOATS and not (node.op == _PRELU and "T" not in node.attrs):
        return "its type is none of floating point, which its parts would round otherwise"
    if "FusedBatchNorm" in parts and element_type(node) != "DT_FLOAT":
        return "its type is not float, and that of the normalisation in it is"
    if node.value("filter_format", "string") not in (None, b"HWIO"):
        return "its filters have their channels first"
    return ""


def _attrs(part: str, node: Node) -> dict[str, Attr]:
    attrs = dict(_more(part, node))
    layout = node.attrs.get("data_format")
    if layout is not None and part in _LAID_OUT:
        attrs["data_format"] = layout
    return {"T": node.attrs["T"], **attrs}


def _more(part: str, node: Node) -> Iterator[tuple[str, Attr]]:
    if part == "FusedBatchNorm":
        yield "epsilon", float_attr(float_of(node.attrs.get("epsilon"), _EPSILON))
        yield "is_training", bool_attr(False)
    elif part == "LeakyRelu":
        yield "alpha", float_attr(float_of(node.attrs.get("leakyrelu_alpha"), _ALPHA))


FUSED_OPS = node_transform(
    "fused-ops",
    "`_FusedConv2D` and `_FusedMatMul` of older releases get the types that the tree wants of them "
    "(`TArgs`); where it has no CPU kernel for them, they and `_FusedDepthwiseConv2dNative` become "
    "the ops that they were made of. So do `Prelu` and `FusedDepthwiseConv2dNative`, which only "
    "TensorFlow.js has.",
    (*_BASES, _PRELU),
    _fused,
)
