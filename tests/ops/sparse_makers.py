"""Graphs of sparse and ragged tensors, of eight-bit values, of drawn numbers and of files."""

from __future__ import annotations

import functools
from typing import Any

import tensorflow as tf

from tests.ops.graphs import maker, raw, x
from tests.ops.state_makers import FLOAT, INT, LONG, TEXT, after, const, several

PLACES = [[0, 0], [1, 2], [3, 1]]
SIZE = [4, 3]


def sparse(
    indices: str = "indices", values: str = "values", shape: str = "shape"
) -> dict[str, Any]:
    """The three arguments of a sparse tensor, under the names that an op has for them."""
    return {indices: const(PLACES, LONG), values: x(3), shape: const(SIZE, LONG)}


IN = functools.partial(sparse, "input_indices", "input_values", "input_shape")
SP = functools.partial(sparse, "sp_indices", "sp_values", "sp_shape")
A = functools.partial(sparse, "a_indices", "a_values", "a_shape")
B = functools.partial(sparse, "b_indices", "b_values", "b_shape")

several("SparseAdd", lambda op: raw(op, thresh=const(0.0), **A(), **B()))
several("SparseAddGrad", lambda op: raw(op, backprop_val_grad=x(3),
        a_indices=const(PLACES, LONG), b_indices=const(PLACES, LONG),
        sum_indices=const(PLACES, LONG)))  # fmt: skip
several("SparseConcat", lambda op: raw(op, indices=[const(PLACES, LONG)] * 2,
        values=[x(3), x(3)], shapes=[const(SIZE, LONG)] * 2, concat_dim=0))  # fmt: skip
several("SparseDenseCwiseAdd SparseDenseCwiseMul", lambda op: raw(op, dense=x(4, 3), **SP()))
several("SparseDenseCwiseDiv", lambda op: raw(op, dense=x(4, 3) + 1.0, **SP()))
several("SparseFillEmptyRows", lambda op: raw(op, default_value=const(0.5),
        **sparse(shape="dense_shape")))  # fmt: skip
several("SparseFillEmptyRowsGrad", lambda op: raw(op, grad_values=x(4),
        reverse_index_map=const([0, 1, 3], LONG)))  # fmt: skip
several(
    "SparseReduceMax SparseReduceSum SparseReduceMaxSparse SparseReduceSumSparse",
    lambda op: raw(op, reduction_axes=const([1], INT), **IN()),
)
several("SparseReorder", lambda op: raw(op, **IN()))
several("SparseReshape", lambda op: raw(op, input_indices=const(PLACES, LONG),
        input_shape=const(SIZE, LONG), new_shape=const([3, 4], LONG)))  # fmt: skip
several("SparseSlice", lambda op: raw(op, start=const([0, 0], LONG), size=const([2, 3], LONG),
        **sparse()))  # fmt: skip
several("SparseSliceGrad", lambda op: raw(op, backprop_val_grad=x(2),
        input_indices=const(PLACES, LONG), input_start=const([0, 0], LONG),
        output_indices=const([[0, 0], [1, 2]], LONG)))  # fmt: skip
several("SparseSoftmax", lambda op: raw(op, **SP()))
several("SparseSparseMaximum SparseSparseMinimum", lambda op: raw(op, **A(), **B()))
several("SparseSplit", lambda op: raw(op, split_dim=const(0, LONG), num_split=2,
        **sparse())[:1])  # fmt: skip
several("SparseTensorDenseAdd", lambda op: raw(op, b=x(4, 3), **A()))
several("SparseTensorDenseMatMul", lambda op: raw(op, b=x(3, 2), **A()))
several(
    "SparseToDense",
    lambda op: raw(
        op,
        sparse_indices=const(PLACES, LONG),
        output_shape=const(SIZE, LONG),
        sparse_values=x(3),
        default_value=const(0.0),
    ),
)
several("SparseMatMul", lambda op: raw(op, a=x(2, 3), b=x(3, 2)))
SEGMENTS = {"indices": [0, 2], "segment_ids": [0, 1]}


def _segments() -> dict[str, Any]:
    return {name: const(each, INT) for name, each in SEGMENTS.items()}


