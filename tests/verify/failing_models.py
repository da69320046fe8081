"""Run models that fail, each in its own way, and say why. Needs TensorFlow; run in its own process.

``python failing_models.py FOLDER`` runs each as verification does, and prints by name what
TensorFlow says.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from buildtool.verify import reference

Values = dict[str, Any]
SEED = np.array([b"seed"], object)


def zeros(*shape: int, dtype: str = "float32") -> Any:
    """What is fed where only its shape counts."""
    return np.zeros(shape, dtype)


def models() -> dict[str, tuple[Callable[[], Any], Values]]:
    """What makes the output of each model, and what is fed."""
    import tensorflow as tf  # noqa: PLC0415 - only once the environment is set

    v1 = tf.compat.v1

    def fed(name: str = "x", dtype: Any = tf.float32) -> Any:
        return v1.placeholder(dtype, name=name)

    def table() -> Any:
        handle = tf.raw_ops.HashTableV2(key_dtype=tf.string, value_dtype=tf.int64)
        return tf.raw_ops.LookupTableFindV2(
            table_handle=handle, keys=fed(dtype=tf.string), default_value=np.int64(0)
        )

    def iterator() -> Any:
        data = v1.data.Dataset.from_tensors(np.float32(1))
        return v1.data.make_initializable_iterator(data).get_next()

    def asserted() -> Any:
        x = fed()
        with tf.control_dependencies([v1.assert_greater(x, 5.0)]):
            return tf.identity(x)

    def variable(*, resource: bool) -> Any:
        return v1.get_variable(f"v{resource:d}", [2], use_resource=resource) + fed()

    def convolution(**how: Any) -> Any:
        return tf.nn.conv2d(fed(), tf.ones([3, 3, 3, 2]), 1, "VALID", **how)

    def half_size() -> Any:
        return tf.raw_ops.Switch(data=fed(), pred=True).output_false

    int32, image = tf.int32, zeros(1, 16, 16, 3)
    index = {"x": np.array([7], np.int32)}
    matrix, row = np.ones((3, 2), np.float32), {"x": zeros(1, 16)}
    return {
        "shape: product": (lambda: tf.matmul(fed(), matrix), row),
        "shape: rank": (lambda: tf.matmul(fed(), matrix), {"x": zeros()}),
        "shape: sum": (lambda: fed() + tf.ones([3]), row),
        "shape: reshape": (lambda: tf.reshape(fed(), [-1, 7]), row),
        "shape: depth": (convolution, {"x": zeros(1, 16, 16, 16)}),
        "shape: pool": (lambda: tf.nn.max_pool2d(fed(), 33, 1, "VALID"), {"x": image}),
        "shape: concat": (
            lambda: tf.concat([fed(), fed("y")], 1),
            {"x": zeros(16, 2), "y": zeros(1, 2)},
        ),
        "shape: squeeze": (lambda: tf.squeeze(fed(), [1]), row),
        "shape: split": (lambda: tf.split(fed(), 3, 1, num=3)[0], row),
        "shape: top": (lambda: tf.nn.top_k(fed(), 50)[0], row),
        "shape: perm": (lambda: tf.transpose(fed(), [0, 2, 1]), row),
        "state: variable": (lambda: variable(resource=False), {"x": zeros(2)}),
        "state: resource": (lambda: variable(resource=True), {"x": zeros(2)}),
        "state: table": (table, {"x": SEED}),
        "iterator: iterator": (iterator, {}),
        "kernel: format": (lambda: convolution(data_format="NCHW"), {"x": zeros(1, 3, 8, 8)}),
        "kernel: pool": (
            lambda: tf.nn.max_pool2d(fed(), 2, 1, "SAME", data_format="NCHW"),
            {"x": zeros(1, 3, 8, 8)},
        ),
        "kernel: type": (lambda: tf.raw_ops.LRN(input=tf.cast(fed(), tf.bfloat16)), {"x": image}),
        "feed: feed": (lambda: fed() + fed("y"), {"x": zeros(2)}),
        "dead: dead": (half_size, {"x": zeros(2)}),
        "file: file": (lambda: tf.io.read_file(fed(dtype=tf.string)), {"x": SEED[0]}),
        "assert: assert": (asserted, {"x": zeros(2)}),
        "data: image": (lambda: tf.io.decode_jpeg(fed(dtype=tf.string)), {"x": SEED[0]}),
        "data: sound": (lambda: tf.audio.decode_wav(fed(dtype=tf.string))[0], {"x": SEED[0]}),
        "data: number": (lambda: tf.strings.to_number(fed(dtype=tf.string)), {"x": SEED}),
        "data: raw": (lambda: tf.io.decode_raw(fed(dtype=tf.string), tf.int64), {"x": SEED}),
        "index: gather": (lambda: tf.gather(matrix, fed(dtype=int32)), index),
        "index: gather_nd": (lambda: tf.gather_nd(matrix, fed(dtype=int32)), {"x": [[7]]}),
        "index: slice": (lambda: tf.slice(fed(), [0, 5], [1, 50]), row),
        "index: fill": (lambda: tf.fill(fed(dtype=int32), 1.0), {"x": np.array([-7], np.int32)}),
        "index: divide": (lambda: fed(dtype=int32) // 0, index),
        "index: list": (lambda: tf.TensorArray(tf.float32, 3).read(fed(dtype=int32)), {"x": 7}),
        "number: number": (lambda: tf.debugging.check_numerics(fed() / 0.0, "no"), row),
    }


def said(name: str, make: Callable[[], Any], values: Values, folder: Path) -> str:
    """What TensorFlow says when such a model runs."""
    import tensorflow as tf  # noqa: PLC0415 - only once the environment is set

    with tf.Graph().as_default() as graph:
        tf.identity(make(), name="out")
    path = folder / f"{name.replace(': ', '-')}.pb"
    path.write_bytes(graph.as_graph_def().SerializeToString())
    inputs = []
    for each, value in values.items():
        dtype = graph.get_tensor_by_name(f"{each}:0").dtype
        array = np.asarray(value, dtype.as_numpy_dtype)
        file = folder / each
        file.write_bytes(reference._content(array, is_text=dtype == tf.string))
        inputs.append((f"{each}:0", dtype.name, ",".join(map(str, array.shape)), str(file)))
    options = argparse.Namespace(
        run=path, input=inputs, output=["out:0"], out=folder, init=[], steps=1, parts=False
    )
    try:
        reference.run_model(options)
    except Exception as failure:
        return " ".join(str(failure).split())
    return "it runs"


def main() -> None:
    """Run all."""
    os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"  # as in verification; it runs NCHW
    import tensorflow as tf  # noqa: PLC0415 - only once the environment is set

    tf.compat.v1.disable_eager_execution()
    tf.compat.v1.disable_control_flow_v2()
    folder = Path(sys.argv[1])
    print(json.dumps({name: said(name, *each, folder) for name, each in models().items()}))


if __name__ == "__main__":
    main()
