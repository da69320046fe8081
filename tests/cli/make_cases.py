"""Models as people have them, each with something in it that a device does not run.

``python make_cases.py FOLDER`` writes ``FOLDER/NAME.pb``, or a SavedModel ``FOLDER/NAME``, of each.
Needs TensorFlow 2.x; run in its own process.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

v1 = tf.compat.v1
FLOAT = tf.float32
GRAPHS: dict[str, Callable[[], Any]] = {}


def graph(maker: Callable[[], Any]) -> Callable[[], Any]:
    """Register what adds nodes to a graph, and perhaps changes the GraphDef that comes of it."""
    GRAPHS[maker.__name__] = maker
    return maker


def fed(*shape: int | None, dtype: Any = FLOAT, name: str = "x") -> Any:
    return v1.placeholder(dtype, shape, name=name)


def weights(*shape: int) -> Any:
    return np.random.default_rng(1).normal(size=shape).astype(np.float32)


def small_net(x: Any, *, inputs: int = 4) -> Any:
    return tf.nn.softmax(tf.matmul(x, weights(inputs, 3)), name="out")


@graph
def control_input_first() -> Any:
    """As strippers leave it: ``optimize_for_inference`` and others."""
    x = fed(1, 4)
    tf.nn.relu(x)
    tf.matmul(x, weights(4, 3), name="out")

    def changed(definition: Any) -> None:
        (node,) = (each for each in definition.node if each.name == "out")
        node.input[:] = ["^Relu", *node.input]

    return changed


@graph
def empty_output() -> None:
    """It crops more than made-up inputs have."""
    tf.nn.softmax(fed(1, None, 4)[:, 500:-500, :], name="out")


@graph
def behind_decode_jpeg() -> None:
    """The image net that everybody has; an app feeds ``Mul``."""
    jpeg = v1.placeholder(tf.string, [], name="DecodeJpeg/contents")
    image = tf.expand_dims(tf.cast(tf.io.decode_jpeg(jpeg, channels=3), FLOAT), 0)
    scaled = tf.multiply(v1.image.resize_bilinear(image, [16, 16]) - 128.0, 1 / 128, name="Mul")
    pooled = tf.reduce_mean(tf.nn.relu(scaled), [1, 2])
    tf.nn.softmax(tf.matmul(pooled, weights(3, 2)), name="final_result")


def convolution(x: Any) -> Any:
    """``fused`` and ``biased``, which :func:`fuse` makes one."""
    kernel = weights(1, 1, int(x.shape[-1]), 1)
    fused = tf.nn.conv2d(x, kernel, 1, "VALID", name="fused")
    return tf.identity(tf.nn.bias_add(fused, weights(1), name="biased"), name="after")


def fuse(definition: Any) -> None:
    """Write an old fused op, without the types that a newer release wants of it."""
    nodes = {each.name: each for each in definition.node}
    node = nodes["fused"]
    node.op = "_FusedConv2D"
    node.input.append(nodes["biased"].input[1])
    node.attr["num_args"].i = 1
    node.attr["fused_ops"].list.s.append(b"BiasAdd")
    nodes["after"].input[0] = "fused"
    definition.node.remove(nodes["biased"])


@graph
def older_fused_op() -> Any:
    """As optimisers of releases before 2.13 wrote it."""
    convolution(fed(1, 8, 8, 3))
    return fuse


@graph
def table() -> None:
    """A vocabulary, filled by ``init_all_tables``."""
    values = np.array([1, 2], np.int64)
    filler = tf.lookup.KeyValueTensorInitializer(["a", "b"], values)
    words = fed(2, dtype=tf.string)
    tf.identity(tf.lookup.StaticHashTable(filler, -1).lookup(words), name="out")
    v1.tables_initializer(name="init_all_tables")


@graph
def pinned() -> None:
    with tf.device("/job:worker/task:1/device:GPU:3"):
        small_net(fed(1, 4))


@graph
def python_left() -> None:
    """A debugger's node that no output needs."""
    v1.py_func(lambda value: value, [small_net(fed(1, 4))], FLOAT, name="debug")


@graph
def saver_left() -> None:
    out = small_net(fed(1, 4))
    v1.train.Saver([v1.get_variable("unused", [2], use_resource=False)], name="save")
    del out


@graph
def random() -> None:
    tf.add(fed(2, 8), tf.random.normal([2, 8]), name="out")


