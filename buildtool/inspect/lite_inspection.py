"""What is found in a ``.tflite`` model."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from buildtool.core.values import TensorInfo
from buildtool.inspect.inspection import Counted, TypeShare, ranked_counts
from buildtool.model.lite.subgraphs import LiteContents, LiteTensor, Quantization, Subgraph
from buildtool.model.lite.tflite_file import NO_TENSOR, Operator, Signature

BUILTIN, CUSTOM, SELECT = "TensorFlow Lite", "custom", "TensorFlow"


@dataclass(frozen=True, kw_only=True)
class LiteEnd:
    """An input or an output: its ``tensor``, and what the first signature of the subgraph calls it,
    if that differs."""

    name: str
    tensor: str
    dtype: str
    shape: tuple[int, ...] | None
    quantization: Quantization | None


@dataclass(frozen=True, kw_only=True)
class OpCount:
    """An op in one version: how often, and whose: TensorFlow Lite's, TensorFlow's, or a custom
    one."""

    name: str
    version: int
    count: int
    of: str


@dataclass(frozen=True, kw_only=True)
class OpWeights:
    """The constants that operators of one op take first."""

    op: str
    tensors: int
    elements: int
    bytes: int


@dataclass(frozen=True, kw_only=True)
class LiteSignature:
    """A way to call the model, with its names of the ends of a subgraph."""

    name: str
    subgraph: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class LiteSubgraph:
    """A subgraph: how much is in it."""

    name: str
    operators: int
    tensors: int
    inputs: int
    outputs: int


@dataclass(frozen=True, kw_only=True)
class LiteInspection:
    """All that is found in one ``.tflite`` model. ``runtime`` is the release of TensorFlow Lite
    that it needs, as its converter says; ``flops`` are those of convolutions and dense layers in
    one run, two for each multiplication with its addition, ``unknown`` how many of them have no
    known shape; ``buffers`` are the bytes of its constants, ``metadata`` the names of what else is
    in it."""

    name: str
    file: str
    sha256: str
    bytes: int
    description: str
    runtime: str
    inputs: tuple[LiteEnd, ...]
    outputs: tuple[LiteEnd, ...]
    signatures: tuple[LiteSignature, ...]
    subgraphs: tuple[LiteSubgraph, ...]
    ops: tuple[OpCount, ...]
    parameters: int
    types: tuple[TypeShare, ...]
    weights: tuple[OpWeights, ...]
    buffers: int
    variables: int
    flops: int
    flops_by_op: tuple[Counted, ...]
    unknown: int
    metadata: tuple[str, ...]


def inspect_lite(name: str, file: str, data: bytes, found: LiteContents) -> LiteInspection:
    """Find what there is to say of a model: ``data`` is the file."""
    first, called = found.subgraphs[0], found.model.called()
    constants = [each for graph in found.subgraphs for each in _constants(graph)]
    works = [work for graph in found.subgraphs for work in _works(graph)]
    by_op: Counter[str] = Counter()
    for op, work in works:
        by_op[op] += work or 0
    tensors = [tensor for graph in found.subgraphs for tensor in graph.tensors]
    return LiteInspection(
        name=name,
        file=file,
        sha256=hashlib.sha256(data).hexdigest(),
        bytes=len(data),
        description=found.description,
        runtime=found.runtime,
        inputs=tuple(_ends(first, first.inputs, called[0])),
        outputs=tuple(_ends(first, first.outputs, called[1])),
        signatures=tuple(_signature(each, found.subgraphs) for each in found.model.signatures),
        subgraphs=tuple(
            LiteSubgraph(
                name=graph.name,
                operators=len(graph.operators),
                tensors=len(graph.tensors),
                inputs=len(graph.inputs),
                outputs=len(graph.outputs),
            )
            for graph in found.subgraphs
        ),
        ops=tuple(_ops([op for graph in found.subgraphs for op in graph.operators])),
        parameters=sum(tensor.elements or 0 for _, tensor in constants),
        types=tuple(_types([tensor for _, tensor in constants])),
        weights=tuple(_weights(constants)),
        buffers=_held(tensors)["bytes"],
        variables=sum(tensor.is_variable for tensor in tensors),
        flops=sum(by_op.values()),
        flops_by_op=ranked_counts(by_op),
        unknown=sum(work is None for _, work in works),
        metadata=found.metadata,
    )


def _ends(graph: Subgraph, numbers: Sequence[int], names: Sequence[str]) -> Iterator[LiteEnd]:
    for number, name in zip(numbers, names, strict=True):
        tensor = graph.tensors[number]
        yield LiteEnd(
            name=name,
            tensor=tensor.info.name,
            dtype=tensor.info.dtype,
            shape=tensor.info.shape,
            quantization=tensor.quantization,
        )


def _signature(found: Signature, graphs: Sequence[Subgraph]) -> LiteSignature:
    known = found.subgraph < len(graphs)
    return LiteSignature(
        name=found.name,
        subgraph=graphs[found.subgraph].name if known else f"{found.subgraph}, which is not there",
        inputs=tuple(end.name for end in found.inputs),
        outputs=tuple(end.name for end in found.outputs),
    )


def _ops(operators: Sequence[Operator]) -> Iterator[OpCount]:
    counts = Counter((each.op, each.version, _whose(each)) for each in operators)
    for (name, version, of), count in sorted(counts.items(), key=lambda each: (-each[1], each[0])):
        yield OpCount(name=name, version=version, count=count, of=of)


def _whose(operator: Operator) -> str:
    if operator.is_flex:
        return SELECT
    return CUSTOM if operator.custom else BUILTIN


def _constants(graph: Subgraph) -> Iterator[tuple[str, LiteTensor]]:
    """The constants of a subgraph, each with the first op that takes it, empty for none."""
    takers: dict[int, str] = {}
    for operator in graph.operators:
        for number in operator.takes:
            takers.setdefault(number, operator.op)
    for number, tensor in enumerate(graph.tensors):
        if tensor.bytes:
            yield takers.get(number, ""), tensor


def _types(constants: Sequence[LiteTensor]) -> Iterator[TypeShare]:
    """What the constants of each type hold, the largest part first."""
    found: dict[str, list[LiteTensor]] = {}
    for tensor in constants:
        found.setdefault(tensor.info.dtype, []).append(tensor)
    shares = [TypeShare(dtype=dtype, **_held(tensors)) for dtype, tensors in found.items()]
    yield from sorted(shares, key=lambda share: (-(share.bytes or 0), share.dtype))


def _weights(constants: Sequence[tuple[str, LiteTensor]]) -> Iterator[OpWeights]:
    found: dict[str, list[LiteTensor]] = {}
    for op, tensor in constants:
        found.setdefault(op or "(of no op)", []).append(tensor)
    shares = [OpWeights(op=op, **_held(tensors)) for op, tensors in found.items()]
    yield from sorted(shares, key=lambda share: (-share.bytes, share.op))


def _held(tensors: Sequence[LiteTensor]) -> dict[str, int]:
    """What they hold together; those that share their bytes count once."""
    return {
        "tensors": len(tensors),
        "elements": sum(tensor.elements or 0 for tensor in tensors),
        "bytes": sum({tensor.buffer: tensor.bytes for tensor in tensors}.values()),
    }


def _works(graph: Subgraph) -> Iterator[tuple[str, int | None]]:
    """The work of each convolution and dense layer; None where a shape is not known. Unknown first
    sizes are those of a batch, and taken as one."""
    for operator in graph.operators:
        if operator.op in _FILTERS and len(operator.takes) > 1 and operator.gives:
            numbers = (operator.takes[1], operator.gives[0])
            filter_, output = (
                _shape(graph.tensors[n].info) if n != NO_TENSOR else None for n in numbers
            )
            known = filter_ is not None and output is not None
            yield operator.op, _work(operator.op, filter_, output) if known else None  # type: ignore[arg-type]  # known


# Ops with a filter, and which of its dimensions one output sums over, of the schema's layouts:
# [out, height, width, in], [1, height, width, out], [out, in].
_FILTERS = {
    "CONV_2D": (1, 2, 3),
    "DEPTHWISE_CONV_2D": (1, 2),
    "FULLY_CONNECTED": (1,),
}


def _work(op: str, filter_: tuple[int, ...], output: tuple[int, ...]) -> int | None:
    if len(filter_) <= max(_FILTERS[op]):
        return None
    return 2 * math.prod(output) * math.prod(filter_[axis] for axis in _FILTERS[op])


def _shape(info: TensorInfo) -> tuple[int, ...] | None:
    shape = info.shape
    if shape and shape[0] == -1:
        shape = (1, *shape[1:])
    return None if shape is None or any(size < 0 for size in shape) else shape
