"""What TensorFlow Lite calls its kernels, as the stages tell each other of them."""

from __future__ import annotations

# The namespaces of the functions that give kernels: of the schema's op codes, and of custom ops.
BUILTIN, CUSTOM = "tflite::ops::builtin", "tflite::ops::custom"
# How the custom ops begin that stand for TensorFlow's own.
FLEX = "Flex"
# Where its files are in TensorFlow's tree, and those of the delegate that runs such ops.
FOLDER, FLEX_FOLDER = "tensorflow/lite/", "tensorflow/lite/delegates/flex/"


def is_lite_file(path: str) -> bool:
    """Whether a file of the tree is TensorFlow Lite's own. The delegate is not: it goes with the
    ops that it runs."""
    return path.startswith(FOLDER) and not path.startswith(FLEX_FOLDER)


def is_lite(kernel_class: str) -> bool:
    """Whether a kernel is TensorFlow Lite's: by its class, which is the function that gives it."""
    return kernel_class.startswith((f"{BUILTIN}::", f"{CUSTOM}::"))


def version_label(version: int) -> str:
    """The label of the kernel of one version of an op: a resolver has each by itself."""
    return f"version {version}"


def version_of(label: str) -> int:
    """The version of such a label."""
    return int(label.rpartition(" ")[2])
