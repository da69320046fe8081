"""All that is in a ``.tflite`` file: its subgraphs with their tensors, and what stands beside
them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import tflite

from buildtool.core.values import TensorInfo
from buildtool.model.lite.tflite_file import (
    DamagedError,
    LiteModel,
    Operator,
    list_places,
    op_code,
    operators_of,
    read_model,
    soundly,
    tensor_info,
    text_of,
)

_RUNTIME = "min_runtime_version"
NO_BUFFER = 0  # by convention the first one is empty


@dataclass(frozen=True, kw_only=True)
class Quantization:
    """What the integers of a tensor stand for: ``(integer - zero_point) * scale``. Where there are
    several ``scales``, one for each part along ``axis``, the first of both are told."""

    scales: int
    scale: float
    zero_point: int
    axis: int


@dataclass(frozen=True, kw_only=True)
class LiteTensor:
    """A tensor. ``bytes`` are those of its values, if it is a constant; ``buffer`` is the place
    that they have, which tensors may share."""

    info: TensorInfo
    buffer: int
    bytes: int
    is_variable: bool
    quantization: Quantization | None

    @property
    def elements(self) -> int | None:
        """How many elements it has; None if a size is not known."""
        shape = self.info.shape or ()
        return None if any(size < 0 for size in shape) else math.prod(shape)


@dataclass(frozen=True, kw_only=True)
class Subgraph:
    """One subgraph: what is in it; ``inputs`` and ``outputs`` are numbers of its tensors."""

    name: str
    tensors: tuple[LiteTensor, ...]
    operators: tuple[Operator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class LiteContents:
    """All of a model: ``description`` is what its maker says of it, ``runtime`` the release of
    TensorFlow Lite that it needs, as its converter says, or empty; ``metadata`` are the names of
    what else stands in it."""

    model: LiteModel
    subgraphs: tuple[Subgraph, ...]
    description: str
    runtime: str
    metadata: tuple[str, ...]


def read_contents(data: bytes) -> LiteContents:
    """Read all of a model.

    Raises:
        DamagedError: it does not hold together.
    """
    model = read_model(data)
    return soundly(lambda: _read(data, model))


def _read(data: bytes, known: LiteModel) -> LiteContents:
    model = tflite.Model.GetRootAs(data, 0)
    most = len(data) // 4
    codes = [op_code(model.OperatorCodes(n)) for n in range(model.OperatorCodesLength())]
    sizes = [model.Buffers(n).DataLength() for n in list_places(model.BuffersLength(), most)]
    subgraphs = []
    for number in range(model.SubgraphsLength()):
        graph = model.Subgraphs(number)
        subgraphs.append(
            Subgraph(
                name=text_of(graph.Name()) or f"subgraph {number}",
                tensors=tuple(
                    _tensor(graph.Tensors(n), sizes, most) for n in range(graph.TensorsLength())
                ),
                operators=tuple(operators_of(graph, number, codes, most)),
                inputs=_ends(graph.InputsLength(), graph.Inputs, graph.TensorsLength()),
                outputs=_ends(graph.OutputsLength(), graph.Outputs, graph.TensorsLength()),
            )
        )
    metadata = [model.Metadata(n) for n in list_places(model.MetadataLength(), most)]
    return LiteContents(
        model=known,
        subgraphs=tuple(subgraphs),
        description=text_of(model.Description()),
        runtime=next((_content(model, m) for m in metadata if m.Name() == _RUNTIME.encode()), ""),
        metadata=tuple(text_of(each.Name()) for each in metadata),
    )


def _ends(length: int, end: Any, tensors: int) -> tuple[int, ...]:
    found = tuple(end(n) for n in list_places(length, tensors))
    if any(not 0 <= number < tensors for number in found):
        raise DamagedError("an input or output of a subgraph is no tensor of it")
    return found


def _content(model: Any, metadata: Any) -> str:
    """A text that stands beside the graphs, without the zeros that fill it up."""
    buffer = model.Buffers(metadata.Buffer())
    content = b"" if buffer.DataIsNone() else bytes(buffer.DataAsNumpy())
    return content.rstrip(b"\0").decode("utf-8", "replace")


def _tensor(tensor: Any, sizes: Sequence[int], most: int) -> LiteTensor:
    number = tensor.Buffer()
    if number >= len(sizes) and number != NO_BUFFER:
        raise DamagedError(f"there is no buffer {number}")
    return LiteTensor(
        info=tensor_info(tensor, most),
        buffer=number,
        bytes=sizes[number] if sizes else 0,
        is_variable=bool(tensor.IsVariable()),
        quantization=_quantization(tensor.Quantization(), most),
    )


def _quantization(found: Any, most: int) -> Quantization | None:
    if found is None or not found.ScaleLength():
        return None
    return Quantization(
        scales=len(list_places(found.ScaleLength(), most)),
        scale=float(found.Scale(0)),
        zero_point=int(found.ZeroPoint(0)) if found.ZeroPointLength() else 0,
        axis=found.QuantizedDimension(),
    )