several(
    "SparseSegmentMean SparseSegmentSqrtN SparseSegmentSum",
    lambda op: raw(op, data=x(4, 3), **_segments()),
)
several(
    "SparseSegmentMeanWithNumSegments SparseSegmentSqrtNWithNumSegments "
    "SparseSegmentSumWithNumSegments",
    lambda op: raw(op, data=x(4, 3), num_segments=const(3, INT), **_segments()),
)
several(
    "SparseSegmentMeanGrad SparseSegmentSqrtNGrad SparseSegmentSumGrad",
    lambda op: raw(op, grad=x(2, 3), output_dim0=const(4, INT), **_segments()),
)
several(
    "SparseSegmentMeanGradV2 SparseSegmentSqrtNGradV2 SparseSegmentSumGradV2",
    lambda op: raw(op, grad=x(2, 3), dense_output_dim0=const(4, INT), **_segments())[0],
)


@maker
def serialized_sparse() -> Any:
    given = {"sparse_indices": const(PLACES, LONG), "sparse_shape": const(SIZE, LONG)}
    found: list[Any] = []
    for kind in (TEXT, tf.variant):
        one = raw("SerializeSparse", sparse_values=x(3), out_type=kind, **given)
        many = raw("SerializeManySparse", sparse_values=x(3), out_type=kind, **given)
        found += raw("DeserializeSparse", serialized_sparse=one, dtype=FLOAT)
        if kind == TEXT:
            found += raw("DeserializeManySparse", serialized_sparse=many, dtype=FLOAT)
        else:
            found.append(tf.size(many))
    return found


@maker
def sparse_tensors_map() -> Any:
    given = {"sparse_indices": const(PLACES, LONG), "sparse_shape": const(SIZE, LONG)}
    area = {"shared_name": "sparse_map"}
    one = raw("AddSparseToTensorsMap", sparse_values=x(3), **given, **area)
    many = raw("AddManySparseToTensorsMap", sparse_values=x(3), shared_name="many", **given)
    taken = raw("TakeManySparseFromTensorsMap", sparse_handles=[one], dtype=FLOAT, **area)
    return *taken, tf.shape(many)


def matrix(rows: int = 3, columns: int = 3) -> Any:
    """A sparse matrix that is passed on as a whole."""
    places = [[0, 0], [1, 1], [2, 2], [2, 0]]
    dense = x(rows, columns) + 1.0
    return raw("DenseToCSRSparseMatrix", dense_input=dense, indices=const(places, LONG))


def _dense(given: Any) -> Any:
    return raw("CSRSparseMatrixToDense", sparse_input=given, type=FLOAT)


@maker
def csr_matrices() -> Any:
    first = matrix()
    places = const([[0, 0], [1, 1], [2, 2]], LONG)
    other = raw(
        "SparseTensorToCSRSparseMatrix",
        indices=places, values=x(3) + 1.0, dense_shape=const([3, 3], LONG),
    )  # fmt: skip
    found = [raw("SparseMatrixNNZ", sparse_matrix=first), _dense(first), _dense(other)]
    found += raw("CSRSparseMatrixToSparseTensor", sparse_matrix=first, type=FLOAT)
    found.append(raw("SparseMatrixMatMul", a=first, b=x(3, 2)))
    found.append(_dense(raw("SparseMatrixSparseMatMul", a=first, b=other, type=FLOAT)))
    found.append(_dense(raw("SparseMatrixTranspose", input=first, type=FLOAT)))
    parts = raw(
        "CSRSparseMatrixComponents", csr_sparse_matrix=first, index=const(0, INT), type=FLOAT
    )
    order = raw("SparseMatrixOrderingAMD", input=other)
    root = raw("SparseMatrixSparseCholesky", input=other, permutation=order, type=FLOAT)
    return [*found, *parts, order, _dense(root)]


# Ragged tensors and sets.
SPLITS = [0, 2, 3]
several("RaggedRange", lambda op: raw(op, starts=const([0, 1], INT), limits=const([2, 3], INT),
        deltas=const([1, 1], INT)))  # fmt: skip
several("RaggedGather", lambda op: raw(op, params_nested_splits=[const(SPLITS, LONG)],
        params_dense_values=x(3), indices=const([1, 0], INT), OUTPUT_RAGGED_RANK=1))  # fmt: skip
several("RaggedTensorToSparse", lambda op: raw(op, rt_nested_splits=[const(SPLITS, LONG)],
        rt_dense_values=x(3)))  # fmt: skip
several("RaggedTensorToTensor", lambda op: raw(op, shape=const([2, 2], LONG), values=x(3),
        default_value=const(0.0), row_partition_tensors=[const(SPLITS, LONG)],
        row_partition_types=["ROW_SPLITS"]))  # fmt: skip
