"""What a node does besides giving its tensors, and what waiting for it means.

A control edge may go where all that runs before it computes and does nothing else: then it decides
neither what a tensor holds nor whether a node runs. Ops of loops and conditions decide that
(``core/common_runtime/executor.cc``: a node does not run where one that it waits for did not).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from buildtool.model.graphdef import GraphDef, Node
from buildtool.model.pruning import PLACEHOLDERS, node_of
from buildtool.model.specs import Specs, argument_types
from buildtool.model.transforms.transform import Setting
from buildtool.model.variable_changes import CHANGE, VARIABLES

BRANCHES = frozenset({"Switch", "RefSwitch", "_SwitchN"})
CONTROL_FLOW = BRANCHES | {
    *("Merge", "RefMerge", "Enter", "RefEnter", "Exit", "RefExit", "NextIteration"),
    *("RefNextIteration", "LoopCond", "ControlTrigger"),
}
FED = PLACEHOLDERS | {"PlaceholderWithDefault"}
_HANDLE = "DT_RESOURCE"


class Effects:
    """Says of the nodes of a graph whether they only compute. Ops that are ``ignored`` count as
    such, whatever the tree says."""

    def __init__(self, graph: GraphDef, setting: Setting, ignored: Iterable[str] = ()) -> None:
        self._specs, self._graph = setting.tree.specs, graph
        self._ignored = frozenset(ignored)
        self._nodes = {node.name: node for node in graph.nodes}
        self._pure: dict[str, bool] = {}
        self._free: dict[str, bool] = {}
        self._names = Names(setting)

    def is_pure(self, name: str) -> bool:
        """Whether what a node gives depends on its inputs alone, and it does nothing else."""
        if name not in self._pure:
            node = self._nodes.get(name)
            self._pure[name] = node is not None and self._computes(node)
        return self._pure[name]

    def is_free(self, name: str) -> bool:
        """Whether nothing is lost where nobody waits for a node."""
        waiting, entered = [name], set[str]()
        while waiting:
            current = waiting[-1]
            if current not in self._free and not self._is_passable(current):
                self._free[current] = False
            if current in self._free:
                waiting.pop()
                continue
            sources = [node_of(each) for each in self._nodes[current].inputs]
            missing = [each for each in sources if each not in self._free]
            if current in entered or not missing:  # what is missing still is around a circle
                self._free[current] = all(self._free.get(each, False) for each in sources)
            else:
                entered.add(current)
                waiting += missing
        return self._free[name]

    def kept_controls(self, node: Node) -> tuple[str, ...]:
        """What a node must go on waiting for, by name."""
        names = (each[1:] for each in node.inputs if each.startswith("^"))
        return tuple(dict.fromkeys(name for name in names if not self.is_free(name)))

    def has_reference(self, name: str) -> bool:
        """Whether a node may give a variable itself, whose content changes later."""
        node = self._nodes.get(name)
        if node is None:
            return True
        return node.op in VARIABLES or node.op.startswith("Ref") or bool(CHANGE.fullmatch(node.op))

    def _is_passable(self, name: str) -> bool:
        node = self._nodes.get(name)
        if node is None or node.op in CONTROL_FLOW or name in self._names.first:
            return False
        return node.op in self._ignored or self.is_pure(name)

    def _computes(self, node: Node) -> bool:
        if not self._is_stateless(node, self._specs):
            return False
        data = [node_of(each) for each in node.inputs if not each.startswith("^")]
        return not any(self.has_reference(each) for each in data)

    def _is_stateless(self, node: Node, specs: Specs) -> bool:
        """By its op's definition, and those of the ops of functions that it calls."""
        spec = specs[node.op]
        if spec is None or spec.is_open or spec.stateful or node.op in self._graph.functions:
            return False
        types = [argument_types(each, node.attrs) or () for each in (spec.inputs, spec.outputs)]
        if any(_HANDLE in each for each in types):
            return False
        called = [call.name for attr in node.attrs.values() for call in attr.functions()]
        return all(name in self._pure_functions for name in called)

    @cached_property
    def _pure_functions(self) -> frozenset[str]:
        """The functions whose nodes all compute and do nothing else."""
        functions = self._graph.functions
        bodies = {name: function.nodes for name, function in functions.items()}
        pure = {
            name
            for name, nodes in bodies.items()
            if all(_is_computing(node, self._specs) for node in nodes)
        }
        while True:
            lost = {
                name
                for name in pure
                for node in bodies[name]
                for attr in node.attrs.values()
                for call in attr.functions()
                if call.name not in pure
            }
            if not lost:
                return frozenset(pure)
            pure -= lost


def _is_computing(node: Node, specs: Specs) -> bool:
    spec = specs[node.op]
    return spec is not None and not spec.is_open and not spec.stateful


class Names:
    """The names of nodes that an app knows: those that it feeds, fetches and runs first, whether
    they are written ``x`` or ``x:0``."""

    def __init__(self, setting: Setting) -> None:
        self.inputs = frozenset(map(node_of, setting.inputs))
        self.outputs = frozenset(map(node_of, setting.outputs))
        self.first = frozenset(map(node_of, setting.first))

    @cached_property
    def all(self) -> frozenset[str]:
        """All of them."""
        return self.inputs | self.outputs | self.first
