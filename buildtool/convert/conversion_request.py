"""What the process that has TensorFlow is asked to convert, and where it leaves what."""

from __future__ import annotations

from dataclasses import dataclass

MODEL, ANSWER = "model.tflite", "answer.json"
# The keys of a model that a problem can be about; an empty one is the key that asks for it.
PATH, SAMPLES, INPUTS, SIGNATURE, TAGS = "path", "samples", "inputs", "signature", "tags"
KEYS = ("", PATH, SAMPLES, INPUTS, "outputs", SIGNATURE, TAGS)


@dataclass(frozen=True, kw_only=True)
class ConversionRequest:
    """One model. ``kind`` is a name of :class:`~buildtool.convert.model_kinds.Kind`; ``inputs`` and
    ``outputs`` are a graph's, ``signature`` and ``tags`` a SavedModel's (empty: found); ``shapes``
    are stated, by input. ``samples`` is a file or empty, ``sha256`` what seeded inputs are made of.
    ``selects``: what TensorFlow Lite has no op for may stay an op of TensorFlow."""

    path: str
    kind: str
    name: str
    sha256: str
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    shapes: tuple[tuple[str, tuple[int, ...]], ...] = ()
    signature: str = ""
    tags: tuple[str, ...] = ()
    samples: str = ""
    numbers: str = "float"
    selects: bool = False