several("RaggedBincount", lambda op: raw(op, splits=const(SPLITS, LONG),
        values=const([0, 1, 1], INT), size=const(3, INT), weights=x(3)))  # fmt: skip
several("RaggedCountSparseOutput", lambda op: raw(op, splits=const(SPLITS, LONG),
        values=const([0, 1, 1], INT), weights=x(3), binary_output=False))  # fmt: skip
several("DenseCountSparseOutput", lambda op: raw(op, values=const([0, 1, 1], INT), weights=x(3),
        binary_output=False))  # fmt: skip
several("SparseCountSparseOutput", lambda op: raw(op, indices=const(PLACES, LONG),
        values=const([0, 1, 1], INT), dense_shape=const(SIZE, LONG), weights=x(3),
        binary_output=False))  # fmt: skip
several("SparseBincount", lambda op: raw(op, indices=const(PLACES, LONG),
        values=const([0, 1, 1], INT), dense_shape=const(SIZE, LONG), size=const(3, INT),
        weights=x(3)))  # fmt: skip
several("DenseBincount", lambda op: raw(op, input=const([0, 1, 1], INT), size=const(3, INT),
        weights=x(3)))  # fmt: skip
several("RaggedFillEmptyRows", lambda op: raw(op, value_rowids=const([0, 2], LONG), values=x(2),
        nrows=const(3, LONG), default_value=const(0.5)))  # fmt: skip
several("RaggedFillEmptyRowsGrad", lambda op: raw(op, reverse_index_map=const([0, 2], LONG),
        grad_values=x(3)))  # fmt: skip


@maker
def ragged_variant() -> Any:
    packed = raw("RaggedTensorToVariant", rt_nested_splits=[const(SPLITS, LONG)],
                 rt_dense_values=x(3), batched_input=False)  # fmt: skip
    return raw("RaggedTensorFromVariant", encoded_ragged=packed, input_ragged_rank=1,
               output_ragged_rank=1, Tvalues=FLOAT)  # fmt: skip


several("DenseToDenseSetOperation", lambda op: raw(op, set1=const([[1, 2]], INT),
        set2=const([[2, 3]], INT), set_operation="union"))  # fmt: skip


def _set(name: str) -> dict[str, Any]:
    return {
        f"{name}_indices": const([[0, 0], [0, 1]], LONG),
        f"{name}_values": const([1, 2], INT),
        f"{name}_shape": const([1, 2], LONG),
    }


several("DenseToSparseSetOperation", lambda op: raw(op, set1=const([[2, 3]], INT),
        set_operation="union", **_set("set2")))  # fmt: skip
several("SparseToSparseSetOperation", lambda op: raw(op, set_operation="union", **_set("set1"),
        **_set("set2")))  # fmt: skip
several("SetSize", lambda op: raw(op, **_set("set")))
several("SparseCross", lambda op: raw(op, indices=[const([[0, 0]], LONG)] * 2,
        values=[const([1], LONG), const([2], LONG)], shapes=[const([1, 1], LONG)] * 2,
        dense_inputs=[], hashed_output=True, num_buckets=10, hash_key=1, out_type=LONG,
        internal_type=LONG))  # fmt: skip

# Eight-bit values.
LOW, HIGH = -1.0, 1.0


def eight_bit(*shape: int) -> list[Any]:
    """Values of eight bits, their least and their largest number."""
    span = {"min_range": const(LOW), "max_range": const(HIGH)}
    made: list[Any] = raw("QuantizeV2", input=x(*shape), T=tf.quint8, mode="MIN_FIRST", **span)
    return made


def _eight(op: str, shape: tuple[int, ...], name: str = "input", **more: Any) -> Any:
    given, low, high = eight_bit(*shape)
    return raw(op, **{name: given}, min_input=low, max_input=high, **more)


@maker
def quantized_products() -> Any:
    a, a_low, a_high = eight_bit(2, 3)
    b, b_low, b_high = eight_bit(3, 4)
    ranges = {"min_a": a_low, "max_a": a_high, "min_b": b_low, "max_b": b_high}
    product = raw("QuantizedMatMul", a=a, b=b, **ranges)
    names = ("input", "input_min", "input_max")
    span = raw("RequantizationRange", **dict(zip(names, product, strict=True)))
    small = raw("Requantize", requested_output_min=span[0], requested_output_max=span[1],
                out_type=tf.quint8, **dict(zip(names, product, strict=True)))  # fmt: skip
    shrunk = raw("QuantizeDownAndShrinkRange", out_type=tf.quint8,
                 **dict(zip(names, product, strict=True)))  # fmt: skip
    last = raw("Dequantize", input=small[0], min_range=small[1], max_range=small[2],
               mode="MIN_FIRST")  # fmt: skip
    return last, shrunk[1]


