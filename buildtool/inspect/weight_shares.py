"""Constants and variables: of which types, in which layers, and how large."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from buildtool.inspect.activations import Activations
from buildtool.inspect.flops import Tallies
from buildtool.inspect.inspection import Layer, TypeShare
from buildtool.inspect.tensor_sizes import tensor_bytes
from buildtool.model.graphdef import Node
from buildtool.model.tensors import shape_of

VARIABLES = ("Variable", "VariableV2", "VarHandleOp")
_HOLDERS = ("Const", "HostConst", "ImmutableConst", *VARIABLES)
# Nodes that only stand between a weight and the node that computes with it.
_BETWEEN = frozenset({"Enter", "Identity", "ReadVariableOp", "Dequantize", "Switch", "Cast"})


def elements_of(node: Node) -> int:
    """How many elements a constant or a variable has; 0 for other nodes and unknown shapes."""
    if node.op not in _HOLDERS:
        return 0
    shape: object = shape_of(node.attrs.get("value"))
    if shape is None:
        shape = node.value("shape", "shape")
    if not isinstance(shape, tuple) or any(size < 0 for size in shape):
        return 0
    return math.prod(shape)


def type_of(node: Node) -> str:
    """The type of what a constant or a variable holds."""
    found = node.value("dtype", "type")
    return str(found) if found else "DT_INVALID"


def type_shares(nodes: Iterable[Node]) -> tuple[TypeShare, ...]:
    """What constants and variables hold, the largest part first."""
    counts: dict[str, list[int]] = {}
    for node in nodes:
        if node.op in _HOLDERS:
            share = counts.setdefault(type_of(node), [0, 0])
            share[0] += 1
            share[1] += elements_of(node)
    shares = (
        TypeShare(
            dtype=dtype,
            tensors=tensors,
            elements=elements,
            bytes=tensor_bytes(dtype, elements) or (None if elements else 0),
        )
        for dtype, (tensors, elements) in counts.items()
    )
    return tuple(sorted(shares, key=lambda share: (-(share.bytes or 0), share.dtype)))


def scope_of(name: str) -> str:
    """The name scope of a node; its own name where it stands in none."""
    return name.rpartition("/")[0] or name


def find_layers(
    nodes: Sequence[Node], tallies: Tallies, activations: Activations
) -> tuple[Layer, ...]:
    """The name scopes that hold weights or do work, in the order of the graph. A weight belongs to
    the scope of the node that computes with it first."""
    owners = weight_owners(nodes)
    found: dict[str, Counter[str]] = {}
    for node in nodes:
        layer = found.setdefault(owners.get(node.name, scope_of(node.name)), Counter())
        elements, work = elements_of(node), tallies.of(node)
        layer["nodes"] += 1
        layer["parameters"] += elements
        layer["bytes"] += tensor_bytes(type_of(node), elements) or 0
        layer["flops"] += work.flops
        layer["other"] += work.other
        layer["activations"] += activations.sizes.get(node.name, 0)
    return tuple(
        Layer(
            name=name,
            nodes=layer["nodes"],
            parameters=layer["parameters"],
            bytes=layer["bytes"],
            flops=layer["flops"],
            other_flops=layer["other"],
            activations=layer["activations"],
        )
        for name, layer in found.items()
        if layer["parameters"] or layer["flops"] or layer["other"] or layer["activations"]
    )


def weight_owners(nodes: Sequence[Node]) -> Mapping[str, str]:
    """The layers of weights, and of what stands between them and their nodes."""
    by_name = {node.name: node for node in nodes}
    owners: dict[str, str] = {}
    for node in nodes:
        if node.op in _BETWEEN:
            continue
        waiting = _data_sources(node)
        while waiting:
            source = by_name.get(waiting.pop())
            if source is None or source.name in owners:
                continue
            if source.op in _HOLDERS or (source.op in _BETWEEN and _is_weight(source, by_name)):
                owners[source.name] = scope_of(node.name)
                waiting += _data_sources(source)
    return owners


def _is_weight(node: Node, by_name: Mapping[str, Node]) -> bool:
    """Whether a node hands on nothing but a weight."""
    for _ in by_name:
        sources = _data_sources(node)
        source = by_name.get(sources[0]) if sources else None
        if source is None or source.op in _HOLDERS:
            return source is not None
        if source.op not in _BETWEEN:
            return False
        node = source
    return False


def _data_sources(node: Node) -> list[str]:
    return [name.partition(":")[0] for name in node.inputs if not name.startswith("^")]
