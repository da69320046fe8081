"""What to do about ops that no small device runs, whatever the tree: they stand for something else
that the exporter can leave out. Names: ``core/ops/script_ops.cc``, ``core/ops/dataset_ops.cc``,
``core/ops/batch_ops.cc``, ``compiler/tf2xla/ops/xla_ops.cc``, ``compiler/jit/ops/xla_ops.cc`` and
``compiler/xrt/ops`` of TensorFlow 2.14.1.
"""

from __future__ import annotations

import re

BEHIND = (
    "name under 'inputs' a tensor behind it that the app feeds, or 'outputs' that do not need it"
)
_REMEDIES = (
    (r"(Eager)?PyFunc(Stateless)?", f"it calls Python, which no device has: {BEHIND}"),
    (
        "XlaCallModule",
        "it holds StableHLO, as jax2tf and others write it: export with "
        "native_serialization=False, so that it is made of TensorFlow's own ops",
    ),
    (
        r"_?Xla\w+",
        "it was compiled by XLA or for it: export without jit_compile, so that the ops stay",
    ),
    (
        r"(Un)?[Bb]atch(Function|Grad)?|_BatchFunctionFallback",
        "it gathers the requests of a server: export the model without "
        "nondifferentiable_batch_function, which puts it around the model's own function",
    ),
    (r"XRT\w+", "it drives XLA's devices for a server: export the model for a CPU"),
    (r"TPU\w+|\w+TPU\w*", "it is for TPUs: export the model for a CPU"),
    (
        r"(OneShot|Anonymous)?Iterator\w*|\w+Dataset(V\d)?",
        f"it is part of an input pipeline: {BEHIND}",
    ),
    (
        r"(Addons>)?GatherTree",
        "it is of tf.contrib.seq2seq or TensorFlow Addons, whose sources are not in the tree: name "
        "the step and parent ids that it takes under 'outputs', and follow them back in the app",
    ),
    (
        r"_?Cudnn\w+",
        "it is of NVIDIA's cuDNN: build the model again from layers that a CPU runs, such as "
        "CudnnCompatibleLSTMCell or Keras's LSTM, load the weights into it, and export that",
    ),
    (
        r"_?Mkl\w+",
        "a TensorFlow with oneDNN has put it in when it ran: export the model's own graph, not one "
        "that a session has optimised",
    ),
    (
        "TFLite_Detection_PostProcess",
        "it is of TensorFlow Lite: export the model by export_inference_graph.py, not by "
        "export_tflite_ssd_graph.py; or name the boxes and scores that it takes under 'outputs'",
    ),
    (
        r"(Sentencepiece|(Fast)?Wordpiece|Whitespace|UnicodeScript|CaseFold|Normalize|Sentence"
        r"Fragment|RegexSplit|Rouge)\w*(Tokenize|UTF8|Offsets|Fragments|Op|RougeL)\w*",
        "it is of TensorFlow Text, whose sources are not in the tree: split texts in the app, and "
        "name the numbers that come of it under 'inputs'",
    ),
    (
        r"(?P<package>\w+)>\w+",
        "it belongs to the package {package}, not to TensorFlow: add its sources to the tree, or "
        f"{BEHIND}",
    ),
    (r"\w*(Queue|Reader|Barrier)\w*(V2)?", f"it is part of an input pipeline: {BEHIND}"),
)


def remedy(op: str) -> str:
    """What to do about a node of ``op``; empty where nothing is known of it."""
    for pattern, todo in _REMEDIES:
        if match := re.fullmatch(pattern, op):
            return todo.format(**match.groupdict())
    return ""
