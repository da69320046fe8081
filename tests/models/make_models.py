"""Make frozen models of many kinds, to test with. Needs TensorFlow 2.x; run in its own process.

``python make_models.py FOLDER [NAME ...]`` writes ``FOLDER/NAME.pb`` for each model that is not
there yet. Weights are seeded, so a release of TensorFlow always makes the same.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

Maker = Callable[[], Any]
MODELS: dict[str, Maker] = {}
FLOAT = tf.float32


def model(maker: Maker) -> Maker:
    """Register a maker of a GraphDef by its name."""
    MODELS[maker.__name__] = maker
    return maker


def frozen(function: Any, *signature: tf.TensorSpec, lower: bool = True) -> Any:
    """The frozen GraphDef of a Python function."""
    concrete = tf.function(function).get_concrete_function(*signature)
    made = convert_variables_to_constants_v2(concrete, lower_control_flow=lower)
    return made.graph.as_graph_def()


def spec(*shape: int | None, dtype: Any = FLOAT, name: str = "x") -> tf.TensorSpec:
    """An input."""
    return tf.TensorSpec(shape, dtype, name=name)


def weights(*shape: int) -> Any:
    """Seeded weights."""
    return np.random.default_rng(1).normal(scale=0.1, size=shape).astype(np.float32)


def lively(net: Any) -> Any:
    """Give an untrained net weights that keep its signal alive from layer to layer; with Keras'
    own, every output is 1/1000, and comparing them would prove nothing."""
    random = np.random.default_rng(1)
    for layer in net.layers:
        fresh = []
        for weight in layer.get_weights():
            inputs = np.prod(weight.shape[: 2 if "Depthwise" in type(layer).__name__ else -1])
            kernel = random.normal(scale=np.sqrt(2 / inputs), size=weight.shape)
            fresh.append(kernel.astype(np.float32) if weight.ndim > 1 else weight)
        layer.set_weights(fresh)
    return net


@model
def mobilenet_v2() -> Any:
    net = lively(tf.keras.applications.MobileNetV2(weights=None, input_shape=(224, 224, 3)))
    return frozen(lambda x: net(x, training=False), spec(1, 224, 224, 3))


@model
def inception_v3() -> Any:
    net = lively(tf.keras.applications.InceptionV3(weights=None))
    return frozen(lambda x: net(x, training=False), spec(1, 299, 299, 3))


@model
def keras_lstm() -> Any:
    net = tf.keras.Sequential(
        [
            tf.keras.layers.Embedding(100, 8),
            tf.keras.layers.LSTM(16, return_sequences=True),
            tf.keras.layers.GRU(8),
            tf.keras.layers.Dense(4, activation="softmax"),
        ]
    )
    net.build((None, None))
    return frozen(lambda x: net(x, training=False), spec(None, None, dtype=tf.int32))


def _loop(x: Any) -> Any:
    """A small recurrent net with a loop over time, and a condition inside the loop."""
    kernel, cell = tf.constant(weights(4, 8)), tf.constant(weights(8, 8))
    steps = tf.shape(x)[1]

    def body(step: Any, state: Any, outputs: Any) -> Any:
        state = tf.tanh(tf.matmul(x[:, step, :], kernel) + tf.matmul(state, cell))
        state = tf.cond(step % 2 > 0, lambda: state * 0.5, lambda: state + 1.0)
        return step + 1, state, outputs.write(step, state)

    start = (0, tf.zeros([tf.shape(x)[0], 8]), tf.TensorArray(FLOAT, size=steps))
    _, _, outputs = tf.while_loop(lambda step, *_: step < steps, body, start)
    return tf.transpose(outputs.stack(), [1, 0, 2])


@model
def loop_functional() -> Any:
    return frozen(_loop, spec(None, None, 4), lower=False)


@model
def loop_lowered() -> Any:
    return frozen(_loop, spec(None, None, 4), lower=True)


@model
def loop_v1() -> Any:
    tf.compat.v1.disable_control_flow_v2()
    try:
        with tf.Graph().as_default() as graph:
            x = tf.compat.v1.placeholder(FLOAT, [None, None, 4], name="x")
            tf.identity(_loop(x), name="y")
            return graph.as_graph_def()
    finally:
        tf.compat.v1.enable_control_flow_v2()


@model
def text() -> Any:
    table = tf.constant(weights(1000, 8))

    def run(x: Any) -> Any:
        clean = tf.strings.regex_replace(tf.strings.lower(tf.strings.strip(x)), "[^a-z ]", " ")
        words = tf.strings.split(clean)
        hashed = tf.strings.to_hash_bucket_fast(words.values, 1000)
        vectors = words.with_values(tf.gather(table, hashed))
        dense = vectors.to_tensor(0.0)
        return tf.reduce_mean(dense, axis=1), tf.strings.length(x), words.row_lengths()

    return frozen(run, spec(None, dtype=tf.string))


@model
def audio() -> Any:
    def run(x: Any) -> Any:
        wave, rate = tf.audio.decode_wav(x, desired_channels=1)
        spectrum = tf.raw_ops.AudioSpectrogram(
            input=wave, window_size=256, stride=128, magnitude_squared=True
        )
        features = tf.raw_ops.Mfcc(spectrogram=spectrum, sample_rate=rate)
        frames = tf.signal.frame(tf.transpose(wave), 256, 128)
        power = tf.math.log(tf.abs(tf.signal.rfft(frames)) + 1e-6)
        best = tf.argmax(tf.reduce_mean(features, axis=1), axis=-1, output_type=tf.int64)
        return features, power, best

    return frozen(run, spec(dtype=tf.string))


@model
def detection() -> Any:
    def run(x: Any) -> Any:
        image = tf.image.resize(tf.cast(x, FLOAT), [64, 64]) / 255.0
        net = tf.nn.relu6(tf.nn.conv2d(image, weights(3, 3, 3, 8), 4, "SAME"))
        boxes = tf.reshape(tf.sigmoid(tf.nn.conv2d(net, weights(1, 1, 8, 4), 1, "SAME")), [-1, 4])
        scores = tf.reshape(tf.sigmoid(tf.nn.conv2d(net, weights(1, 1, 8, 1), 1, "SAME")), [-1])
        top, index = tf.math.top_k(scores, 50)
        kept = tf.image.non_max_suppression(tf.gather(boxes, index), top, 10, score_threshold=0.1)
        crops = tf.image.crop_and_resize(image, tf.gather(boxes, kept), tf.zeros_like(kept), [8, 8])
        return tf.gather(top, kept), tf.where(scores > 0.5), crops

    return frozen(run, spec(1, 32, 32, 3, dtype=tf.uint8))


@model
def fake_quantized() -> Any:
    def run(x: Any) -> Any:
        kernel = tf.quantization.fake_quant_with_min_max_args(weights(16, 8), -1, 1)
        x = tf.quantization.fake_quant_with_min_max_vars(x, -2.0, 2.0)
        scaled = tf.quantization.fake_quant_with_min_max_vars_per_channel(
            tf.matmul(x, kernel), [-3.0] * 8, [3.0] * 8
        )
        return tf.nn.softmax(scaled)

    return frozen(run, spec(None, 16))


@model
def quantized() -> Any:
    def run(x: Any) -> Any:
        low, high = tf.reduce_min(x), tf.reduce_max(x)
        image = tf.quantization.quantize(x, low, high, tf.quint8, mode="MIN_FIRST")
        kernel = tf.quantization.quantize(
            tf.constant(weights(3, 3, 3, 8)), -1.0, 1.0, tf.quint8, mode="MIN_FIRST"
        )
        net = tf.raw_ops.QuantizedConv2D(
            input=image.output,
            filter=kernel.output,
            min_input=image.output_min,
            max_input=image.output_max,
            min_filter=kernel.output_min,
            max_filter=kernel.output_max,
            strides=[1, 1, 1, 1],
            padding="SAME",
        )
        span = tf.raw_ops.RequantizationRange(
            input=net.output, input_min=net.min_output, input_max=net.max_output
        )
        small = tf.raw_ops.Requantize(
            input=net.output,
            input_min=net.min_output,
            input_max=net.max_output,
            requested_output_min=span.output_min,
            requested_output_max=span.output_max,
            out_type=tf.quint8,
        )
        relu = tf.raw_ops.QuantizedRelu(
            features=small.output, min_features=small.output_min, max_features=small.output_max
        )
        return tf.raw_ops.Dequantize(
            input=relu.activations,
            min_range=relu.min_activations,
            max_range=relu.max_activations,
            mode="MIN_FIRST",
        )

    return frozen(run, spec(1, 16, 16, 3))


@model
def transformer() -> Any:
    attention = tf.keras.layers.MultiHeadAttention(num_heads=2, key_dim=8)
    norm = tf.keras.layers.LayerNormalization()

    def run(x: Any) -> Any:
        states = tf.gather(tf.constant(weights(50, 16)), x)
        states = norm(states + attention(states, states))
        logits = tf.einsum("btd,dv->btv", states, tf.constant(weights(16, 50)))
        products = tf.matmul(states, states, transpose_b=True)
        return tf.nn.softmax(tf.nn.gelu(logits)), products

    return frozen(run, spec(None, None, dtype=tf.int32))


@model
def embedding() -> Any:
    table = tf.Variable(weights(100, 8))

    def run(x: Any) -> Any:
        found = tf.nn.embedding_lookup(table, x)
        unique, index = tf.unique(tf.reshape(x, [-1]))
        sums = tf.math.unsorted_segment_sum(tf.reshape(found, [-1, 8]), index, tf.size(unique))
        return tf.reduce_sum(found, axis=1), sums, tf.one_hot(x, 5), tf.cast(unique, tf.float64)

    return frozen(run, spec(None, 4, dtype=tf.int64))


@model
def conditional() -> Any:
    def run(x: Any, which: Any) -> Any:
        chosen = tf.switch_case(
            which, [lambda: tf.sqrt(tf.abs(x)), lambda: tf.exp(x), lambda: tf.math.erf(x)]
        )
        return tf.cond(tf.reduce_sum(x) > 0, lambda: chosen + 1.0, lambda: tf.sinh(chosen))

    return frozen(run, spec(None), spec(dtype=tf.int32, name="which"), lower=False)


@model
def segmentation() -> Any:
    def run(x: Any) -> Any:
        net = tf.nn.depthwise_conv2d(x, weights(3, 3, 3, 2), [1, 2, 2, 1], "SAME")
        net = tf.nn.leaky_relu(tf.nn.bias_add(net, weights(6)))
        net = tf.nn.atrous_conv2d(net, weights(3, 3, 6, 8), 2, "SAME")
        net = tf.nn.conv2d_transpose(net, weights(3, 3, 4, 8), [1, 32, 32, 4], 2)
        net = tf.nn.depth_to_space(tf.nn.avg_pool2d(net, 2, 2, "SAME"), 2)
        return tf.argmax(tf.pad(net, [[0, 0], [1, 1], [1, 1], [0, 0]], "REFLECT"), axis=-1)

    return frozen(run, spec(1, 32, 32, 3))


def _kept(function: Callable[[Any], Any]) -> Any:
    """A function that stays one: no pass inlines it."""
    return tf.function(function, experimental_attributes={"_noinline": True})


@model
def functions() -> Any:
    """Calls inside calls, and a function in the library that nobody calls."""
    inner = _kept(lambda x: tf.math.igamma(x, x + 1.0))
    unused = _kept(tf.linalg.inv)

    def outer(x: Any) -> Any:
        return inner(x) + tf.map_fn(lambda item: inner(item) * 2.0, x)

    definition = tf.function(outer).get_concrete_function(spec(None)).graph.as_graph_def()
    other = tf.function(unused).get_concrete_function(spec(2, 2))
    definition.library.function.extend(other.graph.as_graph_def().library.function)
    return definition


def _small() -> Any:
    x = tf.compat.v1.placeholder(FLOAT, [None, 16], name="x")
    return tf.identity(tf.nn.relu(tf.matmul(x, tf.constant(weights(16, 4)))), name="y")


@model
def pinned() -> Any:
    """Nodes that ask for a GPU."""
    with tf.Graph().as_default() as graph, tf.device("/device:GPU:0"):
        tf.shape(_small(), name="shape")
        return graph.as_graph_def()


@model
def stripped() -> Any:
    """Attributes left out where they have the default value."""
    with tf.Graph().as_default() as graph:
        _small()
        meta = tf.compat.v1.train.export_meta_graph(graph=graph, strip_default_attrs=True)
        return meta.graph_def


def main(folder: Path, names: list[str]) -> None:
    """Make the models that are missing."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names or MODELS:
        target = folder / f"{name}.pb"
        if not target.is_file():
            tf.keras.backend.clear_session()
            tf.keras.utils.set_random_seed(1)
            content = MODELS[name]().SerializeToString(deterministic=True)
            scratch = target.with_suffix(".part")
            scratch.write_bytes(content)
            scratch.replace(target)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
