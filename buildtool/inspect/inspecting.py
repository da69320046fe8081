"""A model is looked at: all that can be found is told, also where something is wrong with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from buildtool.core.errors import Problem
from buildtool.core.values import TensorInfo
from buildtool.inspect.activations import Activations, peak_memory
from buildtool.inspect.bounds import find_bounds
from buildtool.inspect.deflated import compress
from buildtool.inspect.ends import find_interface, find_variables
from buildtool.inspect.flops import Tallies, sum_up
from buildtool.inspect.inspection import Counted, End, Inspection, ranked_counts
from buildtool.inspect.weight_shares import elements_of, find_layers, type_shares
from buildtool.model.graphdef import GraphDef, Node
from buildtool.model.interface import with_index
from buildtool.model.node_tensors import Inference
from buildtool.model.pruning import prune


@dataclass(frozen=True, kw_only=True)
class OpenModel:
    """A model that was opened. ``named`` are the inputs and outputs that ``by`` names; ``shapes``
    are stated in the target. ``known_ops`` are those of the target's tree, if that is here."""

    name: str
    file: str
    format: str
    sha256: str
    bytes: int
    path: Path
    graph: GraphDef
    named: tuple[Sequence[str], Sequence[str]] = ((), ())
    by: str = ""
    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    known_ops: Collection[str] = ()
    notes: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


def inspect_model(model: OpenModel, tensors: Inference) -> Inspection:
    """Find what there is to say of a model, whose tensors are as ``tensors`` says."""
    graph = model.graph
    found = find_interface(graph, tensors, model.named, model.by)
    kept, removed = _run(graph, found.inputs, found.outputs)
    everything = [*graph.nodes, *(n for each in graph.functions.values() for n in each.nodes)]
    tallies, activations = Tallies(graph, tensors), Activations(kept, tensors)
    work, types = sum_up(tallies, kept), type_shares(everything)
    run_bytes = sum(share.bytes or 0 for share in type_shares(kept))
    return Inspection(
        name=model.name,
        file=model.file,
        format=model.format,
        sha256=model.sha256,
        bytes=model.bytes,
        producer=graph.producer,
        min_consumer=graph.min_consumer,
        nodes=len(graph.nodes),
        functions=tuple(
            Counted(name=name, count=len(each.nodes)) for name, each in graph.functions.items()
        ),
        control_edges=sum(name.startswith("^") for node in everything for name in node.inputs),
        devices=ranked_counts(Counter(node.device for node in everything if node.device)),
        inputs=found.inputs,
        outputs=found.outputs,
        other_inputs=found.other_inputs,
        other_outputs=found.other_outputs,
        variables=find_variables(everything),
        ops=ranked_counts(Counter(node.op for node in everything)),
        unknown_ops=_unknown(everything, graph, tensors, model.known_ops),
        tree_asked=bool(model.known_ops),
        parameters=sum(map(elements_of, everything)),
        types=types,
        layers=find_layers(kept, tallies, activations),
        work=work,
        memory=peak_memory(kept, activations, [_node(end) for end in found.outputs]),
        compressed=compress(everything),
        bounds=find_bounds(work.flops + work.other, run_bytes),
        where_from=_where_from(tensors),
        notes=(*model.notes, *_refused(tensors), *_assumptions(found.inputs, model, removed)),
        problems=model.problems,
    )


def _run(
    graph: GraphDef, inputs: Sequence[End], outputs: Sequence[End]
) -> tuple[tuple[Node, ...], int]:
    """The nodes that a run needs, and how many others there are."""
    names = {node.name for node in graph.nodes}
    feeds, fetches = (
        [TensorInfo(name=end.name, dtype=end.dtype, shape=end.shape) for end in ends]
        for ends in (inputs, outputs)
    )
    there = [each for each in fetches if each.name.rpartition(":")[0] in names]
    if not there:
        return graph.nodes, 0
    feeds = [each for each in feeds if each.name.rpartition(":")[0] in names]
    run = prune(graph, feeds, there)
    return run.graph.nodes, len(run.removed)


def _node(end: End) -> str:
    return end.name.rpartition(":")[0]


def _unknown(
    nodes: Sequence[Node], graph: GraphDef, tensors: Inference, known: Collection[str]
) -> tuple[Counted, ...]:
    """Ops that the target's tree does not know, where that is here; else those that TensorFlow did
    not know."""
    foreign = set(tensors.unknown_ops)
    if known:
        foreign = {node.op for node in nodes} - {*known} - graph.functions.keys()
    return ranked_counts(Counter(node.op for node in nodes if node.op in foreign))


def _where_from(tensors: Inference) -> str:
    if tensors.failure:
        told = f"TensorFlow {tensors.release}".strip()
        return f"the graph alone: {told} does not read it: {tensors.failure}"
    if not tensors.release:
        return "the graph alone: no TensorFlow is installed that could be asked"
    return f"TensorFlow {tensors.release}"


def _refused(tensors: Inference) -> list[str]:
    """The nodes that TensorFlow does not take."""
    return [
        f"{name}: TensorFlow {tensors.release} does not take it: {why}"
        for name, why in sorted(tensors.refused.items())
    ]


def _assumptions(inputs: Sequence[End], model: OpenModel, removed: int) -> list[str]:
    """What was taken to be so."""
    notes = []
    stated = {with_index(name) for name in model.shapes}
    for end in inputs:
        if end.name in stated:
            continue
        if end.shape is None:
            notes.append(f"{end.name}: its shape is not known: state it for more figures")
        elif any(size < 0 for size in end.shape[1:]):
            notes.append(f"{end.name}: sizes are not known: state its 'shape' for more figures")
        if end.shape and end.shape[0] < 0:
            notes.append(f"{end.name}: its first size is not known; one is taken")
    if removed:
        notes.append(
            f"the outputs do not need {removed} of the nodes: work, memory and layers are without "
            "them"
        )
    return notes
