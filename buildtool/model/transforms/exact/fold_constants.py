"""What depends on no input, computed once and kept as constants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from buildtool.core.datatypes import short
from buildtool.model.attributes import Attr
from buildtool.model.encoding import make_node, tensor_attr, type_attr
from buildtool.model.graphdef import GraphDef, Node
from buildtool.model.pruning import node_of
from buildtool.model.specs import argument_types
from buildtool.model.tensors import TYPES, Array
from buildtool.model.transforms.exact.effects import CONTROL_FLOW, FED, Effects, Names
from buildtool.model.transforms.exact.wiring import rewired, swept, waiting_for, with_nodes
from buildtool.model.transforms.transform import (
    Result,
    Setting,
    Transform,
    View,
    full,
    plain_inputs,
)

# Larger than what it is made of on purpose, to save space; a processor may round it in its own way.
_LEFT = frozenset({"Dequantize"})
_PACKED = frozenset({"DT_VARIANT", "DT_RESOURCE"})


def _fold(graph: GraphDef, setting: Setting) -> Result:
    folding = _Folding(graph, setting)
    while folding.refuse_what_cannot():
        pass  # what a refused node takes may be folded without it
    if not folding.last:
        return Result(graph, (), tuple(folding.refused.items()))
    nodes = folding.nodes()
    return Result(with_nodes(graph, nodes), tuple(folding.last), tuple(folding.refused.items()))


class _Last(NamedTuple):
    """The tensors of a node that are to be constants: somebody takes them who stays."""

    node: Node
    tensors: tuple[str, ...]


class _Folding:
    """Which nodes become constants (``last``), and which go because only these took them."""

    def __init__(self, graph: GraphDef, setting: Setting) -> None:
        self.refused: dict[str, str] = {}
        self.last: dict[str, _Last] = {}
        self._graph, self._setting = graph, setting
        self._view, self._names = View(graph, setting), Names(setting)
        self._effects = Effects(graph, setting)
        self._constant: dict[str, bool] = {}
        self._values: dict[str, Array | Attr] = {}
        self._tried: set[str] = set()

    def refuse_what_cannot(self) -> bool:
        """Find what is to be folded; whether some of it cannot, so that it must be found anew."""
        self._constant = {}
        for node in self._graph.nodes:
            self._mark(node.name)
        self.last = {
            node.name: _Last(node, found)
            for node in self._graph.nodes
            if (found := self._outer(node))
        }
        faults = {name: fault for name, each in self.last.items() if (fault := self._fault(each))}
        if not faults:
            self._compute()
            spent: set[str] = set()
            faults = {
                name: fault
                for name, each in self.last.items()
                if (fault := self._value_fault(each, spent))
            }
        self.refused |= faults
        return bool(faults)

    def nodes(self) -> tuple[Node, ...]:
        """The graph's nodes afterwards."""
        folded = {name for name, known in self._constant.items() if known}
        folded = {name for name in folded if self._view.nodes[name].op != "Const"}
        gone = folded - self.last.keys()
        waits = {name: self._waits(name, gone) for name in gone}
        tensors: dict[str, str] = {}
        left: list[Node] = []
        for node in self._graph.nodes:
            if node.name in self.last:
                left += self._constants(self.last[node.name], tensors, waits)
            elif node.name not in gone:
                left.append(node)
        moved = rewired(left, tensors, waits)
        return swept(self._graph, moved, self._effects.is_pure, self._names.all)

    def _mark(self, start: str) -> None:
        """Whether a node depends on constants alone, and those before it."""
        waiting, entered = [start], set[str]()
        while waiting:
            name = waiting[-1]
            if name in self._constant:
                waiting.pop()
                continue
            node = self._view.nodes.get(name)
            if node is None or node.op == "Const" or not self._can_fold(node):
                is_const = node is not None and node.op == "Const"
                self._constant[name] = is_const and name not in self._names.inputs
                continue
            sources = [node_of(each) for each in plain_inputs(node)]
            missing = [each for each in sources if each not in self._constant]
            if name in entered or not missing:
                self._constant[name] = all(self._constant.get(each, False) for each in sources)
            else:
                entered.add(name)
                waiting += missing

    def _can_fold(self, node: Node) -> bool:
        name = node.name
        if node.op in CONTROL_FLOW | FED | _LEFT or name in self.refused or not plain_inputs(node):
            return False
        if name in self._names.inputs | self._names.first or self._is_named_port(name):
            return False
        return self._effects.is_pure(name) and not _PACKED & {*self._types(node)}

    def _is_named_port(self, name: str) -> bool:
        """Whether an app fetches another output than the first."""
        named = (full(each).rpartition(":") for each in self._setting.outputs)
        return any(node == name and port != "0" for node, _, port in named)

    def _types(self, node: Node) -> Sequence[str]:
        spec = self._setting.tree.specs[node.op]
        return (argument_types(spec.outputs, node.attrs) or ()) if spec else ()

    def _outer(self, node: Node) -> tuple[str, ...]:
        """The tensors of a constant node that somebody takes who stays."""
        if not self._constant[node.name] or node.op == "Const":
            return ()
        ports = [f"{node.name}:{port}" for port in range(len(self._types(node)))]
        takers = {port: self._view.consumers.get(port, ()) for port in ports}
        nobody = not self._setting.outputs and not any(takers.values())
        if node.name in self._names.outputs or nobody:
            takers[ports[0]] = (*takers[ports[0]], node)
        stays = {
            port
            for port, them in takers.items()
            for taker in them
            if taker is node or not self._constant[taker.name]
        }
        return tuple(port for port in ports if port in stays)

    def _fault(self, last: _Last) -> str:
        types = self._types(last.node)
        for tensor in last.tensors:
            kind = types[int(tensor.rpartition(":")[2])]
            if kind not in TYPES:
                return f"a constant of type {short(kind)} is not written here"
        if self._setting.evaluate is None and any(
            self._handed(each) is None for each in last.tensors
        ):
            return "computing it takes a Python that has TensorFlow"
        return ""

    def _handed(self, tensor: str) -> Attr | None:
        """The content of a constant that is only handed on."""
        node = self._view.producer(tensor)
        return node.attrs.get("value") if node is not None and node.op == "Const" else None

    def _compute(self) -> None:
        wanted = [tensor for last in self.last.values() for tensor in last.tensors]
        for tensor in wanted:
            if (known := self._handed(tensor)) is not None:
                self._values[tensor] = known
        missing = [each for each in wanted if each not in self._values and each not in self._tried]
        if missing and self._setting.evaluate is not None:
            self._tried.update(missing)
            self._values.update(self._setting.evaluate(self._graph, missing))

    def _value_fault(self, last: _Last, spent: set[str]) -> str:
        """Why the values cannot stand for the node. ``spent`` are the constants whose place others
        have taken already."""
        values = [self._values.get(each) for each in last.tensors]
        if any(value is None for value in values):
            return "TensorFlow cannot compute it here, or it is too large"
        size = sum(_size(value) for value in values if value is not None)
        before = self._before(last.node.name)
        leaves = {each.name for each in before if each.op == "Const" and self._goes(each)} - spent
        replaced = sum(_size(self._view.nodes[name].attrs["value"]) for name in leaves)
        most = int(self._setting.parameters["largest_growth"])  # type: ignore[arg-type]  # a number, as its usual value
        if size - replaced > most:
            return f"the graph would grow by {size - replaced} bytes, and {most} are allowed"
        spent |= leaves
        return ""

    def _goes(self, constant: Node) -> bool:
        """Whether nobody will take a constant that others are computed from."""
        takers = self._view.consumers.get(f"{constant.name}:0", ())
        return constant.name not in self._names.all and all(self._constant[t.name] for t in takers)

    def _before(self, name: str) -> list[Node]:
        """A node, and all that it is computed from."""
        seen: dict[str, Node] = {}
        waiting = [name]
        while waiting:
            current = waiting.pop()
            if current not in seen:
                seen[current] = self._view.nodes[current]
                waiting += reversed([node_of(each) for each in plain_inputs(seen[current])])
        return list(seen.values())

    def _waits(self, name: str, gone: set[str]) -> tuple[str, ...]:
        """What a node, and all that it is computed from, must wait for."""
        found: dict[str, None] = {}
        waiting, seen = [name], set[str]()
        while waiting:
            current = waiting.pop(0)
            if current in seen:
                continue
            seen.add(current)
            if current != name and current not in gone:
                found[current] = None
                continue
            for node in self._before(current):
                waiting += self._effects.kept_controls(node)
        return tuple(found)

    def _constants(
        self, last: _Last, tensors: dict[str, str], waits: Mapping[str, Sequence[str]]
    ) -> list[Node]:
        """Constants in a node's place, the first of them under its name."""
        made: list[Node] = []
        inputs = waiting_for({}, self._waits(last.node.name, set(waits)))
        for tensor in last.tensors:
            value, port = self._values[tensor], tensor.rpartition(":")[2]
            name = self._view.fresh(f"{last.node.name}/output_{port}") if made else last.node.name
            kind = type_attr(self._types(last.node)[int(port)])
            content = value if isinstance(value, Attr) else tensor_attr(value)
            node = make_node(name, "Const", inputs, dtype=kind, value=content)
            made.append(node._replace(rest=last.node.rest))
            if tensor != f"{name}:0":
                tensors[tensor] = name
        return made


def _size(value: Array | Attr) -> int:
    return value.span[1] - value.span[0] if isinstance(value, Attr) else value.nbytes


FOLD_CONSTANTS = Transform(
    name="fold-constants",
    description="Nodes that depend on no input become constants, whose values TensorFlow computes. "
    "What changes something, is random, or would make the graph grow by more than "
    "`largest_growth` bytes stays as it is, and so does the `Dequantize` of weights.",
    exact=True,
    apply=_fold,
    parameters={"largest_growth": 100 << 10},
)
