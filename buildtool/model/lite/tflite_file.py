"""A ``.tflite`` file as values. The schema, and the reading of FlatBuffers, are the packages'
``tflite`` and ``flatbuffers``.

They trust what they read: an offset that leads nowhere is an error of Python's, or leads back from
the file's end. So what they give is looked at here, and a file that does not hold together is
:class:`DamagedError`. What lies behind the FlatBuffer, such as a zip with metadata, is not read.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import tflite

from buildtool.core.lite_names import FLEX
from buildtool.core.values import TensorInfo

IDENTIFIER = b"TFL3"
SCHEMA_VERSION = 3
# Above it, an op code does not fit into the schema's old field of 8 bits.
_PLACEHOLDER = 127
_TYPES = {"FLOAT32": "DT_FLOAT", "FLOAT16": "DT_HALF", "FLOAT64": "DT_DOUBLE"}
NO_TENSOR = -1  # an input that an operator leaves out
T = TypeVar("T")


class DamagedError(Exception):
    """The file does not hold together; the text says where."""


@dataclass(frozen=True, kw_only=True)
class Operator:
    """One operator: ``op`` is its code as in the schema (``CONV_2D``), or the name of a ``custom``
    op, whose ``options`` are bytes that only it understands. ``subgraph`` is the name of that which
    it stands in, empty for the first; ``types`` are DataType names of its inputs and outputs, whose
    numbers in the subgraph are ``takes`` and ``gives``."""

    op: str
    custom: bool
    version: int
    subgraph: str
    place: int
    types: tuple[str, ...]
    takes: tuple[int, ...] = ()
    gives: tuple[int, ...] = ()
    options: bytes = b""

    @property
    def is_flex(self) -> bool:
        """Whether it stands for an op of TensorFlow itself."""
        return self.custom and self.op.startswith(FLEX)


class SignatureEnd(NamedTuple):
    """What a signature calls a tensor, by the tensor's number in its subgraph."""

    name: str
    tensor: int


@dataclass(frozen=True, kw_only=True)
class Signature:
    """A way to call a model: what it calls the inputs and outputs of the subgraph of this number,
    in an order of its own."""

    name: str
    subgraph: int
    inputs: tuple[SignatureEnd, ...]
    outputs: tuple[SignatureEnd, ...]


@dataclass(frozen=True, kw_only=True)
class LiteModel:
    """A model: its operators, of all subgraphs; what goes into the first and comes out of it, with
    the numbers of these tensors; its signatures."""

    operators: tuple[Operator, ...]
    inputs: tuple[TensorInfo, ...]
    outputs: tuple[TensorInfo, ...]
    places: tuple[Sequence[int], Sequence[int]]
    signatures: tuple[Signature, ...]

    def called(self) -> tuple[list[str], list[str]]:
        """What the inputs and outputs are called: by the first signature of the first subgraph, or
        else by their tensors."""
        found = next((each for each in self.signatures if each.subgraph == 0), None)
        inputs, outputs = (found.inputs, found.outputs) if found else ((), ())
        return (
            _called(self.inputs, self.places[0], inputs),
            _called(self.outputs, self.places[1], outputs),
        )


def _called(
    ends: Sequence[TensorInfo], places: Sequence[int], told: Sequence[SignatureEnd]
) -> list[str]:
    """A tensor may be there twice, and is then called so, too."""
    left = list(told)
    names = []
    for end, place in zip(ends, places, strict=True):
        found = next((each for each in left if each.tensor == place), None)
        if found:
            left.remove(found)
        names.append(found.name if found else end.name)
    return names


@dataclass(frozen=True, kw_only=True)
class OpCode:
    """What operators are, by their number in a model's list; see :class:`Operator`."""

    op: str
    custom: bool
    version: int


def names_of(enumeration: type) -> dict[int, str]:
    """The names of an enumeration of the schema, by number."""
    return {number: name for name, number in vars(enumeration).items() if isinstance(number, int)}


_OPS, _TENSORS = names_of(tflite.BuiltinOperator), names_of(tflite.TensorType)


def schema_version(data: bytes) -> int:
    """The version of the schema that a model was written for.

    Raises:
        DamagedError: the file does not hold together.
    """
    return soundly(lambda: int(tflite.Model.GetRootAs(data, 0).Version()))


def read_model(data: bytes) -> LiteModel:
    """Read a model.

    Raises:
        DamagedError: it does not hold together.
    """
    return soundly(lambda: _read(data))


def soundly(read: Callable[[], T]) -> T:
    """What ``read`` gives of a file.

    Raises:
        DamagedError: it does not hold together.
    """
    try:
        return read()
    except (struct.error, IndexError, ValueError, TypeError, AttributeError) as failure:
        raise DamagedError(f"an offset leads out of it ({failure})") from None


