"""Make the ``.tflite`` models of docs/lite.md. Needs TensorFlow 2.14; run in its own process.

``python make_lite_models.py FOLDER [NAME ...]`` writes ``FOLDER/NAME.tflite`` for each model that
is not there yet. Weights are seeded and untrained.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

SEED = 1
SAMPLES = 4


def small_cnn() -> Any:
    """Convolutions, pooling and a dense layer, for images of 28 by 28."""
    layers = tf.keras.layers
    return tf.keras.Sequential(
        [
            layers.Input((28, 28, 1), batch_size=1),
            layers.Conv2D(8, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.DepthwiseConv2D(3, activation="relu6"),
            layers.Conv2D(16, 1, activation="relu"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(10, activation="softmax"),
        ]
    )


def gates() -> Any:
    """Tanh, sigmoid and a product."""
    x = tf.keras.Input((64,), batch_size=1)
    return tf.keras.Model(x, tf.tanh(x) * tf.sigmoid(x))


def lstm() -> Any:
    """An LSTM over 16 steps and a dense layer; its converter makes one builtin op of the LSTM."""
    layers = tf.keras.layers
    return tf.keras.Sequential(
        [layers.Input((16, 8), batch_size=1), layers.LSTM(12), layers.Dense(4)]
    )


def looped_lstm() -> Any:
    """An LSTM as a loop over its cell, which its converter does not see as one: each step takes
    from one list of tensors and writes to another."""
    layers = tf.keras.layers
    cell = layers.RNN(layers.LSTMCell(12), return_sequences=True)
    return tf.keras.Sequential([layers.Input((16, 8), batch_size=1), cell])


def inverse() -> Any:
    """The inverse of a matrix, and products along its rows: neither is an op of TensorFlow Lite."""
    x = tf.keras.Input((4, 4), batch_size=1)
    return tf.keras.Model(x, tf.math.cumprod(tf.linalg.inv(x + 4 * tf.eye(4)), axis=-1))


def application(name: str, side: int) -> Callable[[], Any]:
    """A network of Keras, for square images."""

    def make() -> Any:
        net = getattr(tf.keras.applications, name)(weights=None, input_shape=(side, side, 3))
        x = tf.keras.Input((side, side, 3), batch_size=1)
        return tf.keras.Model(x, net(x))

    return make


def as_it_is(converter: Any, shape: tuple[int, ...]) -> None:
    """Floats."""
    del converter, shape


def dynamic(converter: Any, shape: tuple[int, ...]) -> None:
    """Weights of 8 bits, and floats between the operators."""
    del shape
    converter.optimizations = [tf.lite.Optimize.DEFAULT]


def float16(converter: Any, shape: tuple[int, ...]) -> None:
    """Weights of 16 bits."""
    dynamic(converter, shape)
    converter.target_spec.supported_types = [tf.float16]


def int8(converter: Any, shape: tuple[int, ...]) -> None:
    """Integers of 8 bits throughout."""
    dynamic(converter, shape)
    random = np.random.default_rng(SEED)

    def samples() -> Iterator[list[Any]]:
        for _ in range(SAMPLES):
            yield [random.random(shape, dtype=np.float32)]

    converter.representative_dataset = samples
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8


def select_ops(converter: Any, shape: tuple[int, ...]) -> None:
    """What TensorFlow Lite has no op for stays an op of TensorFlow; so do lists of tensors."""
    del shape
    converter.target_spec.supported_ops = [
        tf.lite.OpsSet.TFLITE_BUILTINS,
        tf.lite.OpsSet.SELECT_TF_OPS,
    ]
    converter._experimental_lower_tensor_list_ops = False


FORMS = {"": as_it_is, "_dynamic": dynamic, "_float16": float16, "_int8": int8}
NETS: dict[str, Callable[[], Any]] = {
    "gates": gates,
    "lstm": lstm,
    "mobilenet_v1": application("MobileNet", 224),
    "inception_v3": application("InceptionV3", 299),
}
ALL_FORMS = {"small_cnn": small_cnn, "mobilenet_v2": application("MobileNetV2", 224)}
MODELS = {
    **{name: (net, as_it_is) for name, net in NETS.items()},
    **{
        f"{name}{end}": (net, form)
        for name, net in ALL_FORMS.items()
        for end, form in FORMS.items()
    },
    "inverse_flex": (inverse, select_ops),
    "lstm_flex": (looped_lstm, select_ops),
}


def main() -> None:
    """Write the models that the command line names, or all."""
    folder, names = Path(sys.argv[1]), sys.argv[2:] or list(MODELS)
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        path = folder / f"{name}.tflite"
        if path.is_file():
            continue
        make, form = MODELS[name]
        tf.keras.backend.clear_session()
        tf.keras.utils.set_random_seed(SEED)
        net = make()
        converter = tf.lite.TFLiteConverter.from_keras_model(net)
        form(converter, tuple(net.input_shape))
        path.write_bytes(converter.convert())


if __name__ == "__main__":
    main()
