"""Run pairs of graphs on the same inputs in TensorFlow; a script, in a process of its own.

``python run_pairs.py PAIRS.json ABOUT.json``: the first is a list of ``[before, after]`` paths; the
second receives, for each pair, the largest difference of each output that ``before`` has.
"""

from __future__ import annotations

import io
import json
import os
import struct
import sys
import wave
from pathlib import Path
from typing import Any

os.environ.update(TF_CPP_MIN_LOG_LEVEL="2", TF_ENABLE_ONEDNN_OPTS="0", CUDA_VISIBLE_DEVICES="-1")

import numpy as np
import tensorflow as tf

SIZE = 5  # of a dimension that a model leaves open


def tone() -> bytes:
    """A short sound."""
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        values = (8000 * np.sin(np.arange(4000) * 0.1)).astype(int)
        file.writeframes(b"".join(struct.pack("<h", value) for value in values))
    return target.getvalue()


def fed(tensor: Any, random: Any) -> Any:
    """A value for an input."""
    shape = [SIZE if size is None else size for size in tensor.shape.as_list()]
    if tensor.dtype == tf.string:
        words = [b"Hello, small World", b" a", b"one two  three"]
        return tone() if not shape else np.resize(np.array(words, object), shape)
    if tensor.dtype.is_floating:
        return random.normal(size=shape).astype(tensor.dtype.as_numpy_dtype)
    if tensor.dtype == tf.bool:
        return random.random(size=shape) > 0.5
    high = 256 if tensor.dtype == tf.uint8 else 3 if not shape else 40
    return random.integers(0, high, size=shape).astype(tensor.dtype.as_numpy_dtype)


def load(path: str) -> Any:
    definition = tf.compat.v1.GraphDef()
    definition.ParseFromString(Path(path).read_bytes())
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(definition, name="")
    return graph


def run(graph: Any, outputs: list[str], feeds: dict[str, Any]) -> Any:
    config = tf.compat.v1.ConfigProto(
        allow_soft_placement=True,
    )
    config.graph_options.rewrite_options.disable_meta_optimizer = True
    with tf.compat.v1.Session(graph=graph, config=config) as session:
        return session.run(outputs, feeds)


def compiled(path: str, outputs: list[str], feeds: dict[str, Any]) -> Any:
    """What XLA makes of it: it runs on a CPU what no CPU kernel does."""
    definition = tf.compat.v1.GraphDef()
    definition.ParseFromString(Path(path).read_bytes())
    whole = tf.compat.v1.wrap_function(lambda: tf.import_graph_def(definition, name=""), [])
    tensor = whole.graph.as_graph_element
    part = whole.prune([tensor(name) for name in feeds], [tensor(name) for name in outputs])
    return tf.function(part, jit_compile=True)(*map(tf.constant, feeds.values()))


def reference(path: str, graph: Any, outputs: list[str], feeds: dict[str, Any]) -> Any:
    try:
        return run(graph, outputs, feeds)
    except (tf.errors.InvalidArgumentError, tf.errors.UnimplementedError):
        return compiled(path, outputs, feeds)


def interface(graph: Any) -> tuple[list[str], list[str]]:
    """Placeholders that are used, and the outputs of the nodes that nothing takes."""
    operations = graph.get_operations()
    inputs = [o.name for o in operations if o.type == "Placeholder" and o.outputs[0].consumers()]
    loop = {"Enter", "Exit", "Merge", "Switch", "NextIteration", "NoOp", "Placeholder", "Const"}
    last = [
        o
        for o in operations
        if o.type not in loop
        and not any(t.consumers() for t in o.outputs)
        and not any(o in other.control_inputs for other in operations)
    ]
    plain = [t.name for o in last for t in o.outputs if t.dtype not in (tf.variant, tf.resource)]
    return [f"{name}:0" for name in inputs], plain


def difference(one: Any, other: Any) -> float:
    """The largest difference, infinite where they are no numbers or not of one shape."""
    one, other = np.asarray(one), np.asarray(other)
    if one.shape != other.shape or one.dtype != other.dtype:
        return float("inf")
    if one.dtype.kind in "OSb":
        return 0.0 if (one == other).all() else float("inf")
    finite = np.isfinite(one)
    if not np.array_equal(finite, np.isfinite(other)):
        return float("inf")
    if not finite.all() and not np.array_equal(one[~finite], other[~finite], equal_nan=True):
        return float("inf")
    apart = np.abs(one[finite].astype(np.float64) - other[finite].astype(np.float64))
    return float(apart.max()) if apart.size else 0.0


def compare(before: str, after: str) -> dict[str, float]:
    first, second = load(before), load(after)
    inputs, outputs = interface(first)
    random = np.random.default_rng(7)
    feeds = {name: fed(first.get_tensor_by_name(name), random) for name in inputs}
    expected = reference(before, first, outputs, feeds)
    pairs = zip(expected, run(second, outputs, feeds), strict=True)
    return {name: difference(*pair) for name, pair in zip(outputs, pairs, strict=True)}


def main(pairs: str, about: str) -> None:
    said = [compare(*pair) for pair in json.loads(Path(pairs).read_text(encoding="utf-8"))]
    Path(about).write_text(json.dumps(said), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
