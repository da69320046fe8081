"""Tensor lists, in which newer releases keep what a loop gathers, to what older ones had for it."""

from __future__ import annotations

import numpy as np

from buildtool.model.attributes import Attr
from buildtool.model.encoding import bool_attr, int_attr, make_node, shape_attr, type_attr
from buildtool.model.graphdef import GraphDef, Node
from buildtool.model.tensors import TYPES
from buildtool.model.transforms.exact.defaults import unknown
from buildtool.model.transforms.exact.list_webs import (
    MAKERS,
    READERS,
    WRITE,
    Web,
    counts_up,
    find_webs,
)
from buildtool.model.transforms.exact.newer_ops import element_type, helper
from buildtool.model.transforms.transform import (
    Result,
    Setting,
    Transform,
    View,
    controls,
    full,
    plain_inputs,
)

_FLOAT, _INT32 = type_attr("DT_FLOAT"), type_attr("DT_INT32")
_OPS = (*MAKERS, *READERS, WRITE)


def _apply(graph: GraphDef, setting: Setting) -> Result:
    view = View(graph, setting)
    if not any(node.op in _OPS and _is_foreign(node, view) for node in graph.nodes):
        return Result(graph)
    made: dict[str, list[Node]] = {}
    refused = []
    for web in find_webs(view):
        fault = web.fault or (_slot_fault(web, view) and _array_fault(web, view))
        if fault:
            refused.append((web.maker.name, fault))
            continue
        maker = _Array(web, view) if _slot_fault(web, view) else _Slot(web, view)
        for node in web.nodes():
            made[node.name] = maker.replace(node)
    nodes = [part for node in graph.nodes for part in made.get(node.name, [node])]
    changed = tuple(node.name for node in graph.nodes if node.name in made)
    return Result(graph._replace(nodes=tuple(nodes)), changed, tuple(refused))


def _is_foreign(node: Node, view: View) -> bool:
    """Does the tree have no such op, or one with other inputs or fewer attributes?"""
    spec = view.tree.specs[node.op]
    if spec is None:
        return True
    return len(plain_inputs(node)) != len(spec.inputs) or bool(unknown(node, view))


def _slot_fault(web: Web, view: View) -> str:
    """Why the list is not a single tensor that is written again and again, empty if it is."""
    if web.maker.op != "TensorListReserve" or _element_shape(web, view) is None:
        return "its elements' shape is not a constant"
    if element_type(web.maker, "element_dtype") not in TYPES:
        return "its type has no arrays here"
    count = view.value(plain_inputs(web.maker)[1])
    if count is None or count.tolist() != 1:
        return "it holds more than one element"
    at = [view.value(plain_inputs(n)[1]) for n in (*web.writes, *web.reads) if "Item" in n.op]
    if any(place is None or place.tolist() != 0 for place in at):
        return "it is written at places that are not known"
    return ""


def _array_fault(web: Web, view: View) -> str:
    """Why a TensorArray, which is written once at each place, would not do; empty if it does."""
    if any(len(web.of(node)) > 2 for node in web.writes):
        return "it is written in a loop inside a loop"
    inside = [node for node in web.writes if web.of(node)]
    if len(inside) > 1 or (inside and len(web.writes) > 1):
        return "it is written in several places"
    if inside and not (len(web.of(inside[0])) == 1 and counts_up(plain_inputs(inside[0])[1], view)):
        return f"the place that {inside[0].name} writes to is not a counter of the loop"
    values = [view.value(plain_inputs(node)[1]) for node in web.writes if not web.of(node)]
    places = [None if value is None else int(value.ravel()[0]) for value in values]
    if None in places or len(set(places)) < len(places):
        return "it is written at places that are not known to differ"
    return "it is made of a tensor and written" * bool(
        web.writes and web.maker.op == "TensorListFromTensor"
    )


def _element_shape(web: Web, view: View) -> tuple[int, ...] | None:
    """The shape of the elements, as far as it is a constant; -1 for what it leaves open."""
    place = 0 if web.maker.op == "TensorListReserve" else 1
    value = view.value(plain_inputs(web.maker)[place])
    return None if value is None or value.ndim != 1 else tuple(int(size) for size in value)


def _with(node: Node, op: str, inputs: tuple[str, ...], **attrs: Attr) -> Node:
    """The node as another op, with the name and what it waits for kept."""
    inner = {name: attr for name, attr in node.attrs.items() if name.startswith("_")}
    return node._replace(op=op, inputs=(*inputs, *controls(node)), attrs={**inner, **attrs})


