"""Constants of a graph as arrays.

Field numbers are those of TensorFlow 2.14.1, ``core/framework/tensor.proto``, unchanged since 1.0.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from buildtool.core import datatypes
from buildtool.model.attributes import Attr, read_shape
from buildtool.model.wire import (
    FIXED32,
    FIXED64,
    LENGTH,
    VARINT,
    Buffer,
    fields,
    packed,
    signed,
    text,
)

Array: TypeAlias = npt.NDArray[Any]

# The types whose arrays are understood, and the field of TensorProto that holds single values.
TYPES: dict[str, type] = {
    "DT_FLOAT": np.float32,
    "DT_DOUBLE": np.float64,
    "DT_HALF": np.float16,
    "DT_INT32": np.int32,
    "DT_INT64": np.int64,
    "DT_UINT8": np.uint8,
    "DT_INT8": np.int8,
    "DT_INT16": np.int16,
    "DT_BOOL": np.bool_,
}
# Bytes of an element, of all types whose elements are plain numbers.
WIDTHS = {
    **{name: np.dtype(kind).itemsize for name, kind in TYPES.items()},
    **dict.fromkeys(("DT_QUINT8", "DT_QINT8"), 1),
    **dict.fromkeys(("DT_QUINT16", "DT_QINT16", "DT_UINT16", "DT_BFLOAT16"), 2),
    **dict.fromkeys(("DT_QINT32", "DT_UINT32"), 4),
    **dict.fromkeys(("DT_UINT64", "DT_COMPLEX64"), 8),
    "DT_COMPLEX128": 16,
}
# A file of less can stand for any number of equal elements.
MOST_BYTES = 4 << 30
_FIELDS = {
    **dict.fromkeys(("DT_INT32", "DT_UINT8", "DT_INT8", "DT_INT16"), 7),
    "DT_FLOAT": 5,
    "DT_DOUBLE": 6,
    "DT_INT64": 10,
    "DT_BOOL": 11,
    "DT_HALF": 13,
}


def array_of(attr: Attr | None) -> Array | None:
    """The array that a ``tensor`` attribute holds; None if it is of no numeric type."""
    span = _only(attr) if attr is not None else None
    if attr is None or span is None:
        return None
    name, shape, content, values = _read(attr.buffer, span)
    count = int(np.prod(shape, dtype=np.int64))
    if name not in TYPES or _fault(name, shape, len(content)):
        return None
    if content:
        return np.frombuffer(content, TYPES[name]).reshape(shape)
    if name == "DT_HALF":
        flat = np.array(values, np.uint16).view(np.float16)
    else:
        flat = np.array(values, TYPES[name])
    return _filled(flat[:count], count, TYPES[name]).reshape(shape)


class RawTensor(NamedTuple):
    """A tensor's type, shape and elements, row by row with the lowest byte first."""

    dtype: str
    shape: tuple[int, ...]
    content: bytes


def raw_tensor(attr: Attr | None) -> RawTensor | None:
    """The elements of a ``tensor`` attribute as they lie in memory; None if they do not lie there
    (texts), or where they are spelled out in a way that is not understood."""
    array = array_of(attr)
    span = _only(attr) if attr is not None else None
    if attr is None or span is None:
        return None
    name, shape, content, _ = _read(attr.buffer, span)
    if array is not None:
        content = np.ascontiguousarray(array).tobytes()
    size = WIDTHS.get(name, 0)
    whole = int(np.prod(shape, dtype=np.int64)) * size
    return RawTensor(name, shape, content) if size and len(content) == whole else None


def shape_of(attr: Attr | None) -> tuple[int, ...] | None:
    """The shape of the tensor that an attribute holds, whatever its size."""
    span = _only(attr) if attr is not None else None
    if attr is None or span is None:
        return None
    for number, _, value, end in fields(attr.buffer, span):
        if number == 2:
            return read_shape(attr.buffer, (value, end))
    return ()


def fault_of(attr: Attr | None, dtype: str) -> str:
    """What is wrong with the tensor that an attribute holds, as a constant of ``dtype``; "" where
    nothing is (``Tensor::FromProto`` in ``core/framework/tensor.cc``)."""
    span = _only(attr) if attr is not None else None
    if attr is None or span is None:
        return ""
    name, length = "DT_INVALID", 0
    for number, kind, value, end in fields(attr.buffer, span):
        if number == 1 and kind == VARINT:
            name = datatypes.name_of(value)
        elif number == 4:
            length = end - value
    if name != dtype:
        return f"is {datatypes.short(name)}, and its dtype {datatypes.short(dtype)}"
    return _fault(name, shape_of(attr) or (), length)


def _fault(name: str, shape: tuple[int, ...], length: int) -> str:
    """What is wrong with ``length`` bytes, 0 where single values stand for them, as a tensor."""
    if any(size < 0 for size in shape):
        return f"has the shape {list(shape)}"
    whole = math.prod(shape) * WIDTHS.get(name, 0)
    if length and whole and length != whole:
        return f"has {length} bytes, and the shape {list(shape)} needs {whole}"
    if whole > MOST_BYTES:
        return f"takes {whole / (1 << 30):.1f} GB of memory, of shape {list(shape)}"
    return ""


def string_of(attr: Attr | None) -> str | None:
    """The first text that a ``tensor`` attribute holds; None if it holds none."""
    span = _only(attr) if attr is not None else None
    if attr is None or span is None:
        return None
    found = fields(attr.buffer, span)
    texts = (text(attr.buffer, (value, end)) for number, _, value, end in found if number == 8)
    return next(texts, None)


def _only(attr: Attr) -> tuple[int, int] | None:
    for number, _, value, end in fields(attr.buffer, attr.span):
        if number == 8:
            return value, end
    return None


def _filled(flat: Array, count: int, kind: type) -> Array:
    """All elements: the last one that is written down stands for those after it."""
    last = flat[-1:] if len(flat) else np.zeros(1, kind)
    return np.concatenate([flat, np.repeat(last, count - len(flat))])


def _read(
    buffer: Buffer, span: tuple[int, int]
) -> tuple[str, tuple[int, ...], bytes, list[int | float]]:
    """Type, shape, packed content and single values of a TensorProto."""
    name, content = "DT_INVALID", b""
    shape: tuple[int, ...] = ()
    values: list[int | float] = []
    for number, kind, value, end in fields(buffer, span):
        if number == 1 and kind == VARINT:
            name = datatypes.name_of(value)
        elif number == 2:
            shape = read_shape(buffer, (value, end)) or ()
        elif number == 4:
            content = buffer[value:end]
        elif number == _FIELDS.get(name):
            values += _values(buffer, number, (kind, value, end))
    return name, shape, content, values


def _values(buffer: Buffer, number: int, field: tuple[int, int, int]) -> list[int | float]:
    kind, value, end = field
    if number in (5, 6):
        if kind not in (LENGTH, FIXED32, FIXED64):
            return []
        kinds = {5: "<f4", 6: "<f8"}
        return [float(item) for item in np.frombuffer(buffer[value:end], kinds[number])]
    return [signed(item) for item in packed(buffer, kind, value, end)]
