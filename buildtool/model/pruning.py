"""What a session runs of a graph: the nodes between what is fed and what is fetched.

As ``RewriteGraphForExecution`` of TensorFlow 2.14.1 (``core/graph/subgraph.cc``) prunes it, but in
the file itself. A session makes kernels for these nodes alone, yet it places all nodes of the file
on devices before (``common_runtime/colocation_graph.cc``, ``InitializeMember``) and refuses one of
which no kernel is registered: a graph with other nodes only loads where their kernels are there.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from typing import NamedTuple

from buildtool.core.datatypes import UNKNOWN
from buildtool.core.values import ModelInfo, NodeRef, TensorInfo
from buildtool.model.attributes import Attr
from buildtool.model.encoding import make_node, shape_attr, strings_attr, type_attr
from buildtool.model.findings import Findings
from buildtool.model.graph_checks import AT_RUN
from buildtool.model.graphdef import GraphDef, Node

PLACEHOLDERS = frozenset({"Placeholder", "PlaceholderV2"})
COLOCATION, _LOCATION = "_class", b"loc:@"


class PrunedGraph(NamedTuple):
    """A graph without what a session would not run: ``removed`` nodes are gone, in their order;
    nodes that are ``fed`` have become placeholders."""

    graph: GraphDef
    removed: tuple[Node, ...]
    fed: tuple[str, ...]


def prune(
    graph: GraphDef,
    inputs: Sequence[TensorInfo],
    outputs: Sequence[TensorInfo],
    targets: Sequence[str] = (),
) -> PrunedGraph:
    """Keep what a session runs when it is fed ``inputs`` and fetches ``outputs``, and, where it
    runs them first, the nodes ``targets``.

    A fed node stays, as an app names it; what only it takes goes, where it can be a placeholder:
    its first output is fed, of a type that is known, and nothing takes another one.
    """
    by_name = {node.name: node for node in graph.nodes}
    feeds = {tensor.name: tensor for tensor in inputs}
    # An app may feed what the fetches do not need; a node of that name must be there.
    there = [name for name in feeds if not _can_be_placeholder(name, by_name, feeds)]
    run = _reached(by_name, feeds, [*_unfed(outputs, feeds), *targets, *there])
    made = {node: _placeholder(feeds[f"{node}:0"]) for node in run.fed if node not in run.whole}
    kept = [
        made.get(node.name, node)
        for node in graph.nodes
        if node.name in made or node.name in run.whole
    ]
    names = {node.name for node in kept}
    removed = tuple(node for node in graph.nodes if node.name not in names)
    nodes = tuple(without_gone(node, names) for node in kept) if removed else graph.nodes
    return PrunedGraph(graph._replace(nodes=nodes), removed, tuple(sorted(made)))


def check_fed(pruned: PrunedGraph, info: ModelInfo, findings: Findings) -> None:
    """Every placeholder that the outputs need must be an input."""
    feeds = {tensor.name: tensor for tensor in info.inputs}
    places = [node for node in pruned.graph.nodes if node.op in PLACEHOLDERS]
    if all(f"{node.name}:0" in feeds for node in places):
        return
    by_name = {node.name: node for node in pruned.graph.nodes}
    run = _reached(by_name, feeds, [*_unfed(info.outputs, feeds), *info.initialisers])
    for node in places:
        if node.name in run.whole and f"{node.name}:0" not in feeds:
            where = NodeRef(model=info.name, function="", node=node.name)
            what = f"op {node.op}: the outputs need it, and it is none of the inputs: {AT_RUN}"
            findings.node(where, what, "name it under 'inputs', too")


class _Reached(NamedTuple):
    """Nodes that run ``whole``, with all that they take, and those that are ``fed`` instead."""

    whole: frozenset[str]
    fed: frozenset[str]


def _unfed(outputs: Sequence[TensorInfo], feeds: Mapping[str, TensorInfo]) -> list[str]:
    return [tensor.name for tensor in outputs if tensor.name not in feeds]


def _reached(
    nodes: Mapping[str, Node], feeds: Mapping[str, TensorInfo], start: Iterable[str]
) -> _Reached:
    """What runs for the tensors of ``start``, when ``feeds`` are fed."""
    whole: set[str] = set()
    fed = {name for name, _, index in (t.rpartition(":") for t in feeds) if index == "0"}
    named = {name.rpartition(":")[0] for name in feeds}
    waiting = list(start)
    while waiting:
        node = nodes.get(node_of(waiting.pop()))
        if node is None or node.name in whole:
            continue
        whole.add(node.name)
        for reference in node.inputs:
            source = node_of(reference)
            if source not in named:
                if source not in whole:
                    waiting.append(source)
                continue
            control = reference.startswith("^")
            tensor = reference if ":" in reference else f"{reference}:0"
            fed_placeholder = source in fed and _op(nodes, source) in PLACEHOLDERS
            if not (fed_placeholder if control else tensor in feeds):
                waiting.append(source)
    return _Reached(frozenset(whole), frozenset(fed & nodes.keys()))


def _can_be_placeholder(
    name: str, nodes: Mapping[str, Node], feeds: Mapping[str, TensorInfo]
) -> bool:
    node, _, index = name.rpartition(":")
    if index != "0" or node not in nodes:
        return False
    return nodes[node].op not in PLACEHOLDERS and feeds[name].dtype != UNKNOWN


def _op(nodes: Mapping[str, Node], name: str) -> str:
    return nodes[name].op if name in nodes else ""


def node_of(reference: str) -> str:
    """The node of ``x``, ``x:1`` or ``^x``."""
    if ":" not in reference and reference[:1] != "^":
        return reference
    return reference.removeprefix("^").partition(":")[0]


def _placeholder(tensor: TensorInfo) -> Node:
    attrs: dict[str, Attr] = {"dtype": type_attr(tensor.dtype)}
    if tensor.shape is not None:
        attrs["shape"] = shape_attr(tensor.shape)
    return make_node(tensor.name.rpartition(":")[0], "Placeholder", (), **attrs)


def beside_gone(node: Node, names: Container[str]) -> str:
    """The first node that ``node`` is to stand beside and that is none of ``names``, or ""."""
    beside = (_neighbour(item) for item in _wishes(node))
    return next((name for name in beside if name and name not in names), "")


def without_gone(node: Node, names: Container[str]) -> Node:
    """The node without wishes to stand beside nodes that are none of ``names``."""
    if not beside_gone(node, names):
        return node
    beside = [x for x in _wishes(node) if not _neighbour(x) or _neighbour(x) in names]
    attrs = {name: each for name, each in node.attrs.items() if name != COLOCATION}
    if beside:
        attrs[COLOCATION] = strings_attr(beside)
    return node._replace(attrs=attrs)


def _wishes(node: Node) -> list[bytes]:
    """What a node says of the nodes that it is to be placed with."""
    attr = node.attrs.get(COLOCATION)
    value = attr.decode().value if attr is not None else None
    return [item for item in value if isinstance(item, bytes)] if isinstance(value, tuple) else []


def _neighbour(wish: bytes) -> str:
    """The node that a wish names; "" for one of another kind."""
    return (
        wish.removeprefix(_LOCATION).decode("utf-8", "replace")
        if wish.startswith(_LOCATION)
        else ""
    )
