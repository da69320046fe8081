"""Make small frozen graphs for each rewrite; a script, in a process of its own.

``python make_graphs.py FOLDER`` writes ``FOLDER/REWRITE/CASE.pb``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

FLOAT = tf.float32
Case = tuple[Callable[..., Any], list[Any], bool]
CASES: dict[str, dict[str, Case]] = {}


def case(rewrite: str, *inputs: Any, lower: bool = True) -> Callable[[Any], Any]:
    """Register a function as a case of a rewrite."""

    def register(function: Any) -> Any:
        specs = [tf.TensorSpec(shape, dtype, f"x{i}") for i, (shape, dtype) in enumerate(inputs)]
        CASES.setdefault(rewrite, {})[function.__name__] = (function, specs, lower)
        return function

    return register


def numbers(*shape: int) -> Any:
    return np.random.default_rng(3).normal(size=shape).astype(np.float32)


IMAGE = ([2, 6, 5, 3], FLOAT)
SEQUENCE = ([None, None, 4], FLOAT)
tf.keras.utils.set_random_seed(1)
BACKWARDS = tf.keras.layers.GRU(3, return_sequences=True, go_backwards=True)
LAST = tf.keras.layers.LSTM(3)


@case("clear-devices", ([None, 4], FLOAT))
def on_a_gpu(x: Any) -> Any:
    with tf.device("/device:GPU:0"):
        return tf.raw_ops.Relu(features=x)


@case("add", ([None, 4], FLOAT), ([4], FLOAT))
def add(x: Any, y: Any) -> Any:
    return tf.raw_ops.AddV2(x=x, y=y)


@case("batch-norm", IMAGE)
def inference(x: Any) -> Any:
    return tf.raw_ops.FusedBatchNormV3(
        x=x,
        scale=numbers(3),
        offset=numbers(3),
        mean=numbers(3),
        variance=np.abs(numbers(3)),
        is_training=False,
        epsilon=0.01,
        exponential_avg_factor=0.5,
    )[0]


@case("batch-norm", IMAGE)
def training(x: Any) -> Any:
    return tf.raw_ops.FusedBatchNormV3(
        x=x,
        scale=numbers(3),
        offset=numbers(3),
        mean=[],
        variance=[],
        is_training=True,
    )[:3]


@case("batch-norm", ([2, 3, 6, 5], FLOAT))
def channels_first(x: Any) -> Any:
    return tf.raw_ops.FusedBatchNormV3(
        x=x,
        scale=numbers(3),
        offset=numbers(3),
        mean=[],
        variance=[],
        is_training=True,
        data_format="NCHW",
    )[0]


@case("batch-norm", ([2, 6, 5, 3], tf.float16))
def half(x: Any) -> Any:
    return tf.raw_ops.FusedBatchNormV3(
        x=x,
        scale=numbers(3),
        offset=numbers(3),
        mean=numbers(3),
        variance=np.abs(numbers(3)),
        is_training=False,
    )[0]


@case("batch-matmul", ([None, 3, 4], FLOAT))
def with_itself(x: Any) -> Any:
    return tf.raw_ops.BatchMatMulV2(x=x, y=x, adj_y=True)


@case("batch-matmul", ([None, 2, 3, 4], FLOAT))
def same_symbols(x: Any) -> Any:
    return tf.raw_ops.BatchMatMulV2(x=tf.nn.relu(x), y=tf.tanh(x), adj_x=True)


@case("batch-matmul", ([2, 3, 4], FLOAT))
def third_release(x: Any) -> Any:
    return tf.raw_ops.BatchMatMulV3(x=x, y=numbers(2, 4, 5), Tout=FLOAT)


@case("leaky-relu", ([None, 7], FLOAT))
def leaky(x: Any) -> Any:
    return (
        tf.raw_ops.LeakyRelu(features=x, alpha=0.1),
        tf.raw_ops.LeakyRelu(features=x, alpha=0.0),
        tf.raw_ops.LeakyRelu(features=x, alpha=1.5),
        tf.raw_ops.LeakyRelu(features=x, alpha=-0.5),
    )


@case("select", ([None, 7], FLOAT))
def select(x: Any) -> Any:
    pieces = tf.raw_ops.SelectV2(condition=x > 0, t=x, e=-x)
    return tf.raw_ops.SelectV2(condition=tf.constant(True), t=pieces, e=x)


@case("select", ([None, 1], tf.bool), SEQUENCE, ([None], FLOAT))
def broadcasting_select(which: Any, x: Any, y: Any) -> Any:
    y = tf.concat([y[:1], [float("inf"), float("nan"), -0.0]], 0)
    chosen = tf.raw_ops.SelectV2(condition=which, t=x, e=y)
    counts = tf.raw_ops.SelectV2(condition=chosen > 0, t=tf.cast(x * 100, tf.int32), e=7)
    return chosen, counts, tf.raw_ops.SelectV2(condition=counts > 5, t=which, e=chosen > 1)


@case("gather", ([9, 4], FLOAT), ([None, 2], tf.int32))
def gather(x: Any, at: Any) -> Any:
    return tf.raw_ops.GatherV2(params=x, indices=at % 9, axis=0)


@case("explicit-paddings", IMAGE)
def convolution(x: Any) -> Any:
    sizes = [[0, 0], [1, 2], [3, 0], [0, 0]]
    return tf.nn.conv2d(x, numbers(3, 3, 3, 4), [1, 2, 1, 1], sizes)


@case("explicit-paddings", IMAGE)
def depthwise(x: Any) -> Any:
    sizes = [0, 0, 2, 1, 0, 3, 0, 0]
    return tf.raw_ops.DepthwiseConv2dNative(
        input=x,
        filter=numbers(3, 3, 3, 2),
        strides=[1, 1, 1, 1],
        padding="EXPLICIT",
        explicit_paddings=sizes,
    )


@case("default-attributes", IMAGE)
def defaults(x: Any) -> Any:
    kept = tf.nn.conv2d(x, numbers(3, 3, 3, 4), 1, "SAME")
    values, places = tf.math.top_k(kept, 2)
    return tf.cast(values, tf.int64), tf.gather(kept, places[0, 0, 0], axis=-1), tf.where(x > 0.5)


def fused(kind: str, parts: list[str], *inputs: Any, **own: dict[str, Any]) -> Any:
    """An op that only TensorFlow's optimiser makes; ``own`` are attributes as they are encoded."""
    count = len(inputs) - 2
    attrs = {
        "T": {"type": FLOAT.as_datatype_enum},
        "num_args": {"i": count},
        "fused_ops": {"list": {"s": [part.encode() for part in parts]}},
        **own,
    }
    if kind == "_FusedConv2D":
        attrs["TArgs"] = {"list": {"type": [FLOAT.as_datatype_enum] * count}}
        attrs["num_host_args"] = {"i": 0}
        attrs["strides"] = {"list": {"i": [1, 2, 1, 1]}}
        attrs["padding"] = {"s": b"SAME"}
    values = {name: tf.compat.v1.AttrValue(**value) for name, value in attrs.items()}
    graph = tf.compat.v1.get_default_graph()
    return graph.create_op(kind, inputs, [FLOAT], attrs=values, name=kind[1:]).outputs[0]