def _read(data: bytes) -> LiteModel:
    model = tflite.Model.GetRootAs(data, 0)
    most = len(data) // 4  # every item of a list takes 4 bytes or more
    places = list_places(model.OperatorCodesLength(), most)
    codes = [op_code(model.OperatorCodes(n)) for n in places]
    graphs = [model.Subgraphs(n) for n in list_places(model.SubgraphsLength(), most)]
    if not graphs:
        raise DamagedError("it has no subgraph")
    operators: list[Operator] = []
    for number, graph in enumerate(graphs):
        operators += operators_of(graph, number, codes, most - len(operators))
    first = graphs[0]
    tensors = _tensors(first, most)
    return LiteModel(
        operators=tuple(operators),
        inputs=tuple(_ends(first.InputsLength(), first.Inputs, tensors)),
        outputs=tuple(_ends(first.OutputsLength(), first.Outputs, tensors)),
        places=(
            [first.Inputs(n) for n in range(first.InputsLength())],
            [first.Outputs(n) for n in range(first.OutputsLength())],
        ),
        signatures=tuple(
            _signature(model.SignatureDefs(n), most)
            for n in list_places(model.SignatureDefsLength(), most)
        ),
    )


def _signature(signature: Any, most: int) -> Signature:
    inputs, outputs = signature.InputsLength(), signature.OutputsLength()
    return Signature(
        name=text_of(signature.SignatureKey()),
        subgraph=signature.SubgraphIndex(),
        inputs=tuple(_signature_end(signature.Inputs(n)) for n in list_places(inputs, most)),
        outputs=tuple(_signature_end(signature.Outputs(n)) for n in list_places(outputs, most)),
    )


def _signature_end(end: Any) -> SignatureEnd:
    return SignatureEnd(text_of(end.Name()), end.TensorIndex())


def list_places(length: int, most: int) -> range:
    """The places of a list. Raises DamagedError if the file is too small for it."""
    if length > most:
        raise DamagedError(f"a list of {length} items is larger than the file")
    return range(length)


def op_code(code: Any) -> OpCode:
    """An entry of that list. Raises DamagedError."""
    number = max(code.DeprecatedBuiltinCode(), code.BuiltinCode())
    if number < 0:
        raise DamagedError(f"there is no op code {number}")
    custom = number == tflite.BuiltinOperator.CUSTOM
    name = text_of(code.CustomCode()) if custom else _OPS.get(number, f"number {number}")
    if custom and not name:
        raise DamagedError("a custom op has no name")
    return OpCode(op=name, custom=custom, version=code.Version())


def operators_of(graph: Any, number: int, codes: Sequence[OpCode], most: int) -> Iterator[Operator]:
    """The operators of the subgraph of this number; ``most`` as in :func:`list_places`. Raises
    DamagedError."""
    name = (text_of(graph.Name()) or f"subgraph {number}") if number else ""
    tensors = _tensors(graph, most)
    for place in list_places(graph.OperatorsLength(), most):
        operator = graph.Operators(place)
        if operator.OpcodeIndex() >= len(codes):
            raise DamagedError(f"operator {place} has no op code")
        takes = [operator.Inputs(n) for n in list_places(operator.InputsLength(), most)]
        gives = [operator.Outputs(n) for n in list_places(operator.OutputsLength(), most)]
        types = {_at(tensors, end).dtype for end in (*takes, *gives) if end != NO_TENSOR}
        code = codes[operator.OpcodeIndex()]
        yield Operator(
            op=code.op,
            custom=code.custom,
            version=code.version,
            subgraph=name,
            place=place,
            types=tuple(sorted(types)),
            takes=tuple(takes),
            gives=tuple(gives),
            options=_options(operator) if code.custom else b"",
        )


def _options(operator: Any) -> bytes:
    """A custom op's options as they were written; none is an array of no bytes."""
    return b"" if operator.CustomOptionsIsNone() else bytes(operator.CustomOptionsAsNumpy())


def _tensors(graph: Any, most: int) -> list[TensorInfo]:
    return [tensor_info(graph.Tensors(n), most) for n in list_places(graph.TensorsLength(), most)]


def tensor_info(tensor: Any, most: int) -> TensorInfo:
    """A tensor; an unknown dimension is -1 in its signature alone."""
    number = tensor.Type()
    if number not in _TENSORS:
        raise DamagedError(f"a tensor is of the unknown type {number}")
    name = _TENSORS[number]
    shape = [tensor.Shape(n) for n in list_places(tensor.ShapeLength(), most)]
    if tensor.ShapeSignatureLength() == len(shape):
        shape = [tensor.ShapeSignature(n) for n in range(len(shape))]
    if any(size < -1 for size in shape):
        raise DamagedError(f"a tensor has the shape {shape}")
    return TensorInfo(
        name=text_of(tensor.Name()), dtype=_TYPES.get(name, f"DT_{name}"), shape=tuple(shape)
    )


def _ends(
    length: int, place: Callable[[int], int], tensors: Sequence[TensorInfo]
) -> Iterator[TensorInfo]:
    for number in list_places(length, len(tensors)):
        yield _at(tensors, place(number))


def _at(tensors: Sequence[TensorInfo], place: int) -> TensorInfo:
    if not 0 <= place < len(tensors):
        raise DamagedError(f"there is no tensor {place}")
    return tensors[place]


def text_of(text: bytes | None) -> str:
    """A text of the schema, which may be left out."""
    return (text or b"").decode("utf-8")
