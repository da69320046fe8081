"""Graphs of ops whose arguments must fit each other: transforms, sequences, codes, records."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tests.ops.data_makers import ONE, numbers, taken
from tests.ops.graphs import maker, raw, x
from tests.ops.state_makers import FLOAT, INT, LONG, TEXT, after, const, several

COMPLEX = tf.complex64


def parts(op: str) -> Any:
    """The real and the imaginary part of an op's complex output."""
    shape = (2, 2, 4) if "3D" in op else (2, 4)
    made = raw(op, input=tf.complex(x(*shape), x(*shape)))
    return tf.math.real(made), tf.math.imag(made)


several("FFT FFT2D FFT3D IFFT IFFT2D IFFT3D Conj", parts)
several("Imag Real Angle ComplexAbs", lambda op: raw(op, **{
        "x" if op == "ComplexAbs" else "input": tf.complex(x(2, 3) + 0.5, x(2, 3))}))  # fmt: skip
several("Einsum", lambda op: raw(op, inputs=[x(2, 3), x(3, 4)], equation="ij,jk->ik"))
several("LinSpace", lambda op: raw(op, start=const(0.0), stop=const(1.0), num=const(5, INT)))
several("ListDiff", lambda op: raw(op, x=const([1, 2, 3], INT), y=const([2], INT)))
several("InvertPermutation", lambda op: raw(op, x=const([2, 0, 1], INT)))
several("HistogramFixedWidth", lambda op: raw(op, values=x(8), value_range=const([0.0, 1.0]),
        nbins=const(4, INT)))  # fmt: skip
several("Fingerprint", lambda op: raw(op, data=x(2, 3), method=const("farmhash64", TEXT)))
several("SplitV", lambda op: raw(op, value=x(3, 2), size_splits=const([1, 2], INT),
        split_dim=const(0, INT), num_split=2))  # fmt: skip
several("StridedSliceGrad", lambda op: raw(op, shape=const([4, 3], INT), begin=const([0, 0], INT),
        end=const([2, 3], INT), strides=const([1, 1], INT), dy=x(2, 3)))  # fmt: skip
several("TensorStridedSliceUpdate", lambda op: raw(op, input=x(4, 3), begin=const([0, 0], INT),
        end=const([2, 3], INT), strides=const([1, 1], INT), value=x(2, 3)))  # fmt: skip
several("CTCLoss", lambda op: raw(op, inputs=x(4, 1, 3), labels_indices=const([[0, 0]], LONG),
        labels_values=const([1], INT), sequence_length=const([4], INT)))  # fmt: skip
several("CTCBeamSearchDecoder", lambda op: raw(op, inputs=x(4, 1, 3),
        sequence_length=const([4], INT), beam_width=3, top_paths=1)[2:])  # fmt: skip
several("RandomUniformInt", lambda op: raw(op, shape=const([4], INT), minval=const(0, INT),
        maxval=const(9, INT), seed=1, seed2=2))  # fmt: skip
several("ParallelConcat", lambda op: raw(op, values=[x(1, 3), x(1, 3)], shape=[2, 3]))
several("MergeSummary", lambda op: raw(op, inputs=[raw("ScalarSummary", tags=const("t", TEXT),
        values=x())]))  # fmt: skip
several("SparseCrossV2", lambda op: raw(op, indices=[const([[0, 0]], LONG)] * 2,
        values=[const(["a"], TEXT), const(["b"], TEXT)], shapes=[const([1, 1], LONG)] * 2,
        dense_inputs=[], sep=const("_X_", TEXT)))  # fmt: skip
several("SparseCrossHashed", lambda op: raw(op, indices=[const([[0, 0]], LONG)] * 2,
        values=[const(["a"], TEXT), const(["b"], TEXT)], shapes=[const([1, 1], LONG)] * 2,
        dense_inputs=[], num_buckets=const(10, LONG), strong_hash=const(False, tf.bool),
        salt=const([1, 2], LONG)))  # fmt: skip


def _shuffled(op: str) -> Any:
    one = {"seed": const(1, LONG), "seed2": const(2, LONG)}
    handle, _ = raw("AnonymousSeedGenerator", reshuffle=const(False, tf.bool), **one)
    given = {"input_dataset": numbers(), "seed_generator": handle, **one}
    return taken(raw(op, buffer_size=const(1, LONG), **given, **ONE))


several("ShuffleDatasetV3", _shuffled)


@maker
def text_line_data_set() -> Any:
    name = const("/tmp/buildtool-ops-lines", TEXT)  # noqa: S108 - the same on a device
    form = {"output_types": [TEXT], "output_shapes": [[]]}
    with after([raw("WriteFile", filename=name, contents=const("one\ntwo\n", TEXT))]):
        given = tf.identity(name)
    size, kind = const(0, LONG), const("", TEXT)
    lines = raw("TextLineDataset", filenames=given, compression_type=kind, buffer_size=size)
    return taken(lines, 2, form)


@maker
def checkpoint() -> Any:
    place = const("/tmp/buildtool-ops-checkpoint", TEXT)  # noqa: S108 - the same on a device
    names, slices = const(["a"], TEXT), const([""], TEXT)
    given = x(2, 3)
    saved = raw("SaveV2", prefix=place, tensor_names=names, shape_and_slices=slices,
                tensors=[given])  # fmt: skip
    with after([saved]):
        return raw("RestoreV2", prefix=place, tensor_names=names, shape_and_slices=slices,
                   dtypes=[FLOAT])  # fmt: skip


several("UniformDequantize", lambda op: raw(op, input=raw("UniformQuantize", input=x(2, 3),
        scales=const(0.01), zero_points=const(3, INT), Tout=tf.qint8,
        quantization_min_val=-128, quantization_max_val=127), scales=const(0.01),
        zero_points=const(3, INT), Tout=FLOAT, quantization_min_val=-128,
        quantization_max_val=127))  # fmt: skip


@maker
def fake_param() -> Any:
    """Nothing fills its memory: only its shape can be compared."""
    return raw("Shape", input=raw("FakeParam", dtype=tf.float32, shape=[2, 3]))
