"""What a transform is, and how those that look at one node at a time are written.

It makes another graph of a model's, and promises something of it. An exact one (``exact/``) gives
the same outputs for the same inputs, or leaves a node as it is and says why; it looks at the main
graph only: ``lower-functions`` brings the content of functions there. One that is not exact
(``lossy/``) says what it changes by how much.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple, TypeAlias

from buildtool.core.datatypes import short
from buildtool.model.graphdef import GraphDef, Node
from buildtool.model.runtime_facts import RuntimeFacts
from buildtool.model.specs import Specs, type_list
from buildtool.model.tensors import Array
from buildtool.model.transforms.shapes import Shapes, constant


class Tree(NamedTuple):
    """The tree that the graph is to run on."""

    specs: Specs
    facts: RuntimeFacts


Value: TypeAlias = bool | int | float | str | tuple[str, ...]
# Computes tensors of a graph that depend on no input, by name (``x:0``), as TensorFlow does.
Evaluate: TypeAlias = Callable[[GraphDef, Sequence[str]], Mapping[str, Array]]
# TensorFlow's own tool: takes a graph, its inputs and outputs, and transforms in the tool's words.
GraphTool: TypeAlias = Callable[[GraphDef, Sequence[str], Sequence[str], str], GraphDef]
# What tensors hold in each of the user's runs, in the order of their names.
Observe: TypeAlias = Callable[[GraphDef, Sequence[str]], Sequence[Sequence[Array]]]


class Setting(NamedTuple):
    """What a transform is given besides the graph: the tree that it is to run on, the shapes of
    inputs that the target states, by tensor name, and the values of its parameters.

    ``inputs`` and ``outputs`` are the tensors that an app feeds and fetches (``x:0``), and
    ``first`` the nodes that it runs once before: none of them ever changes its name. ``evaluate``
    is there where tensors may have to be computed, ``tool`` and ``observe`` where TensorFlow is."""

    tree: Tree
    shapes: Mapping[str, tuple[int, ...]] = {}
    parameters: Mapping[str, Value] = {}
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    first: tuple[str, ...] = ()
    evaluate: Evaluate | None = None
    tool: GraphTool | None = None
    observe: Observe | None = None


class Result(NamedTuple):
    """The graph after a transform, the names of the nodes that it changed, and those that it would
    have to change but cannot, with the reason."""

    graph: GraphDef
    changed: tuple[str, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Transform:
    """One transform. ``description`` says what becomes what, and where it may; ``exact``, that the
    outputs stay the same; ``parameters`` are those that it has, with their usual values."""

    name: str
    description: str
    exact: bool
    apply: Callable[[GraphDef, Setting], Result]
    parameters: Mapping[str, Value] = field(default_factory=dict)


class View:
    """A graph to look things up in: who makes a tensor, who takes it, its shape, its value."""

    def __init__(self, graph: GraphDef, setting: Setting) -> None:
        self.graph, self.tree = graph, setting.tree
        self._stated = setting.shapes
        self.nodes = {node.name: node for node in graph.nodes}
        self._taken = set(self.nodes)

    @cached_property
    def consumers(self) -> Mapping[str, tuple[Node, ...]]:
        """The nodes that take each tensor, by its full name (``x:0``)."""
        found: dict[str, list[Node]] = {}
        for node in self.graph.nodes:
            for name in node.inputs:
                if not name.startswith("^"):
                    found.setdefault(full(name), []).append(node)
        return {name: tuple(nodes) for name, nodes in found.items()}

    @cached_property
    def shapes(self) -> Shapes:
        """What is known of shapes."""
        return Shapes(self.nodes, self._stated)

    def knows(self, op: str) -> bool:
        """Does the tree know this op?"""
        return self.tree.specs[op] is not None

    def producer(self, tensor: str) -> Node | None:
        """The node that gives a tensor, past any Identity."""
        node = self.nodes.get(full(tensor).rpartition(":")[0])
        while node is not None and node.op == "Identity" and node.inputs:
            node = self.nodes.get(full(node.inputs[0]).rpartition(":")[0])
        return node

    def value(self, tensor: str) -> Array | None:
        """What a tensor holds, if it is a constant of moderate size."""
        name, _, port = full(tensor).rpartition(":")
        return constant(self.nodes, name) if port == "0" else None

    def fresh(self, name: str) -> str:
        """A node name that the graph does not have yet."""
        candidate, count = name, 1
        while candidate in self._taken:
            candidate, count = f"{name}_{count}", count + 1
        self._taken.add(candidate)
        return candidate


Refusal: TypeAlias = str
Step: TypeAlias = Callable[[Node, View], "tuple[Node, ...] | Refusal | None"]


def full(tensor: str) -> str:
    """``x:0`` for ``x``."""
    return tensor if tensor.rpartition(":")[2].isdecimal() and ":" in tensor else f"{tensor}:0"


def plain_inputs(node: Node) -> tuple[str, ...]:
    """The tensors that a node takes, without what it merely waits for."""
    return tuple(name for name in node.inputs if not name.startswith("^"))


def controls(node: Node) -> tuple[str, ...]:
    """What a node waits for."""
    return tuple(name for name in node.inputs if name.startswith("^"))


def node_transform(name: str, description: str, ops: Iterable[str], step: Step) -> Transform:
    """An exact transform that replaces nodes of ``ops`` (none: of any op) one by one.

    ``step`` gives the nodes that take a node's place, the last of them under its name; or why it
    cannot; or None where nothing is to be done. What it gives is checked against the tree.
    """
    wanted = frozenset(ops)

    def apply(graph: GraphDef, setting: Setting) -> Result:
        view = View(graph, setting)
        nodes: list[Node] = []
        changed: list[str] = []
        refused: list[tuple[str, str]] = []
        for node in graph.nodes:
            found = step(node, view) if not wanted or node.op in wanted else None
            fault = found if isinstance(found, str) else _fault(found or (), setting.tree.specs)
            if fault:
                refused.append((node.name, fault))
            elif found and not isinstance(found, str):
                changed.append(node.name)
                nodes += found
                continue
            nodes.append(node)
        if not changed:
            return Result(graph, (), tuple(refused))
        return Result(graph._replace(nodes=tuple(nodes)), tuple(changed), tuple(refused))

    return Transform(name=name, description=description, exact=True, apply=apply)


def _fault(nodes: tuple[Node, ...], specs: Specs) -> Refusal:
    """Why the tree could not run these nodes, empty if it can."""
    return next((fault for node in nodes for fault in _node_faults(node, specs)), "")


def _node_faults(node: Node, specs: Specs) -> Iterator[Refusal]:
    spec = specs[node.op]
    if spec is None:
        yield f"this tree has no op {node.op}, which it would become"
        return
    for name, known in spec.attrs.items():
        types = type_list(node.attrs.get(name)) if known.type.endswith(("type", "type)")) else ()
        wrong = sorted(short(item) for item in types or () if item not in known.allowed)
        if known.allowed and wrong:
            yield f"op {node.op} of this tree does not take {', '.join(wrong)}"


def renamed(node: Node, op: str, *, without: Iterable[str] = ()) -> Node:
    """The node as one of another op, without some of its attributes."""
    dropped = frozenset(without)
    attrs = {name: attr for name, attr in node.attrs.items() if name not in dropped}
    return node._replace(op=op, attrs=attrs)
