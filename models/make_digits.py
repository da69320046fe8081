"""Train the default model and write it as a frozen GraphDef, ``digits.pb`` beside this file.

Needs TensorFlow (2.14.1 made the committed file) and scikit-learn, whose bundled 8x8 digits are
the data; neither is needed to use the model. ``python models/make_digits.py`` trains for a few
seconds, says how accurate the result is and writes it. Seeds are fixed and all operations
deterministic, so one release of TensorFlow on one kind of processor makes the same weights again.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tensorflow as tf
from sklearn.datasets import load_digits

PIXEL_MAX = 16.0
HIDDEN, CLASSES, PIXELS = 32, 10, 64
TEST_SHARE = 5  # every fifth image is kept for the test
TARGET = Path(__file__).with_name("digits.pb")


def data() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Training images and labels, test images and labels; images are rows of 64 in [0, 1]."""
    digits = load_digits()
    images, labels = (digits.data / PIXEL_MAX).astype(np.float32), digits.target
    test = np.arange(len(labels)) % TEST_SHARE == 0
    return images[~test], labels[~test], images[test], labels[test]


def train(images: np.ndarray, labels: np.ndarray) -> list[np.ndarray]:
    """Train two layers; give kernel and bias of each."""
    tf.keras.utils.set_random_seed(1)
    tf.config.experimental.enable_op_determinism()
    net = tf.keras.Sequential(
        [
            tf.keras.layers.Dense(HIDDEN, activation="relu", input_shape=(PIXELS,)),
            tf.keras.layers.Dense(CLASSES),
        ]
    )
    loss = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    net.compile(optimizer=tf.keras.optimizers.Adam(0.003), loss=loss)
    net.fit(images, labels, batch_size=32, epochs=60, verbose=0)
    return [array.astype(np.float32) for array in net.get_weights()]


def freeze(weights: list[np.ndarray]) -> tf.compat.v1.GraphDef:
    """The inference graph, written out with the names that the documentation promises."""
    layers = zip(weights[0::2], weights[1::2], ("hidden", "logits"), strict=True)
    with tf.Graph().as_default() as graph:
        x = tf.compat.v1.placeholder(tf.float32, [None, PIXELS], name="x")
        values = x
        for kernel, bias, name in layers:
            product = tf.matmul(values, tf.constant(kernel, name=f"{name}/kernel"))
            values = tf.nn.bias_add(product, tf.constant(bias, name=f"{name}/bias"), name=name)
            values = tf.nn.relu(values) if name == "hidden" else values
        tf.nn.softmax(values, name="probabilities")
        return graph.as_graph_def()


def accuracy(graph: tf.compat.v1.GraphDef, images: np.ndarray, labels: np.ndarray) -> float:
    """The share of images that the frozen graph names rightly."""
    with tf.compat.v1.Session(graph=tf.Graph()) as session:
        tf.import_graph_def(graph, name="")
        found = session.run("probabilities:0", {"x:0": images})
    return float(np.mean(found.argmax(axis=1) == labels))


def main() -> None:
    """Train, measure, write."""
    images, labels, test_images, test_labels = data()
    graph = freeze(train(images, labels))
    content = graph.SerializeToString(deterministic=True)
    TARGET.write_bytes(content)
    print(f"{TARGET.name}: {len(content)} bytes, TensorFlow {tf.__version__}")
    print(f"accuracy on {len(labels)} training images: {accuracy(graph, images, labels):.4f}")
    shown = accuracy(graph, test_images, test_labels)
    print(f"accuracy on {len(test_labels)} test images: {shown:.4f}")


if __name__ == "__main__":
    main()
