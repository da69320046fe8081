"""Nodes that compute the same, by one of them."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable

from buildtool.model.graphdef import GraphDef, Node
from buildtool.model.pruning import node_of
from buildtool.model.tensors import array_of
from buildtool.model.transforms.exact.effects import CONTROL_FLOW, FED, Effects, Names
from buildtool.model.transforms.exact.sort import in_order
from buildtool.model.transforms.exact.wiring import with_nodes
from buildtool.model.transforms.transform import Result, Setting, Transform, full

# What only tells of a node, and does not decide what it computes.
_TOLD = frozenset({"_output_shapes", "_class"})


def _merge(graph: GraphDef, setting: Setting) -> Result:
    effects, names = Effects(graph, setting), Names(setting)
    groups: dict[Hashable, list[Node]] = {}
    stands_for: dict[str, str] = {}
    ordered, _ = in_order(graph.nodes)
    for node in ordered:
        key = _key(node, stands_for) if _can_merge(node, effects, names) else node.name
        stands_for[node.name] = groups.setdefault(key, [node])[0].name
        if groups[key][0] is not node:
            groups[key].append(node)
    places: dict[str, str] = {}
    for same in groups.values():
        kept = next((each for each in same if each.name in names.all), same[0])
        # An app may name several that are the same: all of these stay.
        places |= {each.name: kept.name for each in same if each.name not in names.all}
    gone = {name for name, place in places.items() if name != place}
    if not gone:
        return Result(graph)
    nodes = [_taking(node, places) for node in graph.nodes if node.name not in gone]
    changed = tuple(node.name for node in graph.nodes if node.name in gone)
    return Result(with_nodes(graph, nodes), changed)


def _can_merge(node: Node, effects: Effects, names: Names) -> bool:
    if node.op in CONTROL_FLOW | FED or node.name in names.inputs | names.first:
        return False
    return effects.is_pure(node.name)


def _key(node: Node, stands_for: dict[str, str]) -> Hashable:
    """What two nodes have in common that give the same."""
    inputs = tuple(_moved(name, stands_for) for name in node.inputs)
    data = tuple(name for name in inputs if not name.startswith("^"))
    waits = frozenset(name for name in inputs if name.startswith("^"))
    attrs = frozenset(
        (name, attr.buffer[slice(*attr.span)])
        for name, attr in node.attrs.items()
        if name not in _TOLD and not (node.op == "Const" and name == "value")
    )
    return node.op, data, waits, attrs, node.device, _content(node)


def _content(node: Node) -> bytes:
    """What a constant holds, however it is written down."""
    attr = node.attrs.get("value") if node.op == "Const" else None
    if attr is None:
        return b""
    array = array_of(attr)
    whole = hashlib.sha256()
    if array is None:
        whole.update(attr.buffer[slice(*attr.span)])
    else:
        whole.update(f"{array.dtype} {array.shape} ".encode())
        whole.update(array.data if array.size else b"")
    return whole.digest()


def _moved(name: str, places: dict[str, str]) -> str:
    if name.startswith("^"):
        return f"^{places.get(name[1:], name[1:])}"
    node, _, port = full(name).rpartition(":")
    place = places.get(node, node)
    return place if port == "0" else f"{place}:{port}"


def _taking(node: Node, places: dict[str, str]) -> Node:
    """The node, which takes the tensors of those that are left."""
    if all(places.get(node_of(name), node_of(name)) == node_of(name) for name in node.inputs):
        return node
    return node._replace(inputs=_once(tuple(_moved(name, places) for name in node.inputs)))


def _once(inputs: tuple[str, ...]) -> tuple[str, ...]:
    waits = dict.fromkeys(name for name in inputs if name.startswith("^"))
    return (*(name for name in inputs if not name.startswith("^")), *waits)


MERGE_DUPLICATES = Transform(
    name="merge-duplicates",
    description="Of nodes that compute the same of the same tensors, and of equal constants, one "
    "is left. What has a state, is random, or an app feeds or runs first is never merged; "
    "several outputs of a model stay several.",
    exact=True,
    apply=_merge,
)
