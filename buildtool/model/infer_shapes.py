"""Run in a process of its own, as it imports TensorFlow: which shapes do tensors of a graph have?

``python -m buildtool.model.infer_shapes GRAPH.pb`` reads a JSON list of tensors from its standard
input, and prints their shapes as JSON: sizes, -1 for one that is not known, null for a tensor of
unknown rank.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path

import tensorflow as tf

from buildtool.model.unpinning import unpin


def shapes_of(path: Path, names: Iterable[str]) -> dict[str, list[int] | None]:
    """The shape of each of these tensors of a binary GraphDef."""
    definition = tf.compat.v1.GraphDef()
    definition.ParseFromString(path.read_bytes())
    unpin(definition.node)
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(definition, name="")
    found = {}
    for name in names:
        shape = graph.get_tensor_by_name(name).shape
        sizes = None if shape.rank is None else shape.as_list()
        found[name] = sizes and [-1 if size is None else size for size in sizes]
    return found


if __name__ == "__main__":
    print(json.dumps(shapes_of(Path(sys.argv[1]), json.load(sys.stdin))))
