"""Make models that are not of TensorFlow Lite yet. Needs TensorFlow 2.14; run in its own process.

``python -m tests.convert.make_originals FOLDER`` writes ``cnn.h5``, an untrained network with
seeded weights; the SavedModel ``inverse``, two ops of which TensorFlow Lite lacks; and the
SavedModel ``steps``, an LSTM whose batch has no known size.
"""

from __future__ import annotations

import sys
from pathlib import Path

import tensorflow as tf

from tests.models.make_lite_models import SEED, inverse, small_cnn


def main() -> None:
    """Write them."""
    folder = Path(sys.argv[1])
    tf.keras.utils.set_random_seed(SEED)
    small_cnn().save(folder / "cnn.h5")
    tf.saved_model.save(inverse(), str(folder / "inverse"))
    layers = tf.keras.layers
    steps = tf.keras.Sequential([layers.Input((5, 3)), layers.LSTM(4)])
    tf.saved_model.save(steps, str(folder / "steps"))


if __name__ == "__main__":
    main()
