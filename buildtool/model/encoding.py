"""A graph back to its wire format: what was not changed keeps every field that it had."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from buildtool.core import datatypes
from buildtool.model.attributes import Attr
from buildtool.model.graphdef import FunctionDef, GraphDef, Node
from buildtool.model.tensors import TYPES, Array
from buildtool.model.wire import write_field


def write_graph(graph: GraphDef) -> bytes:
    """The bytes of a GraphDef; the same graph always gives the same."""
    return b"".join(graph_pieces(graph))


def graph_pieces(graph: GraphDef) -> Iterator[bytes]:
    """The same in pieces, for files: a graph may need most of the memory that there is."""
    for node in graph.nodes:
        yield write_field(1, _node(node))
    library = b"".join(write_field(1, _function(item)) for item in graph.functions.values())
    if library or graph.library_rest:
        yield write_field(2, library + graph.library_rest)
    yield graph.rest


def _node(node: Node) -> bytes:
    parts = [write_field(1, node.name.encode()), write_field(2, node.op.encode())]
    parts += [write_field(3, name.encode()) for name in node.inputs]
    parts.append(node.rest)
    for name, attr in node.attrs.items():
        content = attr.buffer[slice(*attr.span)]
        parts.append(write_field(5, write_field(1, name.encode()) + write_field(2, content)))
    return b"".join(parts)


def _function(function: FunctionDef) -> bytes:
    """Functions are kept or left out, never changed."""
    whole = function.whole
    return whole.buffer[slice(*whole.span)] if whole else b""


def make_node(name: str, op: str, inputs: Iterable[str], **attrs: Attr) -> Node:
    """A new node."""
    return Node(name, op, tuple(inputs), attrs)


def _attr(content: bytes) -> Attr:
    return Attr(content, (0, len(content)))


def type_attr(name: str) -> Attr:
    """A ``type`` attribute; ``name`` as in ``DT_FLOAT``."""
    return _attr(write_field(6, datatypes.NUMBERS[name]))


def types_attr(names: Iterable[str]) -> Attr:
    """A ``list(type)`` attribute."""
    return _attr(
        write_field(1, b"".join(write_field(6, datatypes.NUMBERS[name]) for name in names))
    )


def int_attr(value: int) -> Attr:
    """An ``int`` attribute."""
    return _attr(write_field(3, value))


def bool_attr(value: bool) -> Attr:
    """A ``bool`` attribute."""
    return _attr(write_field(5, int(value)))


def string_attr(value: bytes) -> Attr:
    """A ``string`` attribute."""
    return _attr(write_field(2, value))


def float_attr(value: float) -> Attr:
    """A ``float`` attribute."""
    return _attr(write_field(4, float(value)))


def ints_attr(values: Iterable[int]) -> Attr:
    """A ``list(int)`` attribute."""
    return _attr(write_field(1, b"".join(write_field(3, int(value)) for value in values)))


def strings_attr(values: Iterable[bytes]) -> Attr:
    """A ``list(string)`` attribute."""
    return _attr(write_field(1, b"".join(write_field(2, value) for value in values)))


def shape_attr(sizes: Iterable[int]) -> Attr:
    """A ``shape`` attribute; -1 is a dimension that is not known."""
    return _attr(write_field(7, b"".join(write_field(2, write_field(1, size)) for size in sizes)))


def tensor_attr(array: Array, dtype: str = "") -> Attr:
    """A ``tensor`` attribute of a numeric array; ``dtype`` where that says more than the array, as
    ``DT_QUINT8`` does."""
    shape = b"".join(write_field(2, write_field(1, int(size))) for size in array.shape)
    content = write_field(1, datatypes.NUMBERS[dtype or _dtype(array)]) + write_field(2, shape)
    return _attr(write_field(8, content + write_field(4, np.ascontiguousarray(array).tobytes())))


def constant(name: str, array: Array, dtype: str = "") -> Node:
    """A Const node that holds ``array``, of its type or of ``dtype``."""
    kind = type_attr(dtype or _dtype(array))
    return make_node(name, "Const", (), dtype=kind, value=tensor_attr(array, dtype))


def _dtype(array: Array) -> str:
    names: Mapping[object, str] = {np.dtype(kind): name for name, kind in TYPES.items()}
    return names[array.dtype]


def strings_constant(name: str, items: Sequence[bytes]) -> Node:
    """A Const node that holds a list of texts."""
    shape = write_field(2, write_field(2, write_field(1, len(items))))
    values = b"".join(write_field(8, item) for item in items)
    content = write_field(1, datatypes.NUMBERS["DT_STRING"]) + shape + values
    value = _attr(write_field(8, content))
    return make_node(name, "Const", (), dtype=type_attr("DT_STRING"), value=value)
