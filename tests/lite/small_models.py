"""Small ``.tflite`` models, written operator by operator as a converter would."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import flatbuffers
import tflite
from flatbuffers import flexbuffers

from buildtool.model.encoding import write_graph
from buildtool.model.graphdef import GraphDef, Node
from buildtool.model.wire import fields

# More than the schema's old field for op codes holds.
_MOST_OLD = 127


@dataclass(frozen=True, kw_only=True)
class Op:
    """An operator of one input and one output: its code as in the schema, or a custom op's name
    and options."""

    code: int = tflite.BuiltinOperator.CUSTOM
    custom: str = ""
    version: int = 1
    options: bytes = b""


def flex(node: Node) -> Op:
    """The operator that stands for a node of TensorFlow."""
    return Op(custom=f"Flex{node.op}", options=flex_options(node))


def flex_options(node: Node) -> bytes:
    """What the converter writes of a node: its op's name and its bytes, which are no text."""
    builder = flexbuffers.Builder()
    with builder.Vector():
        builder.String(node.op)
        # Of the same form as a text's, which must be text here.
        builder._WriteBlob(_bytes(node), append_zero=True, type_=flexbuffers.Type.STRING)
    return bytes(builder.Finish())


def _bytes(node: Node) -> bytes:
    """The node alone, without its place in a graph."""
    content = write_graph(GraphDef((node,), {}, 0, 0, ()))
    (_, _, start, end) = next(fields(content, (0, len(content))))
    return content[start:end]


def small_model(
    *ops: Op, subgraphs: int = 1, schema_version: int = 3, signatures: Sequence[str] = ()
) -> bytes:
    """A model of float tensors of shape ``[1, 4]``, one operator behind the other; each further
    subgraph is the same again."""
    builder = flatbuffers.Builder(0)
    codes = _vector(builder, [_code(builder, op) for op in ops])
    graphs = _vector(builder, [_graph(builder, ops, n) for n in range(subgraphs)])
    keys = [builder.CreateString(name) for name in signatures]
    defs = _vector(builder, [_signature(builder, key) for key in keys])
    tflite.ModelStart(builder)
    tflite.ModelAddVersion(builder, schema_version)
    tflite.ModelAddOperatorCodes(builder, codes)
    tflite.ModelAddSubgraphs(builder, graphs)
    tflite.ModelAddSignatureDefs(builder, defs)
    builder.Finish(tflite.ModelEnd(builder), b"TFL3")
    return bytes(builder.Output())


def _code(builder: Any, op: Op) -> int:
    name = builder.CreateString(op.custom)
    tflite.OperatorCodeStart(builder)
    tflite.OperatorCodeAddDeprecatedBuiltinCode(builder, min(op.code, _MOST_OLD))
    tflite.OperatorCodeAddBuiltinCode(builder, op.code)
    tflite.OperatorCodeAddCustomCode(builder, name)
    tflite.OperatorCodeAddVersion(builder, op.version)
    return int(tflite.OperatorCodeEnd(builder))


def _graph(builder: Any, ops: Sequence[Op], number: int) -> int:
    count = len(ops)
    tensors = _vector(builder, [_tensor(builder, f"t{n}") for n in range(count + 1)])
    operators = _vector(builder, [_operator(builder, n, op) for n, op in enumerate(ops)])
    first, last = _numbers(builder, [0]), _numbers(builder, [count])
    name = builder.CreateString(f"graph {number}")
    tflite.SubGraphStart(builder)
    tflite.SubGraphAddTensors(builder, tensors)
    tflite.SubGraphAddInputs(builder, first)
    tflite.SubGraphAddOutputs(builder, last)
    tflite.SubGraphAddOperators(builder, operators)
    tflite.SubGraphAddName(builder, name)
    return int(tflite.SubGraphEnd(builder))


def _tensor(builder: Any, name: str) -> int:
    text, shape = builder.CreateString(name), _numbers(builder, [1, 4])
    tflite.TensorStart(builder)
    tflite.TensorAddShape(builder, shape)
    tflite.TensorAddType(builder, tflite.TensorType.FLOAT32)
    tflite.TensorAddName(builder, text)
    return int(tflite.TensorEnd(builder))


def _operator(builder: Any, number: int, op: Op) -> int:
    inputs, outputs = _numbers(builder, [number]), _numbers(builder, [number + 1])
    options = builder.CreateByteVector(op.options) if op.options else 0
    tflite.OperatorStart(builder)
    tflite.OperatorAddOpcodeIndex(builder, number)
    tflite.OperatorAddInputs(builder, inputs)
    tflite.OperatorAddOutputs(builder, outputs)
    if options:
        tflite.OperatorAddCustomOptions(builder, options)
    return int(tflite.OperatorEnd(builder))


def _signature(builder: Any, key: int) -> int:
    tflite.SignatureDefStart(builder)
    tflite.SignatureDefAddSignatureKey(builder, key)
    return int(tflite.SignatureDefEnd(builder))


def _vector(builder: Any, offsets: Sequence[int]) -> int:
    builder.StartVector(4, len(offsets), 4)
    for offset in reversed(offsets):
        builder.PrependUOffsetTRelative(offset)
    return int(builder.EndVector())


def _numbers(builder: Any, numbers: Sequence[int]) -> int:
    builder.StartVector(4, len(numbers), 4)
    for number in reversed(numbers):
        builder.PrependInt32(number)
    return int(builder.EndVector())
