"""What goes into a model and comes out of it: found in the graph, or checked if it was stated."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence

from buildtool.graph.attributes import Shape
from buildtool.graph.findings import Findings
from buildtool.graph.graphdef import GraphDef, Node
from buildtool.graph.specs import argument_types
from buildtool.graph.walk import Site
from buildtool.values import TensorInfo

_INPUTS = ("Placeholder", "PlaceholderV2")
_NO_RESULT = frozenset({"Const", "NoOp", "Assert", *_INPUTS})
_LOOP = frozenset({"Enter", "Exit", "Merge", "Switch", "NextIteration", "_SwitchN"})
_HANDLES = frozenset({"DT_VARIANT", "DT_RESOURCE"})
_UNKNOWN = ("DT_INVALID",)
_NAMES_SHOWN = 3


class Interface:
    """The tensors of one graph, by name. ``sites`` are its nodes as walked (main graph only)."""

    def __init__(self, graph: GraphDef, sites: Sequence[Site], shapes: Mapping[str, Shape]) -> None:
        self._graph = graph
        self._sites = {site.node.name: site for site in sites}
        self._shapes = {with_index(name): shape for name, shape in shapes.items()}

    def found_inputs(self) -> tuple[TensorInfo, ...]:
        """Every placeholder that a node takes, in the order of the graph."""
        taken = self._taken(control=False)
        nodes = (node for node in self._graph.nodes if node.op in _INPUTS and node.name in taken)
        return tuple(self._tensor(f"{node.name}:0") for node in nodes)

    def found_outputs(self) -> tuple[TensorInfo, ...]:
        """Every output of the nodes that give something which no node takes.

        The machinery of control flow leaves loose ends too: those count only if nothing else
        is left.
        """
        waited_for, taken = self._taken(control=True), self._taken(control=False)
        last = [n for n in self._graph.nodes if n.name not in taken and n.op not in _NO_RESULT]
        plain = [n for n in last if n.op not in _LOOP and n.name not in waited_for]
        return tuple(
            self._tensor(f"{node.name}:{index}")
            for node in plain or last
            for index, dtype in enumerate(self._output_types(node.name))
            if dtype not in _HANDLES
        )

    def _taken(self, *, control: bool) -> set[str]:
        """The nodes that others take tensors from, or (``control``) wait for."""
        return {
            name.lstrip("^").partition(":")[0]
            for node in self._graph.nodes
            for name in node.inputs
            if name.startswith("^") == control
        }

    def stated(
        self, names: Sequence[str], what: str, where: str, findings: Findings
    ) -> tuple[TensorInfo, ...]:
        """The tensors that the target names; a name that the graph lacks is a finding."""
        result = []
        for name in names:
            node, _, index = with_index(name).rpartition(":")
            types = self._output_types(node) if node in self._sites else ()
            if node not in self._sites:
                close = difflib.get_close_matches(node, self._sites, n=_NAMES_SHOWN)
                todo = (
                    f"close to it are {', '.join(close)}" if close else "name a node of the graph"
                )
                findings.model(where, f"the {what} {name!r} is no node of the graph", todo)
            elif types != _UNKNOWN and int(index) >= len(types):
                todo = f"{node!r} has {len(types)} outputs; the first is {node}:0"
                findings.model(where, f"there is no tensor {name!r} to be an {what}", todo)
            else:
                result.append(self._tensor(f"{node}:{index}"))
        return tuple(result)

    def check_shapes(self, where: str, findings: Findings) -> None:
        """Stated shapes must belong to tensors of the graph."""
        for name in self._shapes:
            if name.rpartition(":")[0] not in self._sites:
                what = f"a shape is stated for {name!r}, which is no tensor of the graph"
                findings.model(where, what, "name an input of the model")

    def _tensor(self, name: str) -> TensorInfo:
        node, _, index = name.rpartition(":")
        types = self._output_types(node)
        number = int(index)
        dtype = types[number] if number < len(types) else "DT_INVALID"
        shape = self._shapes.get(name, _shape(self._sites[node].node, number))
        return TensorInfo(name=name, dtype=dtype, shape=shape)

    def _output_types(self, node: str) -> tuple[str, ...]:
        """The types of a node's outputs; one of unknown type where nothing says what they are."""
        site = self._sites[node]
        if site.spec is None or (site.spec.is_open and not site.calls):
            return _UNKNOWN
        types = argument_types(site.spec.outputs, site.attrs)
        return _UNKNOWN if types is None else types


def with_index(name: str) -> str:
    """``x:0`` for ``x``; node names hold no colon."""
    head, colon, index = name.rpartition(":")
    return name if colon and head and index.isdecimal() else f"{name}:0"


def _shape(node: Node, index: int) -> Shape:
    """The shape that a node states of its output, None if it does not."""
    listed = node.value("_output_shapes", "list(shape)")
    if isinstance(listed, tuple) and index < len(listed):
        return _as_shape(listed[index])
    return _as_shape(node.value("shape", "shape")) if node.op in _INPUTS else None


def _as_shape(value: object) -> Shape:
    return tuple(int(size) for size in value) if isinstance(value, tuple) else None
