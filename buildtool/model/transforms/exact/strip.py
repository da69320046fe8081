"""What a session does not run, left out; with the functions that nothing calls any more."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from buildtool.core.datatypes import UNKNOWN
from buildtool.core.values import TensorInfo
from buildtool.model.graphdef import GraphDef, Node
from buildtool.model.pruning import node_of, prune
from buildtool.model.specs import argument_types
from buildtool.model.transforms.transform import Result, Setting, Transform, full

_GRADIENT = "SymbolicGradient"  # calls what the library's gradients name


def _strip(graph: GraphDef, setting: Setting) -> Result:
    if not setting.outputs:
        return Result(graph)
    inputs = _tensors(graph, setting, setting.inputs)
    outputs = _tensors(graph, setting, setting.outputs)
    pruned = prune(graph, inputs, outputs, tuple(map(node_of, setting.first)))
    called = _called(pruned.graph)
    gone = tuple(name for name in graph.functions if name not in called)
    kept = {name: each for name, each in graph.functions.items() if name in called}
    changed = (*(node.name for node in pruned.removed), *pruned.fed, *gone)
    return Result(pruned.graph._replace(functions=kept), changed) if changed else Result(graph)


def _tensors(graph: GraphDef, setting: Setting, names: Sequence[str]) -> tuple[TensorInfo, ...]:
    nodes = {node.name: node for node in graph.nodes}

    def dtype(tensor: str) -> str:
        name, _, port = tensor.rpartition(":")
        node = nodes.get(name)
        spec = setting.tree.specs[node.op] if node is not None else None
        types = argument_types(spec.outputs, node.attrs) if spec and node is not None else None
        return types[int(port)] if types and int(port) < len(types) else UNKNOWN

    shapes = {full(name): shape for name, shape in setting.shapes.items()}
    return tuple(
        TensorInfo(name=name, dtype=dtype(name), shape=shapes.get(name))
        for name in map(full, names)
    )


def _called(graph: GraphDef) -> set[str]:
    """The functions that nodes name, directly or by way of others."""
    found: set[str] = set()
    waiting: list[Iterable[Node]] = [graph.nodes]
    while waiting:
        for node in waiting.pop():
            if node.op == _GRADIENT:
                return set(graph.functions)
            calls = [call.name for attr in node.attrs.values() for call in attr.functions()]
            for name in {node.op, *calls} & graph.functions.keys() - found:
                found.add(name)
                waiting.append(graph.functions[name].nodes)
    return found


STRIP = Transform(
    name="strip",
    description="Nodes that no output needs go, and functions that nothing calls. What an app "
    "feeds becomes a placeholder.",
    exact=True,
    apply=_strip,
)
