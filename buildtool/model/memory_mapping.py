"""Models whose constants are mapped into memory instead of being read.

Each large constant becomes an ``ImmutableConst`` that names a region of a file; the file holds
these regions and, as one more, the graph. The format is that of TensorFlow 2.14.1's
``core/util/memmapped_file_system_writer.cc``, unchanged since 1.0: regions of constants start at
multiples of 64 bytes; behind all regions stands the directory, a
``MemmappedFileSystemDirectory``, and behind that, in 8 bytes with the lowest first, where the
directory starts.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from buildtool.core.errors import writing
from buildtool.core.scratch import scratch_folder
from buildtool.model.encoding import graph_pieces, shape_attr, string_attr, type_attr
from buildtool.model.graphdef import GraphDef, Node
from buildtool.model.tensors import raw_tensor
from buildtool.model.wire import write_field

MAPPED_OP = "ImmutableConst"
PACKAGE_SUFFIX = ".memmapped"
_PREFIX = "memmapped_package://"
_GRAPH = f"{_PREFIX}."
_ALIGNMENT = 64
# Below, an own page for a constant costs more than reading it.
_LEAST_BYTES = 1024


def map_constants(graph: GraphDef) -> GraphDef:
    """The graph with its large numeric constants as regions of a file; others stay as they are.
    Regions are called by the place of the constant's node in the graph."""
    nodes = tuple(_mapped(node, place) for place, node in enumerate(graph.nodes))
    return graph._replace(nodes=nodes)


def _mapped(node: Node, place: int) -> Node:
    raw = raw_tensor(node.attrs.get("value")) if node.op == "Const" else None
    if raw is None or len(raw.content) < _LEAST_BYTES:
        return node
    attrs = {
        "dtype": type_attr(raw.dtype),
        "shape": shape_attr(raw.shape),
        "memory_region_name": string_attr(f"{_PREFIX}c{place}".encode()),
    }
    kept = {name: attr for name, attr in node.attrs.items() if name.startswith("_")}
    return node._replace(op=MAPPED_OP, attrs={**attrs, **kept})


def keep_package(mapped: GraphDef, plain: GraphDef, sha256: str, cache: Path) -> Path:
    """The file that an app maps: the regions that ``mapped`` names, which :func:`map_constants`
    made of ``plain``, and ``mapped`` itself. It is in ``cache``, named by ``sha256``, a hash of
    both."""
    target = cache / f"{sha256[:32]}{PACKAGE_SUFFIX}"
    if not target.is_file():
        with scratch_folder(cache, "mapping") as scratch:
            made = scratch / target.name
            with writing(target), made.open("wb") as file:
                _write(file, mapped, plain)
            made.replace(target)
    return target


def _write(file: BinaryIO, mapped: GraphDef, plain: GraphDef) -> None:
    directory = bytearray()
    for place in sorted(set(_regions(mapped))):
        raw = raw_tensor(plain.nodes[place].attrs.get("value"))
        if raw is None:
            raise ValueError(f"node {place} of the graph is no constant")
        file.write(bytes(-file.tell() % _ALIGNMENT))
        directory += _entry(f"{_PREFIX}c{place}", file.tell(), len(raw.content))
        file.write(raw.content)
    begin = file.tell()
    for piece in graph_pieces(mapped):
        file.write(piece)
    directory += _entry(_GRAPH, begin, file.tell() - begin)
    end = file.tell()
    file.write(directory)
    file.write(struct.pack("<Q", end))


def _regions(graph: GraphDef) -> Iterator[int]:
    for node in graph.nodes:
        name = node.value("memory_region_name", "string") if node.op == MAPPED_OP else None
        if isinstance(name, bytes) and name.startswith(f"{_PREFIX}c".encode()):
            yield int(name.removeprefix(f"{_PREFIX}c".encode()))


def _entry(name: str, offset: int, length: int) -> bytes:
    """A ``MemmappedFileSystemDirectoryElement`` as an element of the directory."""
    fields = write_field(1, offset) if offset else b""
    fields += write_field(2, name.encode()) + write_field(3, length)
    return write_field(1, fields)
