"""Convert the default model to TensorFlow Lite: ``models/digits.tflite`` of ``models/digits.pb``.

Needs TensorFlow; 2.14.1 made the committed file.
"""

from __future__ import annotations

from pathlib import Path

import tensorflow as tf

MODELS = Path(__file__).resolve().parents[2] / "models"


def main() -> None:
    """Write it."""
    converter = tf.compat.v1.lite.TFLiteConverter.from_frozen_graph(
        str(MODELS / "digits.pb"), ["x"], ["probabilities"], {"x": [1, 64]}
    )
    (MODELS / "digits.tflite").write_bytes(converter.convert())


if __name__ == "__main__":
    main()
