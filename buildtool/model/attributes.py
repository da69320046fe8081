"""Attribute values of a node, decoded from their wire format when somebody asks.

Field numbers are those of TensorFlow 2.14.1, unchanged since 1.0: ``core/framework/``
``attr_value``, ``tensor_shape`` ``.proto``. Most attributes never matter, and tensors never do.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import NamedTuple, TypeAlias

from buildtool.core import datatypes
from buildtool.model.wire import FIXED32, VARINT, Buffer, Span, WireError, fields, packed
from buildtool.model.wire import signed as signed_int
from buildtool.model.wire import text as text_of

Shape: TypeAlias = tuple[int, ...] | None

# core/framework/tensor_shape.h, MaxDimensions.
MOST_DIMENSIONS = 254


class Function(NamedTuple):
    """A NameAttrList: the name of a function (or op) and the attributes it is called with."""

    name: str
    attrs: Attrs


class Value(NamedTuple):
    """One AttrValue, decoded. ``kind`` is the member of the oneof that is set, ``""`` if none;
    for lists it is ``list(...)`` of the elements' kind, ``list()`` for an empty one. ``value`` is
    a type name, int, bool, bytes, placeholder name, shape, :class:`Function` or a tuple of such,
    and None for a tensor or a float, which nobody asks for."""

    kind: str
    value: object


class Attr(NamedTuple):
    """One AttrValue, still in its buffer."""

    buffer: Buffer
    span: Span

    def field(self) -> int:
        """The field number of the oneof member that is set, 0 if none."""
        start, end = self.span
        return self.buffer[start] >> 3 if start < end else 0

    def kind(self) -> str:
        """The kind that :meth:`decode` would give; looks at the first bytes only."""
        number = self.field()
        if number != LIST:
            return KINDS.get(number, "")
        for _, _, start, end in fields(self.buffer, self.span):
            element = _LIST_KINDS.get(self.buffer[start] >> 3, "") if start < end else ""
            return f"list({element})"
        return ""

    def functions(self) -> tuple[Function, ...]:
        """The functions it names; decodes only what holds some."""
        if self.kind() not in ("func", "list(func)"):
            return ()
        value = self.decode().value
        items = value if self.field() == LIST and isinstance(value, tuple) else (value,)
        return tuple(item for item in items if isinstance(item, Function))

    def decode(self) -> Value:
        """Decode it.

        Raises:
            WireError: the bytes are no AttrValue.
        """
        start, end = self.span
        # Most are a small number: a type, as a rule.
        if end - start == 2 and (known := _SMALL.get(self.buffer[start:end])):
            return known
        result = Value("", None)
        for number, kind, value, end in fields(self.buffer, self.span):
            if number == LIST:
                result = _list_value(self.buffer, (value, end))
            elif number in KINDS:
                decoded = _scalar(self.buffer, KINDS[number], kind, value, end)
                result = Value(KINDS[number], decoded)
        return result


Attrs: TypeAlias = Mapping[str, Attr]


def float_of(attr: Attr | None, default: float) -> float:
    """The number of a ``float`` attribute; ``default`` where it is no such or not set."""
    if attr is not None:
        for number, kind, value, end in fields(attr.buffer, attr.span):
            if KINDS.get(number) == "float" and kind == FIXED32:
                return float(struct.unpack("<f", attr.buffer[value:end])[0])
    return default


LIST, PLACEHOLDER, FUNC = 1, 9, 10
KINDS = {
    2: "string",
    3: "int",
    4: "float",
    5: "bool",
    6: "type",
    7: "shape",
    8: "tensor",
    PLACEHOLDER: "placeholder",
    FUNC: "func",
}
_LIST_KINDS = {**{number: KINDS[number] for number in range(2, 9)}, 9: "func"}


def _scalar(buffer: Buffer, name: str, kind: int, value: int, end: int) -> object:
    if kind == VARINT:
        if name == "type":
            return datatypes.name_of(value)
        return bool(value) if name == "bool" else signed_int(value)
    if name == "string":
        return bytes(buffer[value:end])
    if name == "placeholder":
        return text_of(buffer, (value, end))
    if name == "shape":
        return read_shape(buffer, (value, end))
    return read_function_name(buffer, (value, end)) if name == "func" else None


_SMALL = {
    bytes((number << 3 | VARINT, value)): Value(
        KINDS[number], _scalar(b"", KINDS[number], VARINT, value, 0)
    )
    for number in (3, 5, 6)
    for value in range(0x80)
}


def _list_value(buffer: Buffer, span: Span) -> Value:
    element = ""
    items: list[object] = []
    for number, kind, value, end in fields(buffer, span):
        element = _LIST_KINDS.get(number, element)
        if element in ("int", "bool", "type"):
            items += [
                _scalar(buffer, element, VARINT, n, 0) for n in packed(buffer, kind, value, end)
            ]
        elif element == "float":
            # Packed or not, four bytes each: how many there are is asked, their values are not.
            items += [None] * ((end - value) // 4)
        else:
            items.append(_scalar(buffer, element, kind, value, end))
    return Value(f"list({element})", tuple(items))


def read_entry(buffer: Buffer, span: Span, attrs: dict[str, Attr]) -> None:
    """Read one entry of a map<string, AttrValue>."""
    key, content = "", (0, 0)
    for number, _, value, end in fields(buffer, span):
        if number == 1:
            key = text_of(buffer, (value, end))
        elif number == 2:
            content = (value, end)
    attrs[key] = Attr(buffer, content)


def read_shape(buffer: Buffer, span: Span) -> Shape:
    """A TensorShapeProto: None where the rank is unknown, -1 for an unknown dimension.

    Raises:
        WireError: it is cut off, or a shape that no tensor can have.
    """
    sizes: list[int] = []
    for number, kind, value, end in fields(buffer, span):
        if number == 2:
            size = 0
            for inner, _, item, _ in fields(buffer, (value, end)):
                size = signed_int(item) if inner == 1 else size
            sizes.append(size)
            if len(sizes) > MOST_DIMENSIONS:
                raise WireError(value, f"a shape has more than {MOST_DIMENSIONS} dimensions")
        elif number == 3 and kind == VARINT and value:
            return None
    return tuple(sizes)


def read_function_name(buffer: Buffer, span: Span) -> Function:
    """A NameAttrList."""
    name = ""
    attrs: dict[str, Attr] = {}
    for number, _, value, end in fields(buffer, span):
        if number == 1:
            name = text_of(buffer, (value, end))
        elif number == 2:
            read_entry(buffer, (value, end), attrs)
    return Function(name, attrs)
