"""What is said of ops that stand for something else."""

from __future__ import annotations

import pytest

from buildtool.model.op_remedies import remedy


@pytest.mark.parametrize(
    ("op", "said"),
    [
        ("CudnnRNNV3", "NVIDIA's cuDNN"),
        ("_MklNativeConv2D", "oneDNN"),
        ("TFLite_Detection_PostProcess", "export_inference_graph.py"),
        ("SentencepieceTokenizeOp", "TensorFlow Text"),
        ("WordpieceTokenizeWithOffsets", "TensorFlow Text"),
        ("FastWordpieceTokenizeWithOffsets", "TensorFlow Text"),
        ("WhitespaceTokenizeWithOffsetsV2", "TensorFlow Text"),
        ("CaseFoldUTF8", "TensorFlow Text"),
        ("NormalizeUTF8WithOffsetsMap", "TensorFlow Text"),
        ("Addons>Gelu", "the package Addons"),
        ("BatchFunction", "nondifferentiable_batch_function"),
        ("Unbatch", "nondifferentiable_batch_function"),
        ("XRTMetricsCollect", "export the model for a CPU"),
        ("BatchToSpace", ""),
        ("ZeroOut", ""),
        ("UnicodeScript", ""),
    ],
)
def test_each_is_told_in_its_own_terms(op: str, said: str) -> None:
    found = remedy(op)
    assert said in found
    assert bool(found) is bool(said)
