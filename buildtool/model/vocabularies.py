"""Vocabulary files of lookup tables, put into the graph: an app has no file of that path.

An op ``InitializeTableFromTextFile`` becomes an ``InitializeTable`` of two constants, with what
``core/kernels/lookup_util.cc`` of TensorFlow 2.14.1 (``TextFileLineIterator``) reads of the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from buildtool.model.attributes import Attr
from buildtool.model.encoding import constant, make_node, strings_constant, type_attr
from buildtool.model.graphdef import GraphDef, Node
from buildtool.model.pruning import node_of
from buildtool.model.tensors import TYPES, Array, string_of

_READER = re.compile(r"InitializeTableFromTextFile(V2)?")
_PASSING = frozenset({"Identity", "PlaceholderWithDefault"})
_LINE_NUMBER, _WHOLE_LINE = -1, -2
_ASSETS = "assets"


class Embedded(NamedTuple):
    """A graph with its vocabularies inside, which were in ``files``; ``faults`` says, by node, what
    is wrong with a file."""

    graph: GraphDef
    faults: Mapping[str, str]
    files: tuple[Path, ...]


class _VocabularyError(Exception):
    """A file that TensorFlow would refuse."""


def embed_vocabularies(graph: GraphDef, folder: Path) -> Embedded:
    """Put in each file that is there: at its path, or by its name in the model's ``folder`` or
    the folder ``assets`` there. The same graph where there is nothing to do."""
    readers = [node for node in graph.nodes if _READER.fullmatch(node.op)]
    if not readers:
        return Embedded(graph, {}, ())
    by_name = {node.name: node for node in graph.nodes}
    made: dict[str, tuple[Node, ...]] = {}
    faults: dict[str, str] = {}
    files: list[Path] = []
    gone: set[str] = set()
    for reader in readers:
        chain = list(_file_name(reader, by_name))
        name = string_of(chain[-1].attrs.get("value")) if chain else None
        if name is None:
            continue
        try:
            place = _find(name, folder)
            files.append(place)
            made[reader.name] = _filler(reader, by_name, _lines(place))
            gone |= {node.name for node in chain}
        except _VocabularyError as fault:
            faults[reader.name] = str(fault)
    if not made:
        return Embedded(graph, faults, tuple(files))
    nodes = [new for node in graph.nodes for new in made.get(node.name, (node,))]
    taken = {node_of(name) for node in nodes if node.name not in gone for name in node.inputs}
    kept = tuple(node for node in nodes if node.name not in gone or node.name in taken)
    return Embedded(graph._replace(nodes=kept), faults, tuple(files))


def _file_name(reader: Node, nodes: Mapping[str, Node]) -> Iterator[Node]:
    """The nodes from a reader's second input to the constant that names the file; none where it is
    no constant."""
    data = [name for name in reader.inputs if not name.startswith("^")]
    chain = []
    node = nodes.get(node_of(data[1])) if len(data) == 2 else None
    while node is not None and node.op in _PASSING and node.inputs and node not in chain:
        chain.append(node)
        node = nodes.get(node_of(node.inputs[0]))
    if node is not None and node.op == "Const":
        yield from (*chain, node)


def _find(name: str, folder: Path) -> Path:
    places = (folder / name, folder / Path(name).name, folder / _ASSETS / Path(name).name)
    place = next((each for each in places if each.is_file()), None)
    if place is None:
        raise _VocabularyError(f"the vocabulary file {name!r} is not there")
    return place


def _lines(place: Path) -> list[bytes]:
    lines = place.read_bytes().replace(b"\r", b"").split(b"\n")
    lines = lines[:-1] if not lines[-1] else lines
    if b"" in lines:
        raise _VocabularyError(f"line {lines.index(b'') + 1} of {place.name} is empty")
    return lines


def _filler(reader: Node, nodes: Mapping[str, Node], lines: list[bytes]) -> tuple[Node, ...]:
    """The constants of a file, and the node that fills a table with them."""
    table, _, *controls = reader.inputs
    source = nodes.get(node_of(table))
    size = _number(reader, "vocab_size", -1)
    if size >= 0 and len(lines) < size:
        raise _VocabularyError(f"the vocabulary has {len(lines)} lines, not {size}")
    rows = lines if size < 0 else lines[:size]
    columns, types = [], []
    for index_key, type_key in (("key_index", "key_dtype"), ("value_index", "value_dtype")):
        index = _number(reader, index_key, _WHOLE_LINE)
        dtype = source.value(type_key, "type") if source else None
        name = f"{reader.name}/{type_key.partition('_')[0]}s"
        columns.append(_column(name, rows, index, str(dtype or ""), reader))
        types.append(source.attrs[type_key] if source and dtype else type_attr("DT_STRING"))
    attrs: dict[str, Attr] = {"Tkey": types[0], "Tval": types[1]}
    op = reader.op.replace("FromTextFile", "")
    inputs = (table, *(column.name for column in columns), *controls)
    return (*columns, make_node(reader.name, op, inputs, **attrs)._replace(rest=reader.rest))


def _column(name: str, rows: Sequence[bytes], index: int, dtype: str, reader: Node) -> Node:
    """A constant of one column of all lines."""
    offset = _number(reader, "offset", 0)
    if index == _LINE_NUMBER:
        return constant(name, np.arange(len(rows), dtype=np.int64) + np.int64(offset))
    items = list(rows) if index == _WHOLE_LINE else _split(rows, index, reader)
    if dtype == "DT_STRING":
        return strings_constant(name, items)
    if dtype not in ("DT_INT32", "DT_INT64", "DT_FLOAT", "DT_DOUBLE"):
        raise _VocabularyError(f"a vocabulary file cannot hold values of type {dtype or 'unknown'}")
    try:
        kind = float if dtype in ("DT_FLOAT", "DT_DOUBLE") else int
        numbers: Array = np.array([kind(item) for item in items], TYPES[dtype])
    except (ValueError, OverflowError) as fault:
        raise _VocabularyError(f"the vocabulary file does not fit its table: {fault}") from None
    return constant(name, numbers + np.int32(offset) if dtype == "DT_INT32" else numbers)


def _split(rows: Sequence[bytes], index: int, reader: Node) -> list[bytes]:
    stated = reader.value("delimiter", "string")
    delimiter = stated if isinstance(stated, bytes) and stated else b"\t"
    parts = [row.split(delimiter) for row in rows]
    short = next((place for place, row in enumerate(parts) if len(row) <= index), None)
    if short is not None:
        raise _VocabularyError(f"line {short + 1} of the vocabulary has no column {index + 1}")
    return [row[index] for row in parts]


def _number(node: Node, attr: str, default: int) -> int:
    value = node.value(attr, "int")
    return value if isinstance(value, int) else default
