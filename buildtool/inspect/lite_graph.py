"""The graph of a ``.tflite`` model in the form in which graphs are shown: a node for each operator,
input and constant, called after the first tensor that it gives."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from buildtool.inspect.scopes import ScopeTree, scope_tree
from buildtool.model.attributes import Attr
from buildtool.model.encoding import int_attr, string_attr
from buildtool.model.graphdef import FunctionDef, GraphDef, Node
from buildtool.model.lite.subgraphs import LiteContents, LiteTensor, Quantization, Subgraph
from buildtool.model.node_tensors import Inference, NodeTensors, Tensor

_INPUT, _CONSTANT = "input", "Const"
# What has a meaning in the names of nodes.
_ODD = re.compile(r"[:^]")


def lite_tree(found: LiteContents) -> ScopeTree:
    """The nodes of all subgraphs; those after the first are groups of their own."""
    shown = [_Shown.of(graph) for graph in found.subgraphs]
    first, others = shown[0], dict(enumerate(shown[1:], 1))
    names = {number: f"{number} {found.subgraphs[number].name}" for number in range(1, len(shown))}
    functions = {
        names[number]: FunctionDef(names[number], (), (), {}, each.nodes)
        for number, each in others.items()
    }
    return scope_tree(
        GraphDef(first.nodes, functions, 0, 0, ()),
        Inference(
            graphs={"": first.tensors} | {names[n]: each.tensors for n, each in others.items()}
        ),
    )


class _Shown(NamedTuple):
    nodes: tuple[Node, ...]
    tensors: Mapping[str, NodeTensors]

    @classmethod
    def of(cls, graph: Subgraph) -> _Shown:
        """The nodes of a subgraph, and what they give."""
        sources: dict[int, str] = {}
        used: set[str] = set()
        given = {number for each in graph.operators for number in each.gives}
        nodes: list[Node] = []
        tensors: dict[str, NodeTensors] = {}

        def add(op: str, gives: Sequence[int], inputs: tuple[str, ...], version: int) -> None:
            name = _name(graph, gives, op, used)
            known = [graph.tensors[number] for number in gives]
            nodes.append(Node(name, op, inputs, dict(_attributes(known, version))))
            tensors[name] = NodeTensors(
                (), tuple(Tensor(each.info.dtype, each.info.shape) for each in known)
            )
            for port, number in enumerate(gives):
                sources[number] = f"{name}:{port}" if port else name

        for number, tensor in enumerate(graph.tensors):
            if number in graph.inputs:
                add(_INPUT, [number], (), 0)
            elif tensor.bytes and number not in given:
                add(_CONSTANT, [number], (), 0)
        for each in graph.operators:
            inputs = tuple(sources[number] for number in each.takes if number in sources)
            add(each.op, each.gives, inputs, each.version)
        return cls(tuple(nodes), tensors)


def _name(graph: Subgraph, gives: Sequence[int], op: str, used: set[str]) -> str:
    """A name that no other node has. Tensors of operators that were joined have the names of all of
    them, with semicolons between."""
    tensor = graph.tensors[gives[0]].info.name if gives else ""
    plain = _ODD.sub("_", tensor.removesuffix(":0").partition(";")[0]).strip("/") or op
    name, count = plain, 1
    while name in used:
        count += 1
        name = f"{plain}_{count}"
    used.add(name)
    return name


def _attributes(tensors: Sequence[LiteTensor], version: int) -> Iterator[tuple[str, Attr]]:
    if version:
        yield "version", int_attr(version)
    for place, tensor in enumerate(tensors):
        if tensor.quantization:
            number = f" {place}" * (len(tensors) > 1)
            words = quantization_words(tensor.quantization)
            yield f"quantization{number}", string_attr(words.encode())


def quantization_words(found: Quantization) -> str:
    """``scale 0.0039, zero point -128``."""
    several = f", the first of {found.scales} along axis {found.axis}" * (found.scales > 1)
    return f"scale {found.scale:.6g}, zero point {found.zero_point}{several}"
