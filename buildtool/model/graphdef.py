"""A GraphDef, read from its wire format without copying tensors.

Field numbers are those of TensorFlow 2.14.1, unchanged since 1.0: ``core/framework/`` ``graph``,
``node_def``, ``function``, ``op_def``, ``versions`` ``.proto``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from buildtool.core import datatypes
from buildtool.model.attributes import Attr, Attrs, read_entry
from buildtool.model.wire import LENGTH, VARINT, Buffer, Span, WireError, again, fields, packed
from buildtool.model.wire import signed as signed_int
from buildtool.model.wire import text as text_of

_DEVICE = 4  # NodeDef.device
# Of a large graph most nodes are small, and have the attributes of many others.
_SMALL, _MOST_SHARED = 1 << 11, 1 << 12


class Node(NamedTuple):
    """A NodeDef. ``rest`` are its other fields as they were encoded: device, debug information."""

    name: str
    op: str
    inputs: tuple[str, ...]
    attrs: Attrs
    rest: bytes = b""

    @property
    def device(self) -> str:
        """The device that it is pinned to, empty for none."""
        found = fields(self.rest, (0, len(self.rest)))
        spans = ((value, end) for number, _, value, end in found if number == _DEVICE)
        return next((text_of(self.rest, span) for span in spans), "")

    def without_device(self) -> Node:
        """The same node, pinned to none."""
        rest = b"".join(
            again(self.rest, number, kind, value, end)
            for number, kind, value, end in fields(self.rest, (0, len(self.rest)))
            if number != _DEVICE
        )
        return self._replace(rest=rest)

    def value(self, name: str, kind: str) -> object:
        """The value of attribute ``name`` if it is there and of that kind, else None."""
        attr = self.attrs.get(name)
        if attr is None:
            return None
        found = attr.decode()
        return found.value if found.kind == kind else None


class Argument(NamedTuple):
    """An input or output of a function's signature; same fields as ``OpDef.ArgDef``."""

    name: str
    type: str = ""
    type_attr: str = ""
    number_attr: str = ""
    type_list_attr: str = ""


class FunctionDef(NamedTuple):
    """A function of the library. ``attrs`` are its signature's attributes and their defaults.

    ``returns`` are the tensors that it gives, by output; ``control_returns`` the nodes that must
    have run. ``whole`` is where the encoded function lies.
    """

    name: str
    inputs: tuple[Argument, ...]
    outputs: tuple[Argument, ...]
    attrs: Mapping[str, Attr | None]
    nodes: tuple[Node, ...]
    returns: Mapping[str, str] = {}
    control_returns: tuple[str, ...] = ()
    whole: Attr | None = None


class GraphDef(NamedTuple):
    """What a GraphDef holds. ``library_rest`` and ``rest`` are, as they were encoded, the fields
    of the library besides functions and of the graph besides nodes and library."""

    nodes: tuple[Node, ...]
    functions: Mapping[str, FunctionDef]
    producer: int
    min_consumer: int
    bad_consumers: tuple[int, ...]
    library_rest: bytes = b""
    rest: bytes = b""


def read_graph(buffer: Buffer) -> GraphDef:
    """Read a whole GraphDef.

    Raises:
        WireError: the bytes are cut off or are no GraphDef.
    """
    nodes: list[Node] = []
    functions: dict[str, FunctionDef] = {}
    versions = {1: 0, 2: 0}
    bad: list[int] = []
    library_rest, rest = bytearray(), bytearray()
    reader = _NodeReader(buffer)
    for number, kind, value, end in fields(buffer, (0, len(buffer))):
        if (number in (1, 2, 4) and kind != LENGTH) or (number == 3 and kind != VARINT):
            where = 0 if kind == VARINT else value
            raise WireError(where, f"field {number} is not what a GraphDef has there")
        if number == 1:
            nodes.append(reader.read((value, end)))
        elif number == 2:
            library_rest += _read_library(reader, (value, end), functions)
        else:
            rest += again(buffer, number, kind, value, end)
            if number == 4:
                _read_versions(buffer, (value, end), versions, bad)
    return GraphDef(
        *(tuple(nodes), functions, versions[1], versions[2], tuple(bad)),
        *(bytes(library_rest), bytes(rest)),
    )


class _Irregular(Exception):  # noqa: N818 - nothing is wrong
    """A node that is not written as protobuf writes them."""