@case("fused-ops", IMAGE)
def fused_convolutions(x: Any) -> Any:
    weights, bias = tf.constant(numbers(3, 2, 3, 4)), tf.constant(numbers(4))
    norm = [bias, bias + 1.0, bias * 0.5, tf.abs(bias)]
    return [
        *(
            fused("_FusedConv2D", ["BiasAdd", *more], x, weights, bias)
            for more in ([], ["Relu"], ["Relu6"], ["Elu"])
        ),
        fused(
            "_FusedConv2D", ["BiasAdd", "LeakyRelu"], x, weights, bias, leakyrelu_alpha={"f": 0.3}
        ),
        fused("_FusedConv2D", ["FusedBatchNorm"], x, weights, *norm, epsilon={"f": 0.01}),
        fused("_FusedConv2D", ["FusedBatchNorm", "Relu"], x, weights, *norm),
    ]


@case("fused-ops", ([5, 3], FLOAT))
def fused_products(x: Any) -> Any:
    weights, bias = tf.constant(numbers(4, 3)), tf.constant(numbers(4))
    return [
        fused("_FusedMatMul", ["BiasAdd", *more], x, weights, bias, transpose_b={"b": True})
        for more in ([], ["Relu"], ["Elu"])
    ]


FIRST = ([2, 4, 7, 6], FLOAT)
VOLUME = ([2, 4, 5, 7, 6], FLOAT)
# Strides of no more than the filter: else the CPU kernel of Conv3D computes something else.
TWO_BY_ONE, DEEP = [1, 1, 2, 1], [1, 1, 2, 1, 2]


