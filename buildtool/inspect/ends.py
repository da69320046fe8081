"""What goes into a model and comes out of it, with the reason why it is taken for that."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from buildtool.core.datatypes import UNKNOWN
from buildtool.inspect.inspection import End
from buildtool.inspect.weight_shares import VARIABLES, type_of
from buildtool.model.graphdef import GraphDef, Node
from buildtool.model.interface import find_ends, with_index
from buildtool.model.node_tensors import Inference, Tensor

_PLACEHOLDERS = ("Placeholder", "PlaceholderV2", "PlaceholderWithDefault")
_IMAGE_CHANNELS = (1, 3, 4)
_SHOWN = 2
_LOOKS_LIKE = {
    "Softmax": "Softmax: its numbers look like probabilities",
    "LogSoftmax": "LogSoftmax: its numbers look like logarithms of probabilities",
    "Sigmoid": "Sigmoid: its numbers look like probabilities, each for itself",
    "ArgMax": "ArgMax: it looks like the number of the best class",
    "TopKV2": "TopKV2: it looks like the best classes",
}


class Interface(NamedTuple):
    """The inputs and outputs of a model, and what else might be."""

    inputs: tuple[End, ...]
    outputs: tuple[End, ...]
    other_inputs: tuple[End, ...]
    other_outputs: tuple[End, ...]


def find_interface(
    graph: GraphDef,
    tensors: Inference,
    named: tuple[Sequence[str], Sequence[str]],
    by: str,
) -> Interface:
    """Inputs and outputs are those ``named``, by whom ``by`` says; else those that the graph's form
    suggests."""
    ends = find_ends(graph)
    nodes = {node.name: node for node in graph.nodes}
    takers = _takers(graph)
    makes = _Maker(nodes, tensors)
    likely = [makes.end(name, _why_input(nodes[name], takers, tensors)) for name in ends.inputs]
    last = [
        makes.end(f"{name}:{port}", _why_output(nodes[name]))
        for name in ends.outputs
        for port in range(max(1, len(tensors.of("", name).outputs)))
    ]
    inputs = [makes.end(name, by) for name in named[0]] or likely
    outputs = [makes.end(name, by) for name in named[1]] or last
    taken = {end.name for end in (*inputs, *outputs)}
    others = [end for end in likely if end.name not in taken]
    others += [
        makes.end(node.name, _why_not(node, takers))
        for node in graph.nodes
        if node.op in _PLACEHOLDERS
        and f"{node.name}:0" not in taken
        and node.name not in ends.inputs
    ]
    left = [end for end in last if end.name not in taken]
    reasons = zip(ends.others, ends.reasons, strict=True)
    left += [makes.end(name, why) for name, why in reasons if f"{name}:0" not in taken]
    return Interface(tuple(inputs), tuple(outputs), tuple(others), tuple(left))


def find_variables(nodes: Iterable[Node]) -> tuple[End, ...]:
    """The variables that a graph still has."""
    found = []
    for node in nodes:
        if node.op in VARIABLES:
            shape = node.value("shape", "shape")
            known = tuple(int(size) for size in shape) if isinstance(shape, tuple) else None
            found.append(
                End(name=node.name, op=node.op, dtype=type_of(node), shape=known, why="a variable")
            )
    return tuple(found)


class _Maker:
    def __init__(self, nodes: dict[str, Node], tensors: Inference) -> None:
        self._nodes, self._tensors = nodes, tensors

    def end(self, name: str, why: str) -> End:
        """A tensor of the graph; of unknown type and shape where that is not known."""
        whole = with_index(name)
        node, _, index = whole.rpartition(":")
        outputs = self._tensors.of("", node).outputs
        found = outputs[int(index)] if int(index) < len(outputs) else Tensor(UNKNOWN, None)
        known = self._nodes.get(node)
        op = known.op if known else ""
        shape = found.shape
        if known is not None and known.op in _PLACEHOLDERS:
            own = known.value("shape", "shape")
            if isinstance(own, tuple) and own and shape == (1, *own[1:]):
                shape = own  # one was taken for a size that is not known
        if known is None:
            why = f"{why}; the graph has no such node"
        return End(name=whole, op=op, dtype=found.dtype, shape=shape, why=why)


def _takers(graph: GraphDef) -> dict[str, list[Node]]:
    takers: dict[str, list[Node]] = {}
    for node in graph.nodes:
        for name in node.inputs:
            takers.setdefault(name.partition(":")[0], []).append(node)
    return takers


def _why_input(node: Node, takers: dict[str, list[Node]], tensors: Inference) -> str:
    users = takers.get(node.name, [])
    few = ", ".join(f"{user.name} ({user.op})" for user in users[:_SHOWN])
    more = f" and {len(users) - _SHOWN} more" if len(users) > _SHOWN else ""
    told = _what_it_looks_like(node, users, tensors)
    return f"a placeholder that {few}{more} take{'s' * (len(users) == 1)}{told}"


def _what_it_looks_like(node: Node, users: Sequence[Node], tensors: Inference) -> str:
    given = tensors.of("", node.name).outputs
    shape = given[0].shape if given else None
    if any(user.op.startswith("DecodeJpeg") for user in users):
        return "; it looks like the content of a JPEG file"
    if given and given[0].dtype == "DT_BOOL" and shape == ():
        return "; it looks like a switch, such as training or not"
    if shape is not None and len(shape) == 4 and shape[-1] in _IMAGE_CHANNELS:
        return f"; it looks like images of {shape[-1]} channels"
    return ""


def _why_output(node: Node) -> str:
    told = _LOOKS_LIKE.get(node.op)
    return "nothing takes it" + (f"; {told}" if told else "")


def _why_not(node: Node, takers: dict[str, list[Node]]) -> str:
    if node.op == "PlaceholderWithDefault" and node.name in takers:
        return "it may be fed, but has a value of its own"
    return "nothing takes it"
