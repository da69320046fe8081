"""Convolutions and products in eight bits, by TensorFlow's own Graph Transform Tool.

The tool (``quantize_nodes``) is given the nodes that it is right about, and nothing else of the
graph: what lies around them is a placeholder for it. So what it drops of a graph (version,
functions, devices, control edges), and what it would change wrongly, never is in its hands. Weights
become bytes here, not there, in the ranges of ``quantize_weights.py``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from buildtool.model.encoding import make_node, string_attr, type_attr
from buildtool.model.graphdef import GraphDef, Node
from buildtool.model.pruning import node_of
from buildtool.model.transforms.exact.effects import Effects
from buildtool.model.transforms.exact.wiring import swept, with_nodes
from buildtool.model.transforms.lossy.eight_bit_choice import EightBitChoice
from buildtool.model.transforms.lossy.eight_bit_nodes import FLOAT
from buildtool.model.transforms.lossy.quantize_weights import BYTES, MODE
from buildtool.model.transforms.lossy.ranges import frozen, with_zero
from buildtool.model.transforms.lossy.weights import names_of, unmatched
from buildtool.model.transforms.transform import (
    GraphTool,
    Result,
    Setting,
    Transform,
    full,
    plain_inputs,
)

_PLACEHOLDER = "Placeholder"
_NO_TENSORFLOW = "TensorFlow, whose tool changes it, is not installed"


def _apply(graph: GraphDef, setting: Setting) -> Result:
    choice = EightBitChoice(graph, setting)
    refused = (*unmatched(names_of(setting, "exclude"), graph), *choice.refused.items())
    if not choice.forms:
        return Result(graph, (), refused)
    if setting.tool is None:
        return Result(graph, (), tuple((name, _NO_TENSORFLOW) for name in choice.forms))
    names = _named_outside(choice)
    made = _changed(choice, names, setting.tool, _words(setting.parameters))
    whole = _put_back(choice, made, names, Effects(graph, setting))
    names_made = [node.name for node in made]
    if setting.parameters["ranges"] == "observed":
        whole, unseen = frozen(whole, names_made, setting)
        refused += unseen
    whole = with_zero(whole, names_made, setting)
    return Result(whole, tuple(choice.forms), refused)


def _words(parameters: Mapping[str, object]) -> str:
    """The transform as the tool's command line has it, whose numbers have no ``+``."""
    if parameters["ranges"] != "given":
        return "quantize_nodes"
    low, high = (f"{float(str(parameters[end])):.9g}".replace("+", "") for end in ("low", "high"))
    return f"quantize_nodes(fallback_min={low}, fallback_max={high})"


def _named_outside(choice: EightBitChoice) -> tuple[str, ...]:
    """The nodes whose names must stay, as nodes outside take what they give or wait for them, or
    the app knows them."""
    names = set(choice.names.all)
    for node in choice.graph.nodes:
        if node.name not in choice.forms:
            names |= {node_of(name) for name in node.inputs}
    return tuple(sorted(names & (choice.forms.keys() | choice.weights.keys())))


def _changed(
    choice: EightBitChoice, names: Sequence[str], tool: GraphTool, words: str
) -> tuple[Node, ...]:
    """The nodes that the tool makes of the chosen ones, without their weights; some of them are for
    nobody. In the order of their names, as that in which it writes them says nothing."""
    given = _ToolGraph(choice)
    made = tool(GraphDef(tuple(given.nodes), {}, 0, 0, ()), [*given.tensors], names, words)
    own = (node for node in made.nodes if node.name not in {*given.tensors, *choice.weights})
    return tuple(_taking(node, given.tensors) for node in sorted(own, key=lambda node: node.name))


class _ToolGraph:
    """What the tool is given: the chosen nodes, what makes floats of their weights, and
    placeholders for the ``tensors`` from outside, by the names of these."""

    def __init__(self, choice: EightBitChoice) -> None:
        self.nodes: list[Node] = []
        self.tensors: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self._fresh = choice.view.fresh
        floats = {"T": type_attr(BYTES), "mode": string_attr(MODE)}
        for name, weight in choice.weights.items():
            kinds = (BYTES, FLOAT, FLOAT)
            parts = [
                self._outside(tensor, kind)
                for tensor, kind in zip(plain_inputs(weight.floats), kinds, strict=True)
            ]
            self.nodes.append(make_node(name, "Dequantize", parts, **floats))
        inside = choice.forms.keys() | choice.weights.keys()
        for form in choice.forms.values():
            inputs = [
                tensor
                if node_of(tensor) in inside
                else self._outside(tensor, FLOAT if place in form.floats else "DT_INT32")
                for place, tensor in enumerate(form.node.inputs)
            ]
            self.nodes.append(form.node._replace(inputs=tuple(inputs)))

    def _outside(self, tensor: str, kind: str) -> str:
        """The placeholder for a tensor; the tool understands none but a node's first."""
        tensor = full(tensor)
        if tensor not in self._names:
            source, _, port = tensor.rpartition(":")
            name = source if port == "0" else self._fresh(f"{source}_port_{port}")
            self._names[tensor] = name
            self.tensors[name] = source if port == "0" else tensor
            self.nodes.append(make_node(name, _PLACEHOLDER, (), dtype=type_attr(kind)))
        return self._names[tensor]


def _taking(node: Node, tensors: Mapping[str, str]) -> Node:
    """A node of the tool's that takes the graph's own tensors in place of placeholders."""
    inputs = []
    for name in node.inputs:
        mark = "^" * name.startswith("^")
        plain = name.removeprefix("^").removesuffix(":0")
        found = tensors.get(plain)
        inputs.append(name if found is None else mark + (node_of(found) if mark else found))
    return node._replace(inputs=tuple(inputs), attrs=dict(sorted(node.attrs.items())))


def _put_back(
    choice: EightBitChoice, made: Sequence[Node], names: Sequence[str], effects: Effects
) -> GraphDef:
    """The graph with these nodes in place of the chosen ones, without what nobody takes now."""
    graph = choice.graph
    nodes: list[Node] = []
    for node in graph.nodes:
        if node.name in choice.weights:
            weight = choice.weights[node.name]
            nodes += (*weight.parts, weight.floats)
        elif node.name not in choice.forms:
            nodes.append(node)
    nodes += [node for form in choice.forms.values() for node in form.made]
    kept = _needed(made, {*names, *(node_of(name) for node in nodes for name in node.inputs)})
    new = {node.name for node in (*made, *nodes)} - {node.name for node in graph.nodes}
    nodes += kept
    left = swept(graph, nodes, lambda x: x in new or effects.is_pure(x), choice.names.all)
    return with_nodes(graph, left)


def _needed(made: Sequence[Node], first: set[str]) -> list[Node]:
    """The nodes of these that the first or one another take."""
    nodes = {node.name: node for node in made}
    needed: set[str] = set()
    waiting = [name for name in first if name in nodes]
    while waiting:
        name = waiting.pop()
        if name in nodes and name not in needed:
            needed.add(name)
            waiting += map(node_of, nodes[name].inputs)
    return [node for node in made if node.name in needed]


QUANTIZE_ACTIVATIONS = Transform(
    name="quantize-activations",
    description="Convolutions, products, and what follows them, take and give bytes. A "
    "number's bytes stand for 256 steps of a range: one that is computed when the model runs, that "
    "was observed in the user's samples, or that is given.",
    exact=False,
    apply=_apply,
    parameters={"ranges": "dynamic", "low": 0.0, "high": 0.0, "exclude": ()},
)