@case("channels-last", FIRST)
def convolutions(x: Any) -> Any:
    raw, padding = tf.raw_ops, {"padding": "SAME", "data_format": "NCHW"}
    sizes = {"padding": "EXPLICIT", "explicit_paddings": [0, 0, 0, 0, 2, 1, 0, 3]}
    weights = numbers(3, 2, 4, 5)
    plain = raw.Conv2D(input=x, filter=weights, strides=TWO_BY_ONE, **padding)
    padded = raw.Conv2D(
        input=x,
        filter=weights,
        strides=[1, 1, 1, 1],
        dilations=[1, 1, 1, 2],
        data_format="NCHW",
        **sizes,
    )
    deep = numbers(3, 2, 4, 2)
    each = raw.DepthwiseConv2dNative(input=x, filter=deep, strides=[1, 1, 2, 2], **padding)
    grouped = raw.Conv2D(input=x, filter=numbers(3, 3, 2, 4), strides=[1, 1, 1, 1], **padding)
    return plain, padded, each, grouped


@case("channels-last", FIRST, ([2, 5, 4, 6], FLOAT))
def transposed_convolutions(x: Any, y: Any) -> Any:
    raw, padding = tf.raw_ops, {"padding": "SAME", "data_format": "NCHW", "strides": TWO_BY_ONE}
    weights = numbers(3, 2, 4, 5)
    known = raw.Conv2DBackpropInput(
        input_sizes=[2, 4, 7, 6], filter=weights, out_backprop=y, **padding
    )
    asked = raw.Conv2DBackpropInput(
        input_sizes=tf.shape(x), filter=weights, out_backprop=y, **padding
    )
    return known, asked


@case("channels-last", FIRST)
def pools(x: Any) -> Any:
    raw, sizes = tf.raw_ops, {"padding": "SAME", "data_format": "NCHW", "strides": TWO_BY_ONE}
    largest = raw.MaxPool(input=x, ksize=[1, 1, 3, 2], **sizes)
    second = raw.MaxPoolV2(
        input=x, ksize=[1, 1, 3, 2], strides=TWO_BY_ONE, padding="VALID", data_format="NCHW"
    )
    return largest, second, raw.AvgPool(value=x, ksize=[1, 1, 3, 2], **sizes)


@case("channels-last", VOLUME)
def volumes(x: Any) -> Any:
    raw, sizes = tf.raw_ops, {"padding": "SAME", "data_format": "NCDHW", "strides": DEEP}
    made = raw.Conv3D(input=x, filter=numbers(3, 1, 2, 4, 5), **sizes)
    window = [1, 1, 2, 3, 2]
    largest = raw.MaxPool3D(input=x, ksize=window, **sizes)
    mean = raw.AvgPool3D(input=x, ksize=window, **sizes)
    back = raw.Conv3DBackpropInputV2(
        input_sizes=[2, 4, 5, 7, 6], filter=numbers(3, 1, 2, 4, 5), out_backprop=made, **sizes
    )
    return largest, mean, back


@case("channels-last", ([2, 8, 4, 6], FLOAT))
def blocks(x: Any) -> Any:
    wide = tf.raw_ops.DepthToSpace(input=x, block_size=2, data_format="NCHW")
    return wide, tf.raw_ops.SpaceToDepth(input=x * 2, block_size=2, data_format="NCHW")


@case("channels-last", FIRST)
def normalised(x: Any) -> Any:
    return tf.raw_ops.FusedBatchNorm(
        x=x,
        scale=numbers(4),
        offset=numbers(4),
        mean=numbers(4),
        variance=np.abs(numbers(4)),
        is_training=False,
        data_format="NCHW",
    )[0]


@case("identity", ([4], FLOAT), ([3], tf.int32))
def identities(x: Any, y: Any) -> Any:
    same, other, third = tf.raw_ops.IdentityN(input=[x, y, x + 1.0])
    return same * third, other + 1, third - same


@case("ensure-shape", ([None, 4], FLOAT))
def ensured(x: Any) -> Any:
    return tf.ensure_shape(x, [None, 4]) + 1.0


@case("half-pixel-resize", IMAGE)
def bilinear(x: Any) -> Any:
    sizes = [[9, 13], [3, 2], [6, 5], [1, 1]]
    return [tf.image.resize(x, size) for size in sizes]


@case("half-pixel-resize", ([2, 6, 5, 3], tf.uint8))
def bilinear_of_bytes(x: Any) -> Any:
    return tf.raw_ops.ResizeBilinear(images=x, size=[8, 7], half_pixel_centers=True)


@case("half-pixel-resize", ([None, 6, 5, 3], tf.uint8))
def nearest(x: Any) -> Any:
    return [tf.image.resize(x, size, method="nearest") for size in ([9, 13], [4, 3])]


