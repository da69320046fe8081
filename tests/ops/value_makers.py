"""Graphs of ops whose inputs a search does not find: matrices that can be factorised, gradients,
texts, records."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tests.ops.graphs import maker, raw, x
from tests.ops.state_makers import FLOAT, INT, LONG, TEXT, const, several


def definite(size: int = 3) -> Any:
    """A matrix that is symmetric and positive definite."""
    given = x(size, size)
    return tf.matmul(given, given, transpose_b=True) + 3.0 * tf.eye(size)


several("BatchCholesky Cholesky MatrixInverse BatchMatrixInverse MatrixDeterminant "
        "BatchMatrixDeterminant LogMatrixDeterminant MatrixExponential MatrixSquareRoot Lu "
        "SelfAdjointEig BatchSelfAdjointEig",
        lambda op: raw(op, input=definite()))  # fmt: skip
several("BatchCholeskyGrad CholeskyGrad", lambda op: raw(op, l=tf.linalg.cholesky(definite()),
        grad=x(3, 3)))  # fmt: skip
several("MatrixLogarithm", lambda op: tf.abs(raw(op, input=tf.cast(definite(), tf.complex64))))
several("MatrixSolve BatchMatrixSolve MatrixTriangularSolve BatchMatrixTriangularSolve",
        lambda op: raw(op, matrix=definite(), rhs=x(3, 2)))  # fmt: skip
several("MatrixSolveLs BatchMatrixSolveLs", lambda op: raw(op, matrix=definite(), rhs=x(3, 2),
        l2_regularizer=const(0.1, tf.float64)))  # fmt: skip
several("BandedTriangularSolve", lambda op: raw(op, matrix=x(2, 3) + 1.0, rhs=x(3, 2)))
several("TridiagonalSolve", lambda op: raw(op, diagonals=x(3, 4) + const([[0.0], [4.0], [0.0]]),
        rhs=x(4, 2)))  # fmt: skip
several("TridiagonalMatMul", lambda op: raw(op, superdiag=x(1, 4), maindiag=x(1, 4),
        subdiag=x(1, 4), rhs=x(4, 2)))  # fmt: skip
# Only values of these are unique, vectors are not.
several("Svd BatchSvd", lambda op: raw(op, input=definite())[0])
several("SelfAdjointEigV2 BatchSelfAdjointEigV2", lambda op: raw(op, input=definite())[0])
several("Qr", lambda op: tf.abs(raw(op, input=definite())[1]))
several("Eig", lambda op: tf.math.real(raw(op, input=definite(), Tout=tf.complex64)[0]))
several(
    "MatrixBandPart BatchMatrixBandPart",
    lambda op: raw(op, input=x(3, 3), num_lower=const(1, LONG), num_upper=const(0, LONG)),
)
several("MatrixDiag BatchMatrixDiag", lambda op: raw(op, diagonal=x(2, 3)))
several("MatrixDiagPart BatchMatrixDiagPart", lambda op: raw(op, input=x(3, 3)))
several(
    "MatrixDiagPartV2 MatrixDiagPartV3",
    lambda op: raw(op, input=x(3, 3), k=const(0, INT), padding_value=const(0.0)),
)
several("MatrixDiagV2 MatrixDiagV3", lambda op: raw(op, diagonal=x(3), k=const(0, INT),
        num_rows=const(3, INT), num_cols=const(3, INT), padding_value=const(0.0)))  # fmt: skip
several("MatrixSetDiag BatchMatrixSetDiag", lambda op: raw(op, input=x(3, 3), diagonal=x(3)))
several(
    "MatrixSetDiagV2 MatrixSetDiagV3",
    lambda op: raw(op, input=x(3, 3), diagonal=x(3), k=const(0, INT)),
)

# Convolutions, pools and their gradients.
CONV = {"strides": [1, 1, 1, 1], "padding": "SAME"}
CONV3 = {"strides": [1] * 5, "padding": "SAME"}
POOL = {"ksize": [1, 2, 2, 1], "strides": [1, 2, 2, 1], "padding": "VALID"}
POOL3 = {"ksize": [1, 2, 2, 2, 1], "strides": [1, 2, 2, 2, 1], "padding": "VALID"}

several(
    "Conv2D DepthwiseConv2dNative",
    lambda op: raw(op, input=x(1, 4, 4, 2), filter=x(3, 3, 2, 2), **CONV),
)
several("Conv", lambda op: raw(op, input=x(1, 4, 4, 2), filter=x(3, 3, 2, 2), **CONV))
several("Conv3D", lambda op: raw(op, input=x(1, 3, 4, 4, 2), filter=x(2, 3, 3, 2, 2), **CONV3))
several("Conv2DBackpropFilter", lambda op: raw(op, input=x(1, 4, 4, 2),
        filter_sizes=const([3, 3, 2, 3], INT), out_backprop=x(1, 4, 4, 3), **CONV))  # fmt: skip
several("DepthwiseConv2dNativeBackpropFilter", lambda op: raw(op, input=x(1, 4, 4, 2),
        filter_sizes=const([3, 3, 2, 2], INT), out_backprop=x(1, 4, 4, 4), **CONV))  # fmt: skip
several("Conv2DBackpropInput", lambda op: raw(op, input_sizes=const([1, 4, 4, 2], INT),
        filter=x(3, 3, 2, 3), out_backprop=x(1, 4, 4, 3), **CONV))  # fmt: skip
several("DepthwiseConv2dNativeBackpropInput", lambda op: raw(op,
        input_sizes=const([1, 4, 4, 2], INT), filter=x(3, 3, 2, 2),
        out_backprop=x(1, 4, 4, 4), **CONV))  # fmt: skip
several(
    "Conv3DBackpropFilterV2",
    lambda op: raw(
        op,
        input=x(1, 3, 4, 4, 2),
        filter_sizes=const([2, 3, 3, 2, 2], INT),
        out_backprop=x(1, 3, 4, 4, 2),
        **CONV3,
    ),
)
several("Conv3DBackpropInputV2", lambda op: raw(op, input_sizes=const([1, 3, 4, 4, 2], INT),
        filter=x(2, 3, 3, 2, 2), out_backprop=x(1, 3, 4, 4, 2), **CONV3))  # fmt: skip
several("Conv3DBackpropFilter Conv3DBackpropInput", lambda op: raw(op, input=x(1, 3, 4, 4, 2),
        filter=x(2, 3, 3, 2, 2), out_backprop=x(1, 3, 4, 4, 2), **CONV3))  # fmt: skip
several("FusedPadConv2D", lambda op: raw(op, input=x(1, 4, 4, 2),
        paddings=const([[0, 0], [1, 1], [1, 1], [0, 0]], INT), filter=x(3, 3, 2, 3),
        mode="REFLECT", strides=[1, 1, 1, 1], padding="VALID"))  # fmt: skip
several(
    "FusedResizeAndPadConv2D",
    lambda op: raw(
        op,
        input=x(1, 4, 4, 2),
        size=const([6, 6], INT),
        paddings=const([[0, 0], [1, 1], [1, 1], [0, 0]], INT),
        filter=x(3, 3, 2, 3),
        mode="REFLECT",
        strides=[1, 1, 1, 1],
        padding="VALID",
    ),
)
several("_FusedConv2D", lambda op: raw(op, input=x(1, 4, 4, 2), filter=x(3, 3, 2, 3),
        args=[x(3)], num_args=1, fused_ops=["BiasAdd", "Relu"], epsilon=0.001, host_args=[],
        **CONV))  # fmt: skip
several("_FusedMatMul", lambda op: raw(op, a=x(2, 3), b=x(3, 4), args=[x(4)],
        fused_ops=["BiasAdd", "Relu"]))  # fmt: skip
several("AvgPool3D MaxPool3D", lambda op: raw(op, input=x(1, 4, 4, 4, 1), **POOL3))
several("AvgPoolGrad", lambda op: raw(op, orig_input_shape=const([1, 4, 4, 1], INT),
        grad=x(1, 2, 2, 1), **POOL))  # fmt: skip
several("AvgPool3DGrad", lambda op: raw(op, orig_input_shape=const([1, 4, 4, 4, 1], INT),
        grad=x(1, 2, 2, 2, 1), **POOL3))  # fmt: skip


def _pool_gradient(op: str) -> Any:
    given = x(1, 4, 4, 1)
    out = raw("MaxPool", input=given, **POOL)
    grad = given if "GradGrad" in op else x(1, 2, 2, 1)
    kept = dict(POOL)
    if op.endswith("V2"):
        kept = {"padding": "VALID"}
        kept |= {name: const(POOL[name], INT) for name in ("ksize", "strides")}
    return raw(op, orig_input=given, orig_output=out, grad=grad, **kept)


several("MaxPoolGrad MaxPoolGradGrad MaxPoolGradV2 MaxPoolGradGradV2", _pool_gradient)
several("MaxPoolV2", lambda op: raw(op, input=x(1, 4, 4, 1), ksize=const([1, 2, 2, 1], INT),
        strides=const([1, 2, 2, 1], INT), padding="VALID"))  # fmt: skip


@maker
def max_pool_with_places() -> Any:
    given = x(1, 4, 4, 1)
    out, places = raw("MaxPoolWithArgmax", input=given, **POOL)
    return out, raw("MaxPoolGradWithArgmax", input=given, grad=x(1, 2, 2, 1), argmax=places, **POOL)


def _pool3_gradient(op: str) -> Any:
    given = x(1, 4, 4, 4, 1)
    out = raw("MaxPool3D", input=given, **POOL3)
    grad = given if "GradGrad" in op else x(1, 2, 2, 2, 1)
    return raw(op, orig_input=given, orig_output=out, grad=grad, **POOL3)


several("MaxPool3DGrad MaxPool3DGradGrad", _pool3_gradient)


def _fractional(kind: str) -> Any:
    given = x(1, 6, 6, 1)
    ratio = {"pooling_ratio": [1.0, 1.5, 1.5, 1.0]}
    out, rows, columns = raw(
        f"Fractional{kind}Pool", value=given, deterministic=True, seed=1, seed2=2, **ratio
    )
    places = {"row_pooling_sequence": rows, "col_pooling_sequence": columns, "out_backprop": out}
    if kind == "Avg":
        shape = const([1, 6, 6, 1], LONG)
        return out, raw("FractionalAvgPoolGrad", orig_input_tensor_shape=shape, **places)
    return out, raw("FractionalMaxPoolGrad", orig_input=given, orig_output=out, **places)


several("FractionalAvgPool", lambda _: _fractional("Avg"))
several("FractionalMaxPool", lambda _: _fractional("Max"))
DILATE = {"strides": [1, 1, 1, 1], "rates": [1, 1, 1, 1], "padding": "SAME"}
several("Dilation2D", lambda op: raw(op, input=x(1, 4, 4, 1), filter=x(2, 2, 1), **DILATE))
several(
    "Dilation2DBackpropFilter Dilation2DBackpropInput",
    lambda op: raw(
        op, input=x(1, 4, 4, 1), filter=x(2, 2, 1), out_backprop=x(1, 4, 4, 1), **DILATE
    ),
)
several("BatchNormWithGlobalNormalization", lambda op: raw(op, t=x(1, 2, 2, 3), m=x(3),
        v=x(3) + 1.0, beta=x(3), gamma=x(3), variance_epsilon=0.01,
        scale_after_normalization=True))  # fmt: skip
several("BatchNormWithGlobalNormalizationGrad", lambda op: raw(op, t=x(1, 2, 2, 3), m=x(3),
        v=x(3) + 1.0, gamma=x(3), backprop=x(1, 2, 2, 3), variance_epsilon=0.01,
        scale_after_normalization=True))  # fmt: skip
several(
    "FusedBatchNorm FusedBatchNormV2 FusedBatchNormV3",
    lambda op: raw(
        op,
        x=x(1, 2, 2, 3),
        scale=x(3),
        offset=x(3),
        mean=x(3),
        variance=x(3) + 1.0,
        is_training=False,
    )[0],
)


def _norm_gradient(op: str) -> Any:
    more = {"reserve_space_3": x(3)} if op.endswith("V3") else {}
    spaces = {"reserve_space_1": x(3), "reserve_space_2": x(3) + 1.0, **more}
    return raw(op, y_backprop=x(1, 2, 2, 3), x=x(1, 2, 2, 3), scale=x(3), **spaces)[:3]


several("FusedBatchNormGrad FusedBatchNormGradV2 FusedBatchNormGradV3", _norm_gradient)
several("LRNGrad", lambda op: raw(op, input_grads=x(1, 2, 2, 3), input_image=x(1, 2, 2, 3),
        output_image=x(1, 2, 2, 3)))  # fmt: skip

# Recurrent cells.
several("GRUBlockCell", lambda op: raw(op, x=x(2, 3), h_prev=x(2, 4), w_ru=x(7, 8), w_c=x(7, 4),
        b_ru=x(8), b_c=x(4)))  # fmt: skip
several(
    "GRUBlockCellGrad",
    lambda op: raw(
        op,
        x=x(2, 3),
        h_prev=x(2, 4),
        w_ru=x(7, 8),
        w_c=x(7, 4),
        b_ru=x(8),
        b_c=x(4),
        r=x(2, 4),
        u=x(2, 4),
        c=x(2, 4),
        d_h=x(2, 4),
    ),
)


def lstm_weights() -> dict[str, Any]:
    return {"w": x(7, 16), "wci": x(4), "wcf": x(4), "wco": x(4), "b": x(16)}


several("LSTMBlockCell", lambda op: raw(op, x=x(2, 3), cs_prev=x(2, 4), h_prev=x(2, 4),
        **lstm_weights()))  # fmt: skip
several("LSTMBlockCellGrad", lambda op: raw(op, x=x(2, 3), cs_prev=x(2, 4), h_prev=x(2, 4),
        i=x(2, 4), cs=x(2, 4), f=x(2, 4), o=x(2, 4), ci=x(2, 4), co=x(2, 4), cs_grad=x(2, 4),
        h_grad=x(2, 4), use_peephole=True, **lstm_weights()))  # fmt: skip
several("BlockLSTM BlockLSTMV2", lambda op: raw(op, seq_len_max=const(2, LONG), x=x(2, 2, 3),
        cs_prev=x(2, 4), h_prev=x(2, 4), **lstm_weights()))  # fmt: skip
several("BlockLSTMGrad BlockLSTMGradV2", lambda op: raw(op, seq_len_max=const(2, LONG),
        x=x(2, 2, 3), cs_prev=x(2, 4), h_prev=x(2, 4), use_peephole=True, **lstm_weights(),
        **{name: x(2, 2, 4) for name in ("i", "cs", "f", "o", "ci", "co", "h", "cs_grad",
                                         "h_grad")}))  # fmt: skip

# Texts and records.
several(
    "StringSplit", lambda op: raw(op, input=const(["a b", "c"], TEXT), delimiter=const(" ", TEXT))
)
several("StringSplitV2", lambda op: raw(op, input=const(["a b", "c"], TEXT), sep=const(" ", TEXT)))
several("StringNGrams", lambda op: raw(op, data=const(["a", "b", "c"], TEXT),
        data_splits=const([0, 3], INT), separator=" ", ngram_widths=[2], left_pad="",
        right_pad="", pad_width=0, preserve_short_sequences=False))  # fmt: skip
several("StringFormat", lambda op: raw(op, inputs=[x(2)], template="v {}", placeholder="{}"))
several("StringToNumber", lambda op: raw(op, string_tensor=const(["1.5", "2"], TEXT)))
several(
    "Substr", lambda op: raw(op, input=x(2, dtype="string"), pos=const(1, INT), len=const(2, INT))
)
several("ReduceJoin", lambda op: raw(op, inputs=x(2, 2, dtype="string"),
        reduction_indices=const(0, INT)))  # fmt: skip
several("UnsortedSegmentJoin", lambda op: raw(op, inputs=x(3, dtype="string"),
        segment_ids=const([0, 1, 0], INT), num_segments=const(2, INT)))  # fmt: skip
several("DecodeBase64", lambda op: raw(op, input=const(["YWJj"], TEXT)))
several("DecodeRaw", lambda op: raw(op, bytes=const(["abcdefgh"], TEXT), out_type=INT))
several("DecodePaddedRaw", lambda op: raw(op, input_bytes=const(["abcdefgh"], TEXT),
        fixed_length=const(8, INT), out_type=INT))  # fmt: skip
several("DecodeCompressed", lambda op: raw(op, bytes=x(2, dtype="string")))
several("DecodeCSV", lambda op: raw(op, records=const(["1.5,2"], TEXT),
        record_defaults=[const([0.0]), const([0.0])]))  # fmt: skip
several("StringToHashBucketStrong", lambda op: raw(op, input=x(2, dtype="string"),
        num_buckets=100, key=[1, 2]))  # fmt: skip
several("EditDistance", lambda op: raw(op, hypothesis_indices=const([[0, 0], [0, 1]], LONG),
        hypothesis_values=const([1, 2], LONG), hypothesis_shape=const([1, 2], LONG),
        truth_indices=const([[0, 0], [0, 1]], LONG), truth_values=const([1, 3], LONG),
        truth_shape=const([1, 2], LONG)))  # fmt: skip


@maker
def serialized_tensor() -> Any:
    text = raw("SerializeTensor", tensor=x(2, 3))
    return raw("ParseTensor", serialized=text, out_type=FLOAT)


@maker
def wav() -> Any:
    text = raw("EncodeWav", audio=x(8, 1) - 0.5, sample_rate=const(8000, INT))
    return text, *raw("DecodeWav", contents=text)


several("Mfcc", lambda op: raw(op, spectrogram=x(1, 2, 65) + 0.1, sample_rate=const(8000, INT)))
several("AudioSpectrogram", lambda op: raw(op, input=x(64, 1), window_size=16, stride=8))
several(
    "AudioSummary", lambda op: raw(op, tag=const("t", TEXT), tensor=x(1, 8), sample_rate=8000.0)
)
several("AudioSummaryV2", lambda op: raw(op, tag=const("t", TEXT), tensor=x(1, 8),
        sample_rate=const(8000.0)))  # fmt: skip
several("AudioMicrofrontend", lambda op: raw(op, audio=const([1] * 800, tf.int16)))


def example() -> bytes:
    """A record with one feature of two floats."""
    feature = tf.train.Feature(float_list=tf.train.FloatList(value=[1.5, 2.5]))
    features = tf.train.Features(feature={"a": feature})
    made: bytes = tf.train.Example(features=features).SerializeToString(deterministic=True)
    return made


several("ParseExample", lambda op: raw(op, serialized=const([example()], TEXT),
        names=const([], TEXT), sparse_keys=[], dense_keys=[const("a", TEXT)],
        dense_defaults=[const([], FLOAT)], sparse_types=[], dense_shapes=[[2]]))  # fmt: skip
several(
    "ParseExampleV2",
    lambda op: raw(
        op,
        serialized=const([example()], TEXT),
        names=const([], TEXT),
        sparse_keys=const([], TEXT),
        dense_keys=const(["a"], TEXT),
        ragged_keys=const([], TEXT),
        dense_defaults=[const([], FLOAT)],
        num_sparse=0,
        sparse_types=[],
        ragged_value_types=[],
        ragged_split_types=[],
        dense_shapes=[[2]],
    ),
)
several("ParseSingleExample", lambda op: raw(op, serialized=const(example(), TEXT),
        dense_defaults=[const([], FLOAT)], num_sparse=0, sparse_keys=[], dense_keys=["a"],
        sparse_types=[], dense_shapes=[[2]]))  # fmt: skip

# Choice and rest.
SAMPLES = {"num_true": 1, "num_sampled": 3, "unique": False, "range_max": 5, "seed": 1, "seed2": 2}
several("UniformCandidateSampler LogUniformCandidateSampler LearnedUnigramCandidateSampler "
        "ThreadUnsafeUnigramCandidateSampler",
        lambda op: raw(op, true_classes=const([[1]], LONG), **SAMPLES))  # fmt: skip
several("FixedUnigramCandidateSampler", lambda op: raw(op, true_classes=const([[1]], LONG),
        unigrams=[1.0, 2.0, 3.0, 4.0, 5.0], **SAMPLES))  # fmt: skip
several("ComputeAccidentalHits", lambda op: raw(op, true_classes=const([[1], [2]], LONG),
        sampled_candidates=const([1, 2, 3], LONG), num_true=1))  # fmt: skip
several("Assert", lambda op: raw(op, condition=x(2)[0] < 9.0, data=[x(2)]))
several("Print", lambda op: raw(op, input=x(2), data=[x(2)]))
several("PrintV2", lambda op: raw(op, input=x(dtype="string")))
several("InTopK InTopKV2", lambda op: raw(op, predictions=x(2, 3), targets=const([0, 1], INT),
        k=const(2, INT) if op.endswith("V2") else 2))  # fmt: skip
