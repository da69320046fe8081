"""Run in a process of its own, as it imports TensorFlow: what do tensors of a graph hold?

``python -m buildtool.model.evaluate_tensors GRAPH.pb NAMES.json VALUES.npz`` computes the tensors
that the list NAMES.json names; none of them may need to be fed. VALUES.npz has, by a tensor's
number in that list, the arrays of all that could be computed.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from buildtool.model.unpinning import unpin

_NUMBERS = "biuf"  # numpy's kinds
_MOST_ELEMENTS = 1 << 28  # a gigabyte of floats: nobody wants a constant of that


def values_of(path: Path, names: Sequence[str]) -> dict[str, Any]:
    """The value of each of these tensors of a binary GraphDef, by its number."""
    definition = tf.compat.v1.GraphDef()
    definition.ParseFromString(path.read_bytes())
    unpin(definition.node)
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(definition, name="")
    tensors = {str(i): graph.get_tensor_by_name(name) for i, name in enumerate(names)}
    possible = {key: tensor for key, tensor in tensors.items() if not _is_huge(tensor)}
    config = tf.compat.v1.ConfigProto()
    config.graph_options.rewrite_options.disable_meta_optimizer = True
    with tf.compat.v1.Session(graph=graph, config=config) as session:
        try:
            found = dict(session.run(possible))
        except tf.errors.OpError:
            found = _one_by_one(session, possible)
    return {key: value for key, value in found.items() if value.dtype.kind in _NUMBERS}


def _one_by_one(session: Any, tensors: dict[str, Any]) -> dict[str, Any]:
    found = {key: _value(session, tensor) for key, tensor in tensors.items()}
    return {key: value for key, value in found.items() if value is not None}


def _value(session: Any, tensor: Any) -> Any:
    try:
        return session.run(tensor)
    except tf.errors.OpError:
        return None


def _is_huge(tensor: Any) -> bool:
    """Whether the tensor, or what it is computed from, is larger than anybody would keep."""
    seen, waiting = set(), [tensor.op]
    while waiting:
        operation = waiting.pop()
        if operation in seen:
            continue
        seen.add(operation)
        for output in operation.outputs:
            sizes = output.shape.as_list() if output.shape.rank is not None else []
            if math.prod(size or 1 for size in sizes) > _MOST_ELEMENTS:
                return True
        waiting += [each.op for each in operation.inputs]
    return False


if __name__ == "__main__":
    source, listed, target = map(Path, sys.argv[1:])
    with target.open("wb") as file:
        np.savez(file, **values_of(source, json.loads(listed.read_text(encoding="utf-8"))))