@case("half-pixel-resize", ([1, 17, 16, 3], FLOAT))
def upsampling(x: Any) -> Any:
    for stride, padding in ((2, "SAME"), (1, "VALID"), (2, "VALID")):
        x = tf.nn.relu(tf.nn.conv2d(x, numbers(3, 3, 3, 3), stride, padding))
    x = tf.nn.max_pool2d(x, 2, 1, "VALID")
    larger = tf.keras.layers.UpSampling2D(2, interpolation="bilinear")(x)
    return tf.keras.layers.UpSampling2D(3)(larger)


@case("non-max-suppression", ([40], FLOAT))
def suppression(scores: Any) -> Any:
    corner = np.abs(numbers(40, 2))
    boxes = tf.constant(np.concatenate([corner, corner + 0.7], 1))
    return [
        tf.image.non_max_suppression(boxes, scores, most, 0.4, threshold)
        for most, threshold in ((30, 0.3), (3, -5.0), (30, 9.0))
    ]


@case("switch", ([4], FLOAT), ([], tf.int32))
def switch(x: Any, which: Any) -> Any:
    ways = [lambda: x + 1, lambda: tf.constant([1.0, 2.0, 3.0, 4.0]), lambda: x * x, lambda: -x]
    return [tf.switch_case(index, ways) for index in (which, which + 5, which - 9)]


@case("einsum", SEQUENCE)
def products(x: Any) -> Any:
    heads = tf.einsum("abc,cde->abde", x, numbers(4, 2, 3))
    scores = tf.einsum("aecd,abcd->acbe", heads, heads)
    turned = tf.transpose(x, [1, 0, 2])
    rows = tf.einsum("abc,bac->ab", x, turned)
    return heads, scores, tf.einsum("acbe,aecd->abcd", scores, heads), rows


@case("einsum", ([5, 4], FLOAT))
def plain_products(x: Any) -> Any:
    return (
        *(tf.einsum("ab,bc->ca", x, numbers(4, 3)), tf.einsum("a,b->ab", x[:, 0], x[0])),
        *(tf.einsum("ab,ab->", x, x + 1), tf.einsum("ab,ab->ab", x, x)),
    )


def _gathered(x: Any, start: int = 0) -> Any:
    """A loop over the second axis that writes down a running sum."""
    steps = tf.shape(x)[1]

    def body(step: Any, state: Any, outputs: Any) -> Any:
        state = tf.tanh(state + x[:, step])
        return step + 1, state, outputs.write(step - start, state)

    first = (start, tf.zeros_like(x[:, 0]), tf.TensorArray(FLOAT, size=steps - start))
    return tf.while_loop(lambda step, *_: step < steps, body, first)[2].stack()


@case("tensor-lists", SEQUENCE)
def loop(x: Any) -> Any:
    return _gathered(x)


@case("tensor-lists", SEQUENCE)
def mapped(x: Any) -> Any:
    return tf.map_fn(lambda row: tf.reduce_sum(row) * row, x)


@case("tensor-lists", SEQUENCE)
def keras(x: Any) -> Any:
    return LAST(BACKWARDS(x))


@case("tensor-lists", SEQUENCE)
def unrolled(x: Any) -> Any:
    array = tf.TensorArray(FLOAT, size=2).write(0, x[0]).write(1, x[0] * 2)
    return array.stack()


@case("lower-functions", SEQUENCE, lower=False)
def conditional(x: Any) -> Any:
    total = tf.reduce_sum(x)
    return tf.cond(total > 0, lambda: (x + 1, total), lambda: (x * 0.5, tf.constant(3.0)))


@case("lower-functions", SEQUENCE, lower=False)
def nested(x: Any) -> Any:
    def body(step: Any, y: Any) -> Any:
        y = tf.cond(step % 2 > 0, lambda: y + 1.0, lambda: tf.map_fn(lambda row: row * 0.5, y))
        return step + 1, y

    return tf.while_loop(lambda step, _: step < 5, body, (0, x))


@case("lower-functions", ([], tf.int32), SEQUENCE, lower=False)
def cases(which: Any, x: Any) -> Any:
    kept = {"_noinline": True}
    inner = tf.function(lambda y: tf.nn.moments(y, [0]), experimental_attributes=kept)
    return inner(tf.switch_case(which, [lambda: x, lambda: tf.ones([2, 2, 4]), lambda: -x]))


def main(folder: Path) -> None:
    """Make all of them."""
    for rewrite, found in CASES.items():
        (folder / rewrite).mkdir(parents=True, exist_ok=True)
        for name, (function, specs, lower) in found.items():
            concrete = tf.function(function).get_concrete_function(*specs)
            graph = convert_variables_to_constants_v2(concrete, lower_control_flow=lower).graph
            content = graph.as_graph_def().SerializeToString(deterministic=True)
            (folder / rewrite / f"{name}.pb").write_bytes(content)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
