"""How many floating-point operations a run of a graph takes.

Counted as ``CalculateFlops`` of TensorFlow 2.14.1 does (``tensorflow/tools/benchmark/
benchmark_model.cc``): of five ops, two for each multiplication with its addition. What it leaves
out is counted apart, in the same way.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from typing import NamedTuple

from buildtool.inspect.inspection import Work, ranked_counts
from buildtool.model.attributes import Function
from buildtool.model.graphdef import GraphDef, Node
from buildtool.model.node_tensors import Inference, NodeTensors

_LOOPS = ("While", "StatelessWhile")
_BRANCHES = ("If", "StatelessIf", "Case", "StatelessCase")
_DEEPEST = 32  # calls in calls; a function that calls itself has no end


def _convolution(_: Node, tensors: NodeTensors) -> int | None:
    """Each output element takes a product with every weight of its filter."""
    kernel, output = tensors.inputs[1].shape, tensors.outputs[0].elements
    return _products(output, kernel and kernel[:-1])


def _depthwise(_: Node, tensors: NodeTensors) -> int | None:
    kernel, output = tensors.inputs[1].shape, tensors.outputs[0].elements
    return _products(output, kernel and kernel[:2])


def _backwards(_: Node, tensors: NodeTensors) -> int | None:
    """A transposed convolution does what the convolution from its output to its input would."""
    kernel, given = tensors.inputs[1].shape, tensors.inputs[2].elements
    return _products(given, kernel and kernel[:-1])


def _matmul(node: Node, tensors: NodeTensors) -> int | None:
    shape, output = tensors.inputs[0].shape, tensors.outputs[0].elements
    if shape is None or len(shape) != 2:
        return None
    return _products(output, shape[:1] if node.value("transpose_a", "bool") else shape[1:])


def _batch_matmul(node: Node, tensors: NodeTensors) -> int | None:
    shape, output = tensors.inputs[0].shape, tensors.outputs[0].elements
    if shape is None or len(shape) < 2:
        return None
    axis = -2 if node.value("adj_x", "bool") else -1
    return _products(output, (shape[axis],))


def _products(output: int | None, sizes: tuple[int, ...] | None) -> int | None:
    if output is None or sizes is None or any(size < 0 for size in sizes):
        return None
    return 2 * output * math.prod(sizes)


Rule = Callable[[Node, NodeTensors], "int | None"]
COUNTED: Mapping[str, Rule] = {
    "Conv2D": _convolution,
    "QuantizedConv2D": _convolution,
    "DepthwiseConv2dNative": _depthwise,
    "MatMul": _matmul,
    "QuantizedMatMul": _matmul,
}
OTHERS: Mapping[str, Rule] = {
    "BatchMatMul": _batch_matmul,
    "BatchMatMulV2": _batch_matmul,
    "BatchMatMulV3": _batch_matmul,
    "Conv2DBackpropInput": _backwards,
    "Conv3D": _convolution,
    "_FusedConv2D": _convolution,
    "_FusedDepthwiseConv2dNative": _depthwise,
    "_FusedMatMul": _matmul,
}


class Tally(NamedTuple):
    """The work of nodes, by op; ``unknown`` are nodes of which it is not known."""

    counted: Counter[str]
    others: Counter[str]
    unknown: tuple[str, ...]

    def plus(self, other: Tally) -> Tally:
        """Both together."""
        unknown = tuple(dict.fromkeys((*self.unknown, *other.unknown)))
        return Tally(self.counted + other.counted, self.others + other.others, unknown)

    @property
    def flops(self) -> int:
        return self.counted.total()

    @property
    def other(self) -> int:
        return self.others.total()


class Tallies:
    """The work of each node of a model, with that of the functions that it calls."""

    def __init__(self, graph: GraphDef, tensors: Inference) -> None:
        self._functions, self._tensors = graph.functions, tensors
        self._made: dict[str, Tally] = {}
        self.has_loops = any(node.op in ("NextIteration", *_LOOPS) for node in graph.nodes)
        self.has_branches = any(node.op in _BRANCHES for node in graph.nodes)

    def of(self, node: Node, function: str = "", depth: int = 0) -> Tally:
        """The work of one node."""
        rule = COUNTED.get(node.op) or OTHERS.get(node.op)
        if rule is None:
            return self._called(node, depth)
        try:
            found = rule(node, self._tensors.of(function, node.name))
        except IndexError:
            found = None
        shown = f"{function}/{node.name}" if function else node.name
        if found is None:
            return Tally(Counter(), Counter(), (shown,))
        work = Counter({node.op: found})
        return Tally(work, Counter(), ()) if node.op in COUNTED else Tally(Counter(), work, ())

    def _called(self, node: Node, depth: int) -> Tally:
        """The work of the functions that a node calls: of branches, the one with the most."""
        called = [Function(node.op, {})] if node.op in self._functions else []
        called += [each for attr in node.attrs.values() for each in attr.functions()]
        bodies = [self._function(each.name, depth) for each in called]
        if not bodies:
            return Tally(Counter(), Counter(), ())
        if node.op in _BRANCHES:
            return max(bodies, key=lambda body: (body.flops + body.other, body.flops))
        whole = bodies[0]
        for body in bodies[1:]:
            whole = whole.plus(body)
        return whole

    def _function(self, name: str, depth: int) -> Tally:
        if name not in self._made:
            whole = Tally(Counter(), Counter(), ())
            function = self._functions.get(name)
            for node in function.nodes if function and depth < _DEEPEST else ():
                self.has_loops |= node.op in _LOOPS
                self.has_branches |= node.op in _BRANCHES
                whole = whole.plus(self.of(node, name, depth + 1))
            self._made[name] = whole
        return self._made[name]


def sum_up(tallies: Tallies, nodes: tuple[Node, ...]) -> Work:
    """The work of all ``nodes``."""
    whole = Tally(Counter(), Counter(), ())
    for node in nodes:
        whole = whole.plus(tallies.of(node))
    notes = []
    if tallies.has_loops:
        notes.append("a loop counts as one turn of it: how often it turns is not known")
    if tallies.has_branches:
        notes.append("of branches, the one with the most work counts")
    return Work(
        flops=whole.flops,
        by_op=ranked_counts(whole.counted),
        other=whole.other,
        other_by_op=ranked_counts(whole.others),
        unknown=whole.unknown,
        notes=tuple(notes),
    )