@maker
def quantized_convolution() -> Any:
    image, low, high = eight_bit(1, 4, 4, 2)
    kernel, kernel_low, kernel_high = eight_bit(3, 3, 2, 2)
    return raw("QuantizedConv2D", input=image, filter=kernel, min_input=low, max_input=high,
               min_filter=kernel_low, max_filter=kernel_high, strides=[1, 1, 1, 1],
               padding="SAME")  # fmt: skip


def _features(op: str) -> Any:
    given, low, high = eight_bit(2, 3)
    return raw(op, features=given, min_features=low, max_features=high)


def _reshaped(op: str) -> Any:
    given, low, high = eight_bit(2, 3)
    return raw(op, tensor=given, shape=const([3, 2], INT), input_min=low, input_max=high)


def _resized(op: str) -> Any:
    given, low, high = eight_bit(1, 4, 4, 2)
    return raw(op, images=given, size=const([6, 3], INT), min=low, max=high)


def _instance(op: str) -> Any:
    given, low, high = eight_bit(1, 4, 4, 32)
    return raw(op, x=given, x_min=low, x_max=high)


several("QuantizedRelu QuantizedRelu6", _features)
several("QuantizedMaxPool QuantizedAvgPool", lambda op: _eight(op, (1, 4, 4, 1),
        ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="VALID"))  # fmt: skip
several("QuantizedReshape", _reshaped)


@maker
def quantized_sums() -> Any:
    a, low, high = eight_bit(2, 3)
    b, b_low, b_high = eight_bit(3)
    both = {"min_x": low, "max_x": high, "min_y": b_low, "max_y": b_high}
    added = raw("QuantizedAdd", x=a, y=b, **both)
    multiplied = raw("QuantizedMul", x=a, y=b, **both)
    biased = raw("QuantizedBiasAdd", input=a, bias=b, min_input=low, max_input=high,
                 min_bias=b_low, max_bias=b_high, out_type=tf.qint32)  # fmt: skip
    joined = raw("QuantizedConcat", concat_dim=const(0, INT), values=[a, a],
                 input_mins=[low, low], input_maxes=[high, high])  # fmt: skip
    return *added, *multiplied, *biased, *joined


several("QuantizedResizeBilinear", _resized)


several("QuantizedInstanceNorm", _instance)


several("FakeQuantWithMinMaxVarsPerChannel", lambda op: raw(op, inputs=x(2, 3),
        min=const([-1.0] * 3), max=const([1.0] * 3)))  # fmt: skip
several("FakeQuantWithMinMaxVarsPerChannelGradient", lambda op: raw(op, gradients=x(2, 3),
        inputs=x(2, 3), min=const([-1.0] * 3), max=const([1.0] * 3)))  # fmt: skip
several("QuantizeAndDequantize", lambda op: raw(op, input=x(2, 3)))
several("QuantizeAndDequantizeV2 QuantizeAndDequantizeV4", lambda op: raw(op, input=x(2, 3),
        input_min=const(-1.0), input_max=const(1.0)))  # fmt: skip
several("QuantizeAndDequantizeV3", lambda op: raw(op, input=x(2, 3), input_min=const(-1.0),
        input_max=const(1.0), num_bits=const(8, INT)))  # fmt: skip
several("QuantizeAndDequantizeV4Grad", lambda op: raw(op, gradients=x(2, 3), input=x(2, 3),
        input_min=const(-1.0), input_max=const(1.0)))  # fmt: skip

# Numbers drawn from a seed.
SEED = [1, 2]


def _seeded(op: str, **more: Any) -> Any:
    return raw(op, shape=const([2, 3], INT), seed=const(SEED, LONG), **more)


def _key(op: str, **more: Any) -> Any:
    return raw(op, shape=const([2, 3], INT), key=const([1], tf.uint64),
               counter=const([1, 2], tf.uint64), alg=const(1, INT), **more)  # fmt: skip


