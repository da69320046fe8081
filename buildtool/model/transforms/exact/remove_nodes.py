"""Nodes that hand on what they take, left out."""

from __future__ import annotations

from collections.abc import Mapping

from buildtool.model.graphdef import GraphDef, Node
from buildtool.model.pruning import node_of
from buildtool.model.transforms.exact.effects import BRANCHES, Effects, Names
from buildtool.model.transforms.exact.wiring import rewired, swept, with_nodes
from buildtool.model.transforms.transform import (
    Result,
    Setting,
    Transform,
    controls,
    plain_inputs,
)

# Ops that give their first input as it is, and ops that give nothing (``core/ops/array_ops.cc``,
# ``no_op.cc``, ``logging_ops.cc``). An error that they would have told is not told any more.
HAND_ON = frozenset(
    {
        *("Identity", "CheckNumerics", "StopGradient", "PreventGradient", "Snapshot"),
        *("DebugGradientIdentity", "EnsureShape", "PlaceholderWithDefault", "Print"),
    }
)
GIVE_NOTHING = frozenset({"Assert", "NoOp"})
_CAN_GO = HAND_ON | GIVE_NOTHING
_USUAL = ("Identity", "CheckNumerics", "StopGradient", "PreventGradient", "Snapshot")


def _remove(graph: GraphDef, setting: Setting) -> Result:
    chosen = setting.parameters["ops"]
    ops = frozenset(chosen) if isinstance(chosen, tuple) else frozenset({str(chosen)})
    removal = _Removal(graph, setting, ops)
    going = removal.going()
    if not going:
        return Result(graph, (), tuple(removal.refused))
    tensors = {
        f"{name}:0": removal.root(node) for name, node in going.items() if node.op in HAND_ON
    }
    waits = {name: removal.waits(name) for name in going}
    left = rewired((n for n in graph.nodes if n.name not in going), tensors, waits)
    nodes = swept(graph, left, removal.effects.is_pure, removal.names.all)
    return Result(with_nodes(graph, nodes), tuple(going), tuple(removal.refused))


class _Removal:
    """Which nodes can go, what is taken in their place, and why others stay."""

    def __init__(self, graph: GraphDef, setting: Setting, ops: frozenset[str]) -> None:
        self.names = Names(setting)
        self.effects = Effects(graph, setting, ops & _CAN_GO)
        self.refused: list[tuple[str, str]] = []
        self._nodes = {node.name: node for node in graph.nodes}
        self._going = {
            node.name: node
            for node in graph.nodes
            # Those that an app names stay, as nearly every model's last Identity: no news.
            if node.op in ops and not (node.op in _CAN_GO and node.name in self.names.all)
        }
        self._awaited = {name[1:] for node in graph.nodes for name in controls(node)}

    def going(self) -> Mapping[str, Node]:
        """The nodes that can go."""
        for judge in (self._fault, self._branch_fault):
            for name, node in tuple(self._going.items()):
                if fault := judge(node):
                    del self._going[name]
                    self.refused.append((name, fault))
        return self._going

    def root(self, node: Node) -> str:
        """The tensor that a node hands on, past others that go, too."""
        tensor = plain_inputs(node)[0]
        seen = {node.name}
        while True:
            source = self._going.get(node_of(tensor))
            if source is None or source.op not in HAND_ON or source.name in seen:
                return tensor
            seen.add(source.name)
            tensor = plain_inputs(source)[0]

    def waits(self, name: str) -> tuple[str, ...]:
        """What those who waited for a node that goes wait for in its place."""
        found: dict[str, None] = {}
        waiting = [name]
        while waiting:
            current = waiting.pop()
            node = self._going.get(current)
            if node is None:
                found[current] = None
            elif node.op in HAND_ON and not self.effects.is_free(current):
                waiting.append(node_of(self.root(node)))
            else:
                waiting += reversed(self.effects.kept_controls(node))
        return tuple(found)

    def _fault(self, node: Node) -> str:
        if node.op not in _CAN_GO:
            return f"op {node.op} does not hand on what it takes, so that outputs would change"
        if node.op in GIVE_NOTHING:
            return ""
        if not plain_inputs(node):
            return "it takes nothing that it could hand on"
        if self.effects.has_reference(node_of(plain_inputs(node)[0])):
            return "it takes a variable, which may change before others would take it"
        kept = self.effects.kept_controls(node)
        return f"it waits for {kept[0]!r}, which does more than compute" if kept else ""

    def _branch_fault(self, node: Node) -> str:
        """Where others wait for one side of a branch, there must be a node that stands for it."""
        if node.op not in HAND_ON or node.name not in self._awaited:
            return ""
        source = self._nodes.get(node_of(self.root(node)))
        if source is None or source.op not in BRANCHES:
            return ""
        return f"others wait for this side of the branch at {source.name!r}"


REMOVE_NODES = Transform(
    name="remove-nodes",
    description="Nodes that hand on what they take (`Identity`, `CheckNumerics`, `StopGradient` "
    "and the like) go: what took their output takes their input. An error that one would have told "
    "is not told any more. Nodes that an app names stay, and those that wait for something that "
    "does more than compute.",
    exact=True,
    apply=_remove,
    parameters={"ops": _USUAL},
)
