"""What transforms that take nodes out of a graph have in common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from buildtool.model.graphdef import GraphDef, Node
from buildtool.model.pruning import node_of, without_gone
from buildtool.model.transforms.transform import controls, full, plain_inputs


def rewired(
    nodes: Iterable[Node], tensors: Mapping[str, str], waits: Mapping[str, Sequence[str]]
) -> tuple[Node, ...]:
    """The nodes with their inputs taken from where ``tensors`` says, by full name, and waiting for
    those of ``waits`` in a node's place; nothing that these lead to is changed again."""
    return tuple(_rewired(node, tensors, waits) for node in nodes)


def _rewired(node: Node, tensors: Mapping[str, str], waits: Mapping[str, Sequence[str]]) -> Node:
    if not any(
        name[1:] in waits if name.startswith("^") else full(name) in tensors for name in node.inputs
    ):
        return node
    data = [tensors.get(full(name), name) for name in plain_inputs(node)]
    return node._replace(inputs=(*data, *waiting_for(waits, (n[1:] for n in controls(node)))))


def waiting_for(waits: Mapping[str, Sequence[str]], names: Iterable[str]) -> tuple[str, ...]:
    """Control inputs that wait for nodes of these names, or for what ``waits`` puts in their place;
    each once."""
    found = (f"^{each}" for name in names for each in waits.get(name, (name,)))
    return tuple(dict.fromkeys(found))


def swept(
    before: GraphDef, nodes: Sequence[Node], is_pure: Callable[[str], bool], keep: Collection[str]
) -> tuple[Node, ...]:
    """The nodes without those that compute for nobody any more, though in the graph ``before``
    somebody took what they give. Those of ``keep`` stay."""
    taken = {node_of(name) for node in before.nodes for name in node.inputs}
    users = Counter(node_of(name) for node in nodes for name in node.inputs)
    left = {node.name: node for node in nodes}
    waiting = [name for name in left if name in taken and not users[name]]
    while waiting:
        name = waiting.pop()
        if name not in left or name in keep or not is_pure(name):
            continue
        for source in map(node_of, left.pop(name).inputs):
            users[source] -= 1
            if not users[source]:
                waiting.append(source)
    return tuple(left.values())


def with_nodes(graph: GraphDef, nodes: Sequence[Node]) -> GraphDef:
    """The graph of these nodes. Wishes to stand beside nodes that are gone are gone, too."""
    names = {node.name for node in nodes}
    if all(node.name in names for node in graph.nodes):
        return graph._replace(nodes=tuple(nodes))
    return graph._replace(nodes=tuple(without_gone(node, names) for node in nodes))