several("StatelessRandomNormal StatelessRandomUniform StatelessTruncatedNormal", _seeded)
several("StatelessRandomUniformFullInt", lambda op: _seeded(op, dtype=INT))
several("StatelessRandomUniformInt", lambda op: _seeded(op, minval=const(0, INT),
        maxval=const(9, INT)))  # fmt: skip
several("StatelessRandomPoisson", lambda op: _seeded(op, lam=const(3.0), dtype=FLOAT))
several("StatelessRandomGammaV2", lambda op: _seeded(op, alpha=const(2.0)))
several("StatelessRandomBinomial", lambda op: _seeded(op, counts=const(5.0), probs=const(0.5),
        dtype=FLOAT))  # fmt: skip
several("StatelessParameterizedTruncatedNormal", lambda op: raw(op, shape=const([2], INT),
        seed=const(SEED, LONG), means=const(0.0), stddevs=const(1.0), minvals=const(-1.0),
        maxvals=const(1.0)))  # fmt: skip
several("StatelessMultinomial", lambda op: raw(op, logits=x(2, 3), num_samples=const(4, INT),
        seed=const(SEED, LONG)))  # fmt: skip
several("StatelessRandomNormalV2 StatelessRandomUniformV2 StatelessTruncatedNormalV2", _key)
several("StatelessRandomUniformFullIntV2", lambda op: _key(op, dtype=INT))
several("StatelessRandomUniformIntV2", lambda op: _key(op, minval=const(0, INT),
        maxval=const(9, INT)))  # fmt: skip
several("StatelessRandomGammaV3", lambda op: _key(op, alpha=const(2.0)))
several("StatelessShuffle", lambda op: raw(op, value=x(4), key=const([1], tf.uint64),
        counter=const([1, 2], tf.uint64), alg=const(1, INT)))  # fmt: skip
several(
    "StatelessRandomGetKeyCounter StatelessRandomGetKeyCounterAlg",
    lambda op: raw(op, seed=const(SEED, LONG)),
)
several("RandomIndexShuffle", lambda op: raw(op, index=const(1, INT),
        seed=const([1, 2, 3], INT), max_index=const(9, INT)))  # fmt: skip
several("ParameterizedTruncatedNormal", lambda op: raw(op, shape=const([2], INT),
        means=const(0.0), stdevs=const(1.0), minvals=const(-1.0), maxvals=const(1.0), seed=1,
        seed2=2))  # fmt: skip

# Files, in a folder of their own.
FILE = "/tmp/buildtool-ops-file"  # noqa: S108 - the same in TensorFlow and on a device


def _written() -> Any:
    return raw("WriteFile", filename=const(FILE, TEXT), contents=const("one\ntwo\n", TEXT))


@maker
def file() -> Any:
    with after([_written()]):
        text = raw("ReadFile", filename=const(FILE, TEXT))
        there = raw("MatchingFiles", pattern=const(FILE, TEXT))
    return text, there


def _reader(op: str) -> Any:
    v2 = "V2" if op.endswith("V2") else ""
    more = {"record_bytes": 4} if "FixedLength" in op else {}
    reader = raw(op, **more)
    queue = raw(f"FIFOQueue{v2}", component_types=[TEXT], shapes=[[]])
    with after([_written()]):
        one = raw(f"QueueEnqueue{v2}", handle=queue, components=[const(FILE, TEXT)])
    with after([one]):
        key, text = raw(f"ReaderRead{v2}", reader_handle=reader, queue_handle=queue)
    with after([key]):
        counts = [raw(f"ReaderNum{each}{v2}", reader_handle=reader)
                  for each in ("RecordsProduced", "WorkUnitsCompleted")]  # fmt: skip
    with after(counts):
        return text, *counts, raw(f"ReaderReset{v2}", reader_handle=reader)


several("TextLineReader TextLineReaderV2 WholeFileReader WholeFileReaderV2 "
        "FixedLengthRecordReaderV2 IdentityReader IdentityReaderV2",
        _reader)  # fmt: skip
several("MutexV2", lambda op: raw("ConsumeMutexLock",
        mutex_lock=raw("MutexLock", mutex=raw(op))))  # fmt: skip
several("GetSessionHandle", lambda op: tf.size(raw(op, value=x(2))))
several("ShardedFilename", lambda op: raw(op, basename=const("a", TEXT), shard=const(0, INT),
        num_shards=const(2, INT)))  # fmt: skip
several("ShardedFilespec", lambda op: raw(op, basename=const("a", TEXT),
        num_shards=const(2, INT)))  # fmt: skip
