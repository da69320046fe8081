"""How much memory the activations of a run take: the tensors that nodes compute.

The assumption: nodes run one after the other, in the order of the file as far as that goes; a
tensor lives from its node to the last one that takes it, and outputs live to the end. Constants and
variables do not count, nor what a kernel needs besides while it runs. Ops that hand their input on
take no memory; that others may write over their input is not taken into account.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from buildtool.inspect.inspection import Memory
from buildtool.inspect.tensor_sizes import tensor_bytes
from buildtool.model.graphdef import Node
from buildtool.model.node_tensors import Inference

_WEIGHTS = frozenset({"Const", "Variable", "VariableV2", "VarHandleOp", "ReadVariableOp", "NoOp"})
# TensorFlow 2.14.1 gives these the buffer of their first input: identity_op.h, reshape_op.h,
# shape_ops.h, and so on.
_HANDED_ON = frozenset(
    {"Enter", "Exit", "ExpandDims", "Identity", "Merge", "NextIteration", "PlaceholderWithDefault"}
    | {"PreventGradient", "Reshape", "Snapshot", "Squeeze", "StopGradient", "Switch"}
)


class Activations:
    """The bytes that nodes of a main graph compute."""

    def __init__(self, nodes: Sequence[Node], tensors: Inference) -> None:
        self.unknown = 0
        self._taken = {name if ":" in name else f"{name}:0" for n in nodes for name in n.inputs}
        constants = _constant_names(nodes)
        self.sizes: Mapping[str, int] = {
            node.name: 0 if node.name in constants else self._size(node, tensors) for node in nodes
        }

    def _size(self, node: Node, tensors: Inference) -> int:
        if node.op in _HANDED_ON:
            return 0
        total = 0
        for port, each in enumerate(tensors.of("", node.name).outputs):
            size = tensor_bytes(each.dtype, each.elements)
            self.unknown += size is None and f"{node.name}:{port}" in self._taken
            total += size or 0
        return total


def peak_memory(nodes: Sequence[Node], sizes: Activations, kept: Collection[str]) -> Memory:
    """The most that lives at one time; the nodes ``kept`` are outputs."""
    order = in_order(nodes)
    owners = _owners(order)
    last: dict[str, int] = {}
    for place, node in enumerate(order):
        for name in _sources(node):
            last[owners.get(name, name)] = place
    for name in kept:
        last[owners.get(name, name)] = len(order)
    ending: dict[int, list[str]] = {}
    live = peak = 0
    at = ""
    for place, node in enumerate(order):
        live += sizes.sizes[node.name]
        ending.setdefault(max(last.get(node.name, place), place), []).append(node.name)
        if live > peak:
            peak, at = live, node.name
        live -= sum(sizes.sizes[name] for name in ending.pop(place, ()))
    total = sum(sizes.sizes.values())
    return Memory(peak=peak, at=at, total=total, unknown=sizes.unknown)


def in_order(nodes: Sequence[Node]) -> list[Node]:
    """Nodes after those that they take from, in the order of the file as far as that goes. What is
    in a circle, as loops of old graphs are, comes last."""
    by_name = {node.name: node for node in nodes}
    missing = {
        node.name: {name for name in _sources(node, control=True) if name in by_name}
        for node in nodes
    }
    takers: dict[str, list[str]] = {}
    for name, sources in missing.items():
        for source in sources:
            takers.setdefault(source, []).append(name)
    places = {node.name: place for place, node in enumerate(nodes)}
    ordered: dict[str, Node] = {}
    for node in nodes:
        waiting = [] if missing[node.name] else [node.name]
        while waiting:
            name = waiting.pop()
            if name in ordered:
                continue
            ordered[name] = by_name[name]
            ready = []
            for taker in takers.get(name, ()):
                missing[taker].discard(name)
                if not missing[taker] and places[taker] < places[node.name]:
                    ready.append(taker)
            waiting += sorted(ready, key=places.__getitem__, reverse=True)
    return [*ordered.values(), *(node for node in nodes if node.name not in ordered)]


def _constant_names(nodes: Sequence[Node]) -> set[str]:
    """Weights, and what only hands weights on."""
    found = {node.name for node in nodes if node.op in _WEIGHTS}
    for node in in_order(nodes):
        if node.op in _HANDED_ON and {*_sources(node)} <= found and node.inputs:
            found.add(node.name)
    return found


def _owners(order: Sequence[Node]) -> dict[str, str]:
    """The node whose buffer a node hands on, for those that do."""
    owners: dict[str, str] = {}
    for node in order:
        if node.op in _HANDED_ON and (sources := _sources(node)):
            owners[node.name] = owners.get(sources[0], sources[0])
    return owners


def _sources(node: Node, *, control: bool = False) -> list[str]:
    return [
        name.lstrip("^").partition(":")[0]
        for name in node.inputs
        if control or not name.startswith("^")
    ]
