"""What TensorFlow 2.14.1's converter said, and what is told of it."""

from __future__ import annotations

from buildtool.convert.converter_words import Complaint, read_complaint

PLACE = (
    'loc(callsite(callsite(fused["MatrixInverse:", "model/inv/MatrixInverse@__inference_20579"] at '
    'fused["PartitionedCall:", "PartitionedCall@__inference_20619"]) at '
    'fused["PartitionedCall:", "PartitionedCall"]))'
)
LACKING = f"""<unknown>:0: error: {PLACE}: \
'tf.MatrixInverse' op is neither a custom op nor a flex op
<unknown>:0: note: loc(fused["PartitionedCall:", "PartitionedCall"]): called from
<unknown>:0: note: {PLACE}: Error code: ERROR_NEEDS_FLEX_OPS
<unknown>:0: error: failed while converting: 'main': 
Some ops are not supported by the native TFLite runtime, you can enable TF kernels fallback
TF Select ops: MatrixInverse, Cumprod
Details:
	tf.Cumprod(tensor<1x4x4xf32>, tensor<i32>) -> (tensor<1x4x4xf32>) : {{device = ""}}
"""  # noqa: W291  (as it is said)
LISTS = f"""<unknown>:0: error: {PLACE}: \
'tf.TensorListReserve' op requires element_shape to be static
<unknown>:0: error: {PLACE}: failed to legalize operation 'tf.TensorListReserve'
<unknown>:0: error: Lowering tensor list ops is failed. Please consider using Select TF ops and \
disabling `_experimental_lower_tensor_list_ops` flag in the TFLite converter object.
"""
CUSTOM = """Some ops in the model are custom ops, See instructions to implement custom ops
Custom ops: Mine, Yours
Details:
	tf.Mine(tensor<1xf32>) -> (tensor<1xf32>) : {device = ""}
"""


def test_ops_that_tensorflow_has() -> None:
    found = read_complaint(LACKING)
    assert found.select == ("Cumprod", "MatrixInverse")
    assert found.is_of_ops
    assert found.words == (
        "node 'model/inv/MatrixInverse': 'tf.MatrixInverse' op is neither a custom op nor a flex "
        "op; failed while converting: 'main':"
    )


def test_lists_of_tensors_without_a_shape() -> None:
    found = read_complaint(LISTS)
    assert (found.select, found.custom, found.lists) == ((), (), ("TensorListReserve",))
    assert found.is_of_ops


def test_ops_that_nobody_has() -> None:
    found = read_complaint(CUSTOM)
    assert (found.select, found.custom, found.is_of_ops) == ((), ("Mine", "Yours"), False)


def test_anything_else_is_cut() -> None:
    said = "Quantization not yet supported for op: 'CUSTOM'.\n\nmore\n"
    assert read_complaint(said) == Complaint(
        select=(), custom=(), lists=(), words="Quantization not yet supported for op: 'CUSTOM'."
    )
    assert read_complaint("").words == "nothing"
    assert len(read_complaint("x" * 5000).words) < 500
