"""The nodes of a graph that are to compute in eight bits, their weights, and why not others."""

from __future__ import annotations

from typing import NamedTuple

from buildtool.model.graphdef import GraphDef, Node
from buildtool.model.pruning import node_of
from buildtool.model.tensors import array_of
from buildtool.model.transforms.exact.effects import Names
from buildtool.model.transforms.lossy.eight_bit_nodes import (
    FLOAT,
    Form,
    Refusal,
    eight_bit_form,
    fed_with_floats,
    in_control_flow,
)
from buildtool.model.transforms.lossy.quantize_weights import BYTES, MODE, dequantized
from buildtool.model.transforms.lossy.weights import is_named, names_of
from buildtool.model.transforms.transform import Setting, View, plain_inputs


class Weight(NamedTuple):
    """What stands for a constant of floats: its bytes and their range, and, under its name, the
    node that makes floats of them. ``parts`` are empty where the graph has all of it."""

    parts: tuple[Node, ...]
    floats: Node


class EightBitChoice:
    """``forms`` are the nodes, ``weights`` the constants that they take, both by name; ``refused``
    are the nodes that would have to be changed but cannot, with the reason."""

    def __init__(self, graph: GraphDef, setting: Setting) -> None:
        self.graph, self.view, self.names = graph, View(graph, setting), Names(setting)
        self.forms: dict[str, Form] = {}
        self.weights: dict[str, Weight] = {}
        self.refused: dict[str, Refusal] = {}
        self._patterns = names_of(setting, "exclude")
        self._inside, self._taken = in_control_flow(graph), _parts_there(graph)
        for node in graph.nodes:
            found = None if is_named(node, self._patterns) else self._form(node)
            if isinstance(found, str):
                self.refused[node.name] = found
            elif found:
                self.forms[node.name] = found
        for name in sorted(fed_with_floats(self.forms)):
            del self.forms[name]
            self.refused[name] = "what it takes are floats, so bytes would gain nothing"
        used = {node_of(name) for form in self.forms.values() for name in form.node.inputs}
        self.weights = {name: each for name, each in self.weights.items() if name in used}

    def _form(self, node: Node) -> Form | Refusal | None:
        form = eight_bit_form(node, self.view)
        if not isinstance(form, Form):
            return form
        if node.name in self._inside:
            return "it is in a loop or a branch"
        if node.name in self.names.inputs:
            return "the app feeds it"
        if node.name in self._taken:
            return "the graph has nodes of the names that its parts would have"
        return self._with_weights(form)

    def _with_weights(self, form: Form) -> Form | Refusal | None:
        """The node with its constants in place of what passes them on; None if one of them is to
        stay as it is."""
        inputs = list(form.node.inputs)
        for place in form.floats:
            source = self.view.producer(inputs[place])
            if source is None or source.op not in ("Const", "Dequantize"):
                continue
            if is_named(source, self._patterns):
                return None
            weight = self._weight(source)
            if isinstance(weight, str):
                return f"its constant {source.name!r}: {weight}"
            if weight:
                self.weights[source.name] = weight
                inputs[place] = source.name
        return form._replace(node=form.node._replace(inputs=tuple(inputs)))

    def _weight(self, node: Node) -> Weight | Refusal | None:
        """A constant in eight bits; None if it is none, or one that the app knows."""
        if node.name in self.weights:
            return self.weights[node.name]
        if node.op == "Dequantize":
            return Weight((), node) if self._is_weight(node) else None
        array = array_of(node.attrs.get("value"))
        if node.value("dtype", "type") != FLOAT or array is None or node.name in self.names.all:
            return None
        if not array.size:
            return "it is empty"
        found = dequantized(node, array, self.view)
        return found if isinstance(found, str) else Weight(found[:-1], found[-1])

    def _is_weight(self, node: Node) -> bool:
        """Whether a Dequantize is of the kind that stands for a weight."""
        parts = [self.view.nodes.get(node_of(name)) for name in plain_inputs(node)]
        held = all(part is not None and part.op == "Const" for part in parts)
        return held and (node.value("T", "type"), node.value("mode", "string")) == (BYTES, MODE)


def _parts_there(graph: GraphDef) -> frozenset[str]:
    """The nodes for whose parts the tool would choose names that the graph has already."""
    found = set()
    for node in graph.nodes:
        for mark in ("/eightbit", "_eightbit/"):
            head, there, _ = node.name.partition(mark)
            found |= {head} if there else set()
    return frozenset(found)
