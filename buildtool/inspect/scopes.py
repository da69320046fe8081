"""The graph of a model as people look at it: nodes in groups, by their name scopes.

Weights stand beside the node that computes with them. A scope of many members is parted into runs
of them, in the order in which they are computed, so that no step of looking shows too much at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from buildtool.core.datatypes import UNKNOWN, short
from buildtool.inspect.activations import in_order
from buildtool.inspect.attribute_texts import attribute_text
from buildtool.inspect.weight_shares import weight_owners
from buildtool.model.graphdef import FunctionDef, GraphDef, Node
from buildtool.model.node_tensors import Inference, Tensor

MOST_MEMBERS, RUN = 60, 30
_DEEPEST = 24  # scopes in scopes; what is deeper stays in one
_ARGUMENT = "argument of the function"


class Group(NamedTuple):
    """A name scope, or a run of its members; ``parent`` is the place of the group around it, -1
    for none; ``total`` is how many nodes are in it, at any depth."""

    label: str
    path: str
    parent: int
    total: int


class Edge(NamedTuple):
    """What a node takes: from which node, which of its outputs, -1 for a control edge."""

    source: int
    port: int


class ShownNode(NamedTuple):
    """A node, the place of its group, and what is told of it. ``is_weight``: it is a weight, or
    only hands one on."""

    name: str
    op: str
    group: int
    edges: tuple[Edge, ...]
    outputs: tuple[str, ...]
    attributes: tuple[tuple[str, str], ...]
    is_weight: bool


class ScopeTree(NamedTuple):
    """The groups, each after the one around it, and the nodes."""

    groups: tuple[Group, ...]
    nodes: tuple[ShownNode, ...]


def scope_tree(graph: GraphDef, tensors: Inference) -> ScopeTree:
    """All nodes of the main graph and of the functions of a model; each function is a group."""
    maker = _Maker()
    maker.add("", graph.nodes, tensors)
    for function in graph.functions.values():
        maker.add(function.name, (*_arguments(function), *function.nodes), tensors)
    return maker.tree()


def _arguments(function: FunctionDef) -> list[Node]:
    return [Node(each.name, _ARGUMENT, (), {}) for each in function.inputs]


class _Maker:
    def __init__(self) -> None:
        self._labels: list[tuple[str, str, int]] = []
        self._places: dict[tuple[int, str], int] = {}
        self._nodes: list[ShownNode] = []

    def add(self, function: str, nodes: Sequence[Node], tensors: Inference) -> None:
        """Add the nodes of the main graph, or of one function."""
        first = len(self._nodes)
        top = self._group(-1, f"function {function}") if function else -1
        owners = weight_owners(nodes)
        ordered = in_order(nodes)
        places = {node.name: first + place for place, node in enumerate(ordered)}
        scopes = {
            name.rpartition("/")[0] for name in (n.name for n in nodes if n.name not in owners)
        }
        inner = {scope for name in scopes for scope in _above(name)}
        for node in ordered:
            owner = owners.get(node.name)
            scope = node.name.rpartition("/")[0] if owner is None else owner
            if owner is None and node.name in inner:
                scope = node.name  # it stands with what is in the scope of its name
            known = tensors.of(function, node.name)
            self._nodes.append(
                ShownNode(
                    name=node.name,
                    op=node.op,
                    group=self._scope(top, scope if scope in inner else _nearest(scope, inner)),
                    edges=tuple(_edges(node, places)),
                    outputs=tuple(map(_tensor, known.outputs)),
                    attributes=tuple(
                        (name, attribute_text(attr)) for name, attr in sorted(node.attrs.items())
                    ),
                    is_weight=owner is not None,
                )
            )

    def _scope(self, top: int, scope: str) -> int:
        group = top
        for part in scope.split("/", _DEEPEST) if scope else ():
            group = self._group(group, part)
        return group

    def _group(self, parent: int, label: str) -> int:
        if (parent, label) not in self._places:
            above = self._labels[parent][1] if parent >= 0 else ""
            self._places[parent, label] = len(self._labels)
            self._labels.append((label, f"{above}/{label}" if above else label, parent))
        return self._places[parent, label]

    def tree(self) -> ScopeTree:
        """All that was added, with long lists of members parted."""
        grouping = _Grouping(self._labels, self._nodes)
        grouping.part()
        return grouping.finished()


class _Member(NamedTuple):
    """A group or a node in a group: the place of its first node, and its own place."""

    start: int
    place: int
    is_group: bool


class _Grouping:
    """Which group is in which, by their places; ``homes`` are the groups of the nodes."""

    def __init__(self, labels: Sequence[tuple[str, str, int]], nodes: Sequence[ShownNode]) -> None:
        self._labels = [(label, path) for label, path, _ in labels]
        self._parents = [parent for _, _, parent in labels]
        self._nodes, self._homes = nodes, [node.group for node in nodes]

    def part(self) -> None:
        """Put runs between the groups that have many members and these."""
        starts: dict[int, int] = {}
        for place in sorted(range(len(self._nodes)), key=lambda n: self._nodes[n].is_weight):
            for group in self._around(place):
                starts.setdefault(group, place)
        members: dict[int, list[_Member]] = {}
        for place, parent in enumerate(self._parents):
            members.setdefault(parent, []).append(_Member(starts.get(place, 0), place, True))
        for place, home in enumerate(self._homes):
            if not self._nodes[place].is_weight:
                members.setdefault(home, []).append(_Member(place, place, False))
        before = list(self._homes)
        for around, own in sorted(members.items()):
            if len(own) > MOST_MEMBERS:
                self._part(around, sorted(own))
        self._bring_weights(before)

    def _bring_weights(self, before: Sequence[int]) -> None:
        """Put weights into the run of the node that takes them, which was in their group before."""
        takers: dict[int, int] = {}
        for place, node in enumerate(self._nodes):
            for edge in node.edges:
                takers.setdefault(edge.source, place)
        for place in reversed(range(len(self._nodes))):
            taker = takers.get(place)
            if taker is None or not self._nodes[place].is_weight:
                continue
            if before[place] == before[taker]:
                self._homes[place] = self._homes[taker]

    def _around(self, node: int) -> Iterator[int]:
        """The groups that a node is in, the innermost first."""
        group = self._homes[node]
        while group >= 0:
            yield group
            group = self._parents[group]

    def _part(self, around: int, members: Sequence[_Member]) -> None:
        length = max(RUN, -(-len(members) // MOST_MEMBERS))
        path = self._labels[around][1] if around >= 0 else ""
        for begin in range(0, len(members), length):
            run = members[begin : begin + length]
            new = len(self._labels)
            self._labels.append((f"{self._label(run[0])} ... {self._label(run[-1])}", path))
            self._parents.append(around)
            for member in run:
                (self._parents if member.is_group else self._homes)[member.place] = new

    def _label(self, member: _Member) -> str:
        if member.is_group:
            return self._labels[member.place][0]
        return self._nodes[member.place].name.rpartition("/")[2]

    def finished(self) -> ScopeTree:
        """The groups in an order in which each comes after the one around it."""
        counts = [0] * len(self._labels)
        for place in range(len(self._nodes)):
            for group in self._around(place):
                counts[group] += 1
        order = sorted(range(len(self._labels)), key=lambda place: (self._depth(place), place))
        new = {old: place for place, old in enumerate(order)} | {-1: -1}
        return ScopeTree(
            groups=tuple(
                Group(*self._labels[old], new[self._parents[old]], counts[old]) for old in order
            ),
            nodes=tuple(
                node._replace(group=new[home])
                for node, home in zip(self._nodes, self._homes, strict=True)
            ),
        )

    def _depth(self, group: int) -> int:
        count = 0
        while group >= 0:
            group, count = self._parents[group], count + 1
        return count


def _above(scope: str) -> list[str]:
    parts = scope.split("/", _DEEPEST) if scope else []
    return ["/".join(parts[: count + 1]) for count in range(len(parts))]


def _nearest(scope: str, inner: set[str]) -> str:
    """The innermost scope around one that is there."""
    while scope and scope not in inner:
        scope = scope.rpartition("/")[0]
    return scope


def _edges(node: Node, places: Mapping[str, int]) -> list[Edge]:
    """What a node takes. In a function a tensor is called node:output:index, and an argument by its
    name."""
    found = []
    for each in node.inputs:
        name, _, rest = each.lstrip("^").partition(":")
        if name in places:
            index = rest.rpartition(":")[2]
            port = int(index) if index.isdecimal() else 0
            found.append(Edge(places[name], -1 if each.startswith("^") else port))
    return found


def _tensor(tensor: Tensor) -> str:
    """``float [1, 10]``."""
    dtype = "?" if tensor.dtype == UNKNOWN else short(tensor.dtype)
    if tensor.shape is None:
        return dtype
    return f"{dtype} [{', '.join('?' if size < 0 else str(size) for size in tensor.shape)}]"