@graph
def kinds() -> None:
    """An op of each of several kinds: eight bits, sparse, text, image."""
    x = fed(2, 8)
    small = tf.raw_ops.QuantizeV2(
        input=x, min_range=-0.3, max_range=1.1, T=tf.quint8, mode="MIN_FIRST"
    )
    again = tf.raw_ops.Dequantize(
        input=small[0], min_range=small[1], max_range=small[2], mode="MIN_FIRST"
    )
    tf.identity(again, name="eight_bits")
    places, shape = tf.constant([[0, 1], [2, 0]], tf.int64), tf.constant([3, 2], tf.int64)
    tf.raw_ops.SparseToDense(
        sparse_indices=places,
        output_shape=shape,
        sparse_values=x[0, :2],
        default_value=0.5,
        name="sparse",
    )
    words = tf.raw_ops.StringSplitV2(input=tf.constant(["a b", "c"]), sep=" ")
    tf.identity(words.values, name="text")
    boxes = tf.constant([[0.1, 0.1, 0.6, 0.7], [0.2, 0.1, 0.7, 0.7], [0.5, 0.5, 1.0, 1.0]])
    tf.raw_ops.NonMaxSuppressionV3(
        boxes=boxes,
        scores=tf.constant([0.9, 0.8, 0.7]),
        max_output_size=2,
        iou_threshold=0.5,
        score_threshold=0.0,
        name="image",
    )


@graph
def sliced() -> None:
    tf.slice(fed(4, 4, dtype=tf.int32), [1, 0], [2, 3], name="out")


@graph
def branches() -> None:
    """``cond/switch_t`` and ``_f``, which nothing takes, are dead in one branch each."""
    x, training = fed(1, 4), fed(dtype=tf.bool, name="training")
    tf.nn.softmax(
        v1.cond(training, lambda: tf.nn.relu(x), lambda: tf.matmul(x, weights(4, 4))), name="out"
    )


@graph
def unknown_rank() -> None:
    small_net(v1.placeholder(FLOAT, name="x"))


@graph
def all_at_once() -> Any:
    """Everything that is wrong with the others, and more, in one."""
    x, rest = fed(1, 4), v1.placeholder(FLOAT, name="rest")
    with tf.device("/device:GPU:0"):
        pinned = tf.nn.relu(x, name="pinned")
    called = v1.py_func(lambda value: value, [pinned], FLOAT, name="python")
    noise = tf.random.normal([1, 4], name="noise")
    counter = v1.get_variable("counter", [], use_resource=True)
    found = tf.raw_ops.LookupTableFindV2(
        table_handle=tf.raw_ops.HashTableV2(key_dtype=tf.int64, value_dtype=FLOAT, name="table"),
        keys=np.zeros([1, 4], np.int64),
        default_value=np.float32(0),
    )
    image = tf.reshape(x, [1, 1, 2, 2])
    turned = tf.nn.max_pool2d(image, 1, 1, "SAME", data_format="NCHW", name="channels_first")
    late = tf.add(called, found, name="late")
    fused = tf.reshape(convolution(tf.reshape(late, [1, 2, 2, 1])), [1, 4])
    newer = tf.identity(tf.reshape(turned, [1, 4]), name="newer")
    tf.identity(fused + newer + counter + noise + rest, name="out")

    def changed(definition: Any) -> None:
        nodes = {each.name: each for each in definition.node}
        nodes["late"].input[:] = [f"^{noise.op.name}", *nodes["late"].input]
        nodes["newer"].op = "OpOfTomorrow"
        fuse(definition)

    return changed


class Counter(tf.Module):  # type: ignore[misc]  # TensorFlow has no types
    """It counts its runs."""

    def __init__(self) -> None:
        self.runs = tf.Variable(0.0)

    @tf.function(input_signature=[tf.TensorSpec([1, 4], FLOAT, name="x")])
    def __call__(self, x):  # type: ignore[no-untyped-def]  # a function that is traced has no types
        return {"y": x + self.runs.assign_add(1.0)}


class Words(tf.Module):  # type: ignore[misc]
    """A table beside the graph, as Keras has it."""

    def __init__(self) -> None:
        filler = tf.lookup.KeyValueTensorInitializer(["a", "b"], np.array([1, 2], np.int64))
        self.table = tf.lookup.StaticHashTable(filler, 0)

    @tf.function(input_signature=[tf.TensorSpec([2], tf.string, name="words")])
    def __call__(self, words):  # type: ignore[no-untyped-def]
        return {"y": tf.gather(weights(3, 4), self.table.lookup(words))}


def main(folder: Path, names: Iterable[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for model in (Counter(), Words()):
        place = str(folder / type(model).__name__.lower())
        tf.saved_model.save(model, place, signatures={"predict": model.__call__})
    images = np.random.default_rng(2).random(size=(12, 4, 64), dtype=np.float32)
    np.savez(folder / "images.npz", x=images)  # 12 runs of the default model
    v1.disable_control_flow_v2()
    for name in names or GRAPHS:
        with tf.Graph().as_default() as made:
            changed = GRAPHS[name]()
        definition = made.as_graph_def()
        if changed is not None:
            changed(definition)
        (folder / f"{name}.pb").write_bytes(definition.SerializeToString(deterministic=True))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
