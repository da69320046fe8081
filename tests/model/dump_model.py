"""Run by its path: what TensorFlow's own protobuf classes see in GraphDefs, as JSON and as text.

``python dump_model.py FOLDER GRAPH.pb ...`` writes ``GRAPH.json`` and ``GRAPH.pbtxt`` there.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from google.protobuf import text_format
from tensorflow.core.framework import graph_pb2, types_pb2


def node(item: Any) -> list[Any]:
    """Name, op, inputs, and the type attributes of a node."""
    types = {}
    for name, value in item.attr.items():
        kind = value.WhichOneof("value")
        if kind == "type":
            types[name] = [types_pb2.DataType.Name(value.type)]
        elif kind == "list" and value.list.type:
            types[name] = [types_pb2.DataType.Name(number) for number in value.list.type]
    return [item.name, item.op, list(item.input), dict(sorted(types.items()))]


def dump(binary: Path, folder: Path) -> None:
    """Read one model, write both forms."""
    graph = graph_pb2.GraphDef.FromString(binary.read_bytes())
    text = text_format.MessageToString(graph, as_utf8=True)
    (folder / f"{binary.stem}.pbtxt").write_text(text, encoding="utf-8")
    functions = {
        function.signature.name: [node(item) for item in function.node_def]
        for function in graph.library.function
    }
    versions = [graph.versions.producer, graph.versions.min_consumer]
    nodes = [node(item) for item in graph.node]
    content = json.dumps({"nodes": nodes, "functions": functions, "versions": versions})
    (folder / f"{binary.stem}.json").write_text(content, encoding="utf-8")


if __name__ == "__main__":
    for argument in sys.argv[2:]:
        dump(Path(argument), Path(sys.argv[1]))