class _NodeReader:
    """Reads the NodeDefs of a buffer. Equal texts and equal attributes are one object: a million
    nodes have some thousands of them."""

    def __init__(self, buffer: Buffer) -> None:
        self.buffer = buffer
        self._texts: dict[str, str] = {}
        self._shared: dict[bytes, tuple[Attrs, bytes]] = {}

    def read(self, span: Span) -> Node:
        """The NodeDef at ``span``.

        Raises:
            WireError: the bytes are none.
        """
        if span[1] - span[0] <= _SMALL:
            try:
                return self._read_small(*span)
            except (_Irregular, IndexError, UnicodeDecodeError):
                pass
        return self._read_any(span)

    def _read_small(self, start: int, end: int) -> Node:
        """One whose name, op and inputs come first, and are short."""
        data, texts = self.buffer[start:end], self._texts
        name = op = ""
        inputs: list[str] = []
        place, size = 0, end - start
        while place < size and (tag := data[place]) in (0x0A, 0x12, 0x1A):
            begin = place + 2
            place = begin + data[place + 1]
            if place > size or place - begin > 0x7F:
                raise _Irregular
            said = data[begin:place].decode()
            said = texts.setdefault(said, said)
            if tag == 0x1A:
                inputs.append(said)
            elif tag == 0x12:
                op = said
            else:
                name = said
        tail = data[place:]
        shared = self._shared.get(tail)
        if shared is None:
            shared = self._read_tail((start + place, end))
            if len(self._shared) < _MOST_SHARED:
                self._shared[tail] = shared
        return Node(name, op, tuple(inputs), *shared)

    def _read_tail(self, span: Span) -> tuple[Attrs, bytes]:
        attrs: dict[str, Attr] = {}
        rest = b""
        for number, kind, value, end in fields(self.buffer, span):
            if kind != LENGTH or number < 4:
                raise _Irregular
            if number == 5:
                read_entry(self.buffer, (value, end), attrs)
            else:
                rest += again(self.buffer, number, kind, value, end)
        return attrs, rest

    def _read_any(self, span: Span) -> Node:
        buffer = self.buffer
        name = op = ""
        inputs: list[str] = []
        attrs: dict[str, Attr] = {}
        rest = b""
        for number, kind, value, end in fields(buffer, span):
            if kind != LENGTH:
                raise WireError(span[0], f"field {number} is not what a NodeDef has there")
            if number == 1:
                name = text_of(buffer, (value, end))
            elif number == 2:
                op = text_of(buffer, (value, end))
            elif number == 3:
                inputs.append(text_of(buffer, (value, end)))
            elif number == 5:
                read_entry(buffer, (value, end), attrs)
            else:
                rest += again(buffer, number, kind, value, end)
        return Node(name, op, tuple(inputs), attrs, rest)


def _read_library(reader: _NodeReader, span: Span, functions: dict[str, FunctionDef]) -> bytes:
    """Read the functions; give the other fields as they are encoded."""
    buffer, rest = reader.buffer, b""
    for number, kind, value, end in fields(buffer, span):
        if number == 1:
            function = _read_function(reader, (value, end))
            functions[function.name] = function
        else:
            rest += again(buffer, number, kind, value, end)
    return rest


def _read_function(reader: _NodeReader, span: Span) -> FunctionDef:
    buffer = reader.buffer
    nodes: list[Node] = []
    signature = (0, 0)
    returns: dict[str, str] = {}
    controls: dict[str, str] = {}
    for number, _, value, end in fields(buffer, span):
        if number == 1:
            signature = (value, end)
        elif number == 3:
            nodes.append(reader.read((value, end)))
        elif number in (4, 6):
            _read_names(buffer, (value, end), returns if number == 4 else controls)
    name = ""
    arguments: dict[int, list[Argument]] = {2: [], 3: []}
    attrs: dict[str, Attr | None] = {}
    for number, _, value, end in fields(buffer, signature):
        if number == 1:
            name = text_of(buffer, (value, end))
        elif number in (2, 3):
            arguments[number].append(_read_argument(buffer, (value, end)))
        elif number == 4:
            _read_attr_def(buffer, (value, end), attrs)
    return FunctionDef(
        *(name, tuple(arguments[2]), tuple(arguments[3]), attrs, tuple(nodes)),
        *(returns, tuple(controls.values()), Attr(buffer, span)),
    )


def _read_names(buffer: Buffer, span: Span, names: dict[str, str]) -> None:
    """One entry of a map<string, string>."""
    entry = {1: "", 2: ""}
    for number, _, value, end in fields(buffer, span):
        entry[number] = text_of(buffer, (value, end))
    names[entry[1]] = entry[2]


def _read_argument(buffer: Buffer, span: Span) -> Argument:
    parts = {1: "", 3: "", 4: "", 5: "", 6: ""}
    for number, kind, value, end in fields(buffer, span):
        if number == 3 and kind == VARINT:
            parts[3] = datatypes.name_of(value)
        elif number in parts and kind == LENGTH:
            parts[number] = text_of(buffer, (value, end))
    return Argument(*parts.values())


def _read_attr_def(buffer: Buffer, span: Span, attrs: dict[str, Attr | None]) -> None:
    name, default = "", None
    for number, _, value, end in fields(buffer, span):
        if number == 1:
            name = text_of(buffer, (value, end))
        elif number == 3:
            default = Attr(buffer, (value, end))
    attrs[name] = default


def _read_versions(buffer: Buffer, span: Span, versions: dict[int, int], bad: list[int]) -> None:
    for number, kind, value, end in fields(buffer, span):
        if number in versions and kind == VARINT:
            versions[number] = signed_int(value)
        elif number == 3:
            bad += [signed_int(item) for item in packed(buffer, kind, value, end)]