class _Slot:
    """A list of one element, as a plain tensor."""

    def __init__(self, web: Web, view: View) -> None:
        self._view, self._web = view, web
        self._kind = element_type(web.maker, "element_dtype")
        self._type = type_attr(self._kind)

    def replace(self, node: Node) -> list[Node]:
        """The nodes that take a node's place."""
        if node is self._web.maker:
            shape = [max(size, 0) for size in _element_shape(self._web, self._view) or ()]
            start = helper(self._view, node, "start", np.zeros(shape, TYPES[self._kind]))
            return [start, _with(node, "Identity", (start.name,), T=self._type)]
        given = plain_inputs(node)
        if node.op in (WRITE, "TensorListGetItem"):
            content = given[2 if node.op == WRITE else 0]
            return [_with(node, "Identity", (content,), T=self._type)]
        if node.op == "TensorListStack":
            one = {"T": self._type, "N": int_attr(1), "axis": int_attr(0)}
            return [_with(node, "Pack", (given[0],), **one)]
        if node.op == "TensorListLength":
            count = helper(self._view, node, "one", np.array(1, np.int32))
            return [count, _with(node, "Identity", (count.name,), T=_INT32)]
        return [node._replace(attrs={**node.attrs, "T": self._type})]


class _Array:
    """A list as a TensorArray. Its flow goes where the list went; its handle is handed into each
    loop beside it."""

    def __init__(self, web: Web, view: View) -> None:
        self._view, self._web = view, web
        self._type = web.maker.attrs["element_dtype"]
        self._array = view.fresh(f"{web.maker.name}/array")
        self._shape = _element_shape(web, view)
        self._handles = {
            node.name: view.fresh(f"{node.name}/handle")
            for node in web.passing
            if node.op == "Enter"
        }

    def replace(self, node: Node) -> list[Node]:
        """The nodes that take a node's place."""
        if node is self._web.maker:
            return self._make(node)
        if node.op not in _OPS:
            beside = [self._enter(node)] if node.op == "Enter" else []
            return [*beside, node._replace(attrs={**node.attrs, "T": _FLOAT})]
        flow, *rest = plain_inputs(node)
        handle = self._handle(self._web.of(node))
        if node.op == WRITE:
            inputs = (handle, *rest, flow)
            return [_with(node, "TensorArrayWriteV3", inputs, T=self._type)]
        if node.op == "TensorListGetItem":
            return [_with(node, "TensorArrayReadV3", (handle, rest[0], flow), dtype=self._type)]
        if node.op == "TensorListLength":
            return [_with(node, "TensorArraySizeV3", (handle, flow))]
        return self._stack(node, handle, flow)

    def _handle(self, loops: tuple[str, ...]) -> str:
        return self._handles[loops[-1]] if loops else self._array

    def _enter(self, node: Node) -> Node:
        """The handle's way into a loop."""
        outer = self._web.loops[full(plain_inputs(node)[0])]
        attrs = {**node.attrs, "T": type_attr("DT_RESOURCE"), "is_constant": bool_attr(True)}
        return Node(self._handles[node.name], "Enter", (self._handle(outer),), attrs)

    def _shaped(self) -> dict[str, Attr]:
        return {} if self._shape is None else {"element_shape": shape_attr(self._shape)}

    def _make(self, node: Node) -> list[Node]:
        flow = f"{self._array}:1"
        attrs = {"dtype": self._type, "clear_after_read": bool_attr(False), **self._shaped()}
        if node.op == "TensorListReserve":
            size = plain_inputs(node)[1]
            array = make_node(self._array, "TensorArrayV3", (size,), **attrs)
            return [array, _with(node, "Identity", (flow,), T=_FLOAT)]
        content = plain_inputs(node)[0]
        shape = self._add(node, "shape", "Shape", content, T=self._type)
        zero = helper(self._view, node, "zero", np.array(0, np.int32))
        types = {"Tparams": _INT32, "Tindices": _INT32}
        count = self._add(node, "size", "Gather", shape.name, zero.name, **types)
        array = make_node(self._array, "TensorArrayV3", (count.name,), **attrs)
        places = self._places(node, count.name)
        inputs = (self._array, places[-1].name, content, flow)
        filled = _with(node, "TensorArrayScatterV3", inputs, T=self._type)
        return [shape, zero, count, array, *places, filled]

    def _stack(self, node: Node, handle: str, flow: str) -> list[Node]:
        size = self._add(node, "size", "TensorArraySizeV3", handle, flow)
        places = self._places(node, size.name)
        inputs = (handle, places[-1].name, flow)
        gather = {"dtype": self._type, **self._shaped()}
        return [size, *places, _with(node, "TensorArrayGatherV3", inputs, **gather)]

    def _places(self, node: Node, size: str) -> list[Node]:
        """All places of the array; the last node gives them."""
        first = helper(self._view, node, "first", np.array(0, np.int32))
        step = helper(self._view, node, "step", np.array(1, np.int32))
        return [first, step, self._add(node, "places", "Range", first.name, size, step.name)]

    def _add(self, node: Node, part: str, op: str, *inputs: str, **attrs: Attr) -> Node:
        return make_node(self._view.fresh(f"{node.name}/{part}"), op, inputs, **attrs)


TENSOR_LISTS = Transform(
    name="tensor-lists",
    description="The tensor lists of loops become a `TensorArrayV3`, or a plain tensor where they "
    "hold one element. They must be written in the order of a counter, and no version be used "
    "after the next was made. Reading what was never written is an error, where a newer runtime "
    "may give zeros.",
    exact=True,
    apply=_apply,
)
