"""What TensorFlow Lite calls its kernels, as the stages tell each other of them."""

from __future__ import annotations

# The namespaces of the functions that give kernels: of the schema's op codes, and of custom ops.
BUILTIN, CUSTOM = "tflite::ops::builtin", "tflite::ops::custom"
# How the custom ops begin that stand for TensorFlow's own.
FLEX = "Flex"


def version_label(version: int) -> str:
    """The label of the kernel of one version of an op: a resolver has each by itself."""
    return f"version {version}"


def version_of(label: str) -> int:
    """The version of such a label."""
    return int(label.rpartition(" ")[2])
