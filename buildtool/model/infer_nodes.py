"""Run in a process of its own, as it imports TensorFlow: types and shapes of a graph's tensors.

``python -m buildtool.model.infer_nodes GRAPH.pb SHAPES RESULT.json``; the shapes are stated ones of
tensors, as JSON. The result has ``release`` (of TensorFlow), ``unknown`` (ops that it does not
know), ``refused`` (nodes that it does not take, and why), ``failure`` (why it does not read the
graph, empty if it does) and ``graphs``: for the main graph (``""``) and each function that is
called, by node, what it takes and what it gives, each tensor as a type's number and its sizes (-1
for one that is not known, null for an unknown rank).
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import tensorflow as tf
from tensorflow.python.framework import op_def_registry
from tensorflow.python.framework.function_def_to_graph import function_def_to_graph_def

from buildtool.model.unpinning import unpin

_INPUTS = ("Placeholder", "PlaceholderV2", "PlaceholderWithDefault")
# Attributes that hold a called function, and how many inputs of the node are not the function's.
_CALLS = {
    "PartitionedCall": (("f",), 0),
    "StatefulPartitionedCall": (("f",), 0),
    "While": (("body", "cond"), 0),
    "StatelessWhile": (("body", "cond"), 0),
    "If": (("then_branch", "else_branch"), 1),
    "StatelessIf": (("then_branch", "else_branch"), 1),
}
# How messages name the node that is meant.
_NODE_NAMED = re.compile(r"\{\{node ([^}]+)\}\}|[Nn]ode '([^']+)'")
_MOST_REFUSED = 20
_LONGEST = 120  # characters of a message; it repeats the op's whole definition
_MOST_ROUNDS = 40  # calls behind calls behind calls
_LISTED = "_output_shapes"

Found = dict[str, list[list[Any]]]


class _Inference:
    """What is found out of one file. ``library`` are its functions."""

    def __init__(self, definition: Any) -> None:
        self.library = {each.signature.name: each for each in definition.library.function}
        self._holder = definition.library
        self.unknown: set[str] = set()
        self.refused: dict[str, str] = {}
        self.graphs: dict[str, Found] = {}

    def infer(self, name: str, definition: Any, shapes: Mapping[str, list[int]]) -> Any:
        """Read one graph, whose name is ``name``; what is behind an unknown op is left out."""
        self.graphs[name] = {}
        self._drop_unknown(definition)
        definition.library.CopyFrom(self._holder)
        unpin(definition.node)
        for node in definition.node:
            node.input[:] = sorted(node.input, key=lambda each: each.startswith("^"))
            if node.op in _INPUTS:
                _complete(node, shapes.get(f"{node.name}:0"))
        graph = self._read(name, definition, shapes)
        for _ in range(_MOST_ROUNDS):
            if not self._annotate(definition, graph):
                break
            graph = _read(definition, shapes)
        self.graphs[name] = {each.name: _tensors(each) for each in graph.get_operations()}
        return graph

    def _read(self, name: str, definition: Any, shapes: Mapping[str, list[int]]) -> Any:
        """Read a graph without the nodes that are refused, where it says which ones."""
        while True:
            try:
                return _read(definition, shapes)
            except ValueError as error:  # noqa: PERF203 - each names one node
                found = _NODE_NAMED.search(str(error))
                bad = found[1] or found[2] if found else ""
                known = any(node.name == bad for node in definition.node)
                if not known or len(self.refused) >= _MOST_REFUSED:
                    raise
                self.refused[f"{name}/{bad}" if name else bad] = _first_line(error)
                _drop(definition, {bad})

    def _drop_unknown(self, definition: Any) -> None:
        """Without nodes of ops that this release does not know, and all that depends on them."""
        unknown = [
            node
            for node in definition.node
            if node.op not in self.library and op_def_registry.get(node.op) is None
        ]
        self.unknown |= {node.op for node in unknown}
        _drop(definition, {node.name for node in unknown})

    def _annotate(self, definition: Any, graph: Any) -> bool:
        """Write down what calls of functions give, once that is known; whether something was."""
        changed = False
        for node in definition.node:
            bodies, first = self._called(node)
            if not bodies or _LISTED in node.attr:
                continue
            operation = graph.get_operation_by_name(node.name)
            taken = [each.shape for each in operation.inputs][first:]
            given = [self._body(body, taken) for body in bodies]
            if given[0] is not None and any(each.rank is not None for each in given[0]):
                listed = node.attr[_LISTED].list.shape
                listed.extend(each.as_proto() for each in given[0])
                changed = True
        return changed

    def _called(self, node: Any) -> tuple[list[str], int]:
        if node.op in self.library:
            return [node.op], 0
        attrs, first = _CALLS.get(node.op, ((), 0))
        return [node.attr[attr].func.name for attr in attrs if attr in node.attr], first

    def _body(self, name: str, taken: list[Any]) -> list[Any] | None:
        """The shapes that a function gives when it takes these, None if that is not known."""
        function = self.library.get(name)
        if function is None:
            return None
        try:
            body, flat = function_def_to_graph_def(function, input_shapes=taken)
            graph = self.infer(name, body, {})
            returned = [function.ret[each.name] for each in function.signature.output_arg]
            return [graph.get_tensor_by_name(flat[each]).shape for each in returned]
        except (KeyError, ValueError, TypeError, tf.errors.OpError):
            return None


def _drop(definition: Any, gone: set[str]) -> None:
    """Leave out nodes, and all that depends on them."""
    while more := {
        node.name
        for node in definition.node
        if gone and node.name not in gone and not gone.isdisjoint(_names(node.input))
    }:
        gone = gone | more
    if gone:
        kept = [node for node in definition.node if node.name not in gone]
        del definition.node[:]
        definition.node.extend(kept)


def _first_line(error: Exception) -> str:
    line = next(iter(str(error).splitlines()), type(error).__name__)
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}..."


def _names(inputs: Iterable[str]) -> set[str]:
    return {each.lstrip("^").partition(":")[0] for each in inputs}


def _complete(node: Any, stated: list[int] | None) -> None:
    """Give an input the shape that is stated; else one where its first size, which is that of the
    batch, is not known."""
    shape = node.attr["shape"].shape
    if stated is not None:
        shape.CopyFrom(tf.TensorShape([None if n < 0 else n for n in stated]).as_proto())
    elif not shape.unknown_rank and shape.dim and shape.dim[0].size < 0:
        shape.dim[0].size = 1
    if _LISTED in node.attr:
        del node.attr[_LISTED]


def _read(definition: Any, shapes: Mapping[str, list[int]]) -> Any:
    """Read a graph; tensors in its midst whose shape is stated are fed."""
    nodes = {node.name: node for node in definition.node}
    with tf.Graph().as_default() as graph:
        fed: dict[str, Any] = {}
        for tensor, sizes in shapes.items():
            node = nodes.get(tensor.rpartition(":")[0])
            if node is not None and node.op not in _INPUTS:
                name = f"fed_{len(fed)}"
                fed[tensor] = tf.compat.v1.placeholder(_type(node), sizes, name)
        tf.import_graph_def(definition, name="", input_map=fed)
    return graph


def _type(node: Any) -> Any:
    attr = next((node.attr[name] for name in ("dtype", "T", "DstT") if name in node.attr), None)
    return tf.float32 if attr is None else tf.as_dtype(attr.type)


def _tensors(operation: Any) -> list[list[Any]]:
    return [
        [[each.dtype.as_datatype_enum, _sizes(each)] for each in tensors]
        for tensors in (operation.inputs, operation.outputs)
    ]


def _sizes(tensor: Any) -> list[int] | None:
    if tensor.shape.rank is None:
        return None
    return [-1 if size is None else size for size in tensor.shape.as_list()]


def main(path: Path, shapes: str, result: Path) -> None:
    """Answer what is asked of the graph in ``path``."""
    definition = tf.compat.v1.GraphDef()
    failure = ""
    inference = _Inference(definition)
    try:
        definition.ParseFromString(path.read_bytes())
        inference = _Inference(definition)
        inference.infer("", definition, json.loads(shapes))
    except Exception as error:  # whatever TensorFlow finds wrong is told
        failure = _first_line(error)
    answer = {
        "release": tf.__version__,
        "unknown": sorted(inference.unknown),
        "refused": inference.refused,
        "failure": failure,
        "graphs": inference.graphs,
    }
    result.write_text(json.dumps(answer, sort_keys=True), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
