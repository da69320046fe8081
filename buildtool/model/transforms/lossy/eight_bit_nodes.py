"""Which nodes can compute in eight bits, and how TensorFlow's Graph Transform Tool is told of them.

That tool replaces every node of an op that it knows, whatever the node's attributes say: it drops
dilations, explicit paddings and the order of channels, and what the eight-bit kernels do not take
shows when the model runs. So it is told of those nodes alone that are right, each with all
attributes that it reads. What the kernels take is in ``quantized_*_op*.cc`` of TensorFlow 2.14.1's
``core/kernels``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np

from buildtool.core.datatypes import short
from buildtool.model.attributes import Attr
from buildtool.model.encoding import (
    bool_attr,
    constant,
    int_attr,
    ints_attr,
    make_node,
    string_attr,
    type_attr,
)
from buildtool.model.graphdef import GraphDef, Node
from buildtool.model.interface import depending
from buildtool.model.transforms.lossy.weights import OTHER_FLOATS
from buildtool.model.transforms.transform import View, controls, full, plain_inputs

FLOAT = "DT_FLOAT"
Refusal: TypeAlias = str


class Form(NamedTuple):
    """A node as the tool is told of it. ``floats`` are the places of those inputs that become
    bytes; ``made`` are constants that it takes and that the graph does not have."""

    node: Node
    floats: tuple[int, ...]
    made: tuple[Node, ...] = ()


def eight_bit_form(node: Node, view: View) -> Form | Refusal | None:
    """How the tool is told of a node; why it cannot compute in eight bits; None for one of another
    op, or of numbers that are no floats."""
    read = _FORMS.get(node.op)
    if read is None:
        return None
    dtype = str(node.value("T", "type") or FLOAT)
    if dtype in OTHER_FLOATS:
        return f"its numbers are of type {short(dtype)}, and only float is changed"
    if dtype != FLOAT:
        return None
    if controls(node):
        return "it waits for another node"
    if node.value("data_format", "string") not in (None, b"NHWC"):
        return "its channels come first, and eight-bit kernels take them last"
    return read(node, view)


def _with_attributes(node: Node, inputs: Sequence[str], **attrs: Attr) -> Node:
    return make_node(node.name, node.op, inputs, T=type_attr(FLOAT), **attrs)


def _elementwise(node: Node, view: View) -> Form:
    del view
    inputs = plain_inputs(node)
    return Form(_with_attributes(node, inputs), tuple(range(len(inputs))))


def _product(node: Node, view: View) -> Form:
    del view
    turned = {
        name: bool_attr(bool(node.value(name, "bool"))) for name in ("transpose_a", "transpose_b")
    }
    return Form(_with_attributes(node, plain_inputs(node), **turned), (0, 1))


def _convolution(node: Node, view: View) -> Form | Refusal:
    strides, spread = _ints(node, "strides"), _ints(node, "dilations")
    if len(strides) != 4 or strides[0] != 1 or strides[3] != 1 or strides[1] != strides[2]:
        return "its strides differ, and eight-bit kernels take one for rows and columns"
    if any(each != 1 for each in spread):
        return "it is dilated, and no eight-bit kernel is"
    image, kernel = (view.shapes.of_input(node, place) for place in (0, 1))
    depths = [dims[axis] for dims, axis in ((image, 3), (kernel, 2)) if dims and len(dims) == 4]
    if len({each for each in depths if isinstance(each, int)}) == 2:
        return "its channels are in groups, and no eight-bit kernel takes these"
    return _windowed(node, (0, 1), strides=ints_attr(strides))


def _pool(node: Node, view: View) -> Form | Refusal:
    del view
    window, strides = _ints(node, "ksize"), _ints(node, "strides")
    if any(len(each) != 4 or each[0] != 1 or each[3] != 1 for each in (window, strides)):
        return "it pools more than rows and columns"
    return _windowed(node, (0,), ksize=ints_attr(window), strides=ints_attr(strides))


def _windowed(node: Node, floats: tuple[int, ...], **attrs: Attr) -> Form | Refusal:
    padding = node.value("padding", "string")
    if padding not in (b"SAME", b"VALID"):
        return "its padding is explicit, which no eight-bit kernel takes"
    return Form(
        _with_attributes(node, plain_inputs(node), padding=string_attr(padding), **attrs), floats
    )


def _joined(node: Node, view: View) -> Form | Refusal:
    """A concatenation. Eight-bit kernels take the axis first, and count from the front."""
    inputs = plain_inputs(node)
    values, where = (inputs[1:], inputs[0]) if node.op == "Concat" else (inputs[:-1], inputs[-1])
    axis = view.value(where)
    if axis is None or axis.size != 1:
        return "its axis is no constant"
    place = int(axis.reshape(())[()])
    if place < 0:
        ranks = {len(dims) for dims in map(view.shapes.__getitem__, values) if dims is not None}
        if not ranks:
            return "its axis counts from the end of a shape that is not known"
        place += max(ranks)
    new = constant(view.fresh(f"{node.name}_eightbit_axis"), np.array(place, np.int32))
    joined = _with_attributes(node, (new.name, *values), N=int_attr(len(values)))
    return Form(joined._replace(op="Concat"), tuple(range(1, len(values) + 1)), (new,))


def _reshaped(node: Node, view: View) -> Form | Refusal:
    del view
    if node.value("Tshape", "type") not in (None, "DT_INT32"):
        return "its shape is not of type int32"
    return Form(_with_attributes(node, plain_inputs(node), Tshape=type_attr("DT_INT32")), (0,))


def _ints(node: Node, name: str) -> tuple[int, ...]:
    value = node.value(name, "list(int)")
    return value if isinstance(value, tuple) else ()


_FORMS: Mapping[str, Callable[[Node, View], Form | Refusal]] = {
    "AvgPool": _pool,
    "BiasAdd": _elementwise,
    "Concat": _joined,
    "ConcatV2": _joined,
    "Conv2D": _convolution,
    "MatMul": _product,
    "MaxPool": _pool,
    "Relu": _elementwise,
    "Relu6": _elementwise,
    "Reshape": _reshaped,
}
# Those that gain by it: the others only save a way from bytes to floats and back.
_WORTH = frozenset({"Conv2D", "MatMul"})
# What a branch and a loop begin with, and what ends them.
_WAYS = (
    ({"Switch", "RefSwitch"}, {"Merge", "RefMerge", "Exit"}),
    ({"Enter", "RefEnter"}, {"Exit", "RefExit"}),
)


def fed_with_floats(forms: Mapping[str, Form]) -> frozenset[str]:
    """The nodes, but for convolutions and products, that would take nothing in bytes if the others
    computed in bytes: their own would be less exact, for nothing."""
    takers: dict[str, set[str]] = {name: set() for name in forms}
    for name, form in forms.items():
        for place in form.floats:
            source, _, port = full(form.node.inputs[place]).rpartition(":")
            if source in takers and port == "0":
                takers[source].add(name)
    reached = {name for name, form in forms.items() if form.node.op in _WORTH}
    waiting = list(reached)
    while waiting:
        fresh = takers[waiting.pop()] - reached
        reached |= fresh
        waiting += fresh
    return frozenset(forms) - reached


def in_control_flow(graph: GraphDef) -> frozenset[str]:
    """The nodes that may run another number of times than once: in loops and branches."""
    found: set[str] = set()
    for first, last in _WAYS:
        starts = [node.name for node in graph.nodes if node.op in first]
        ends = {node.name for node in graph.nodes if node.op in last}
        found |= depending(graph, starts, until=ends, control=True) - ends
    return frozenset(found)
