"""Values of attributes that an op's definition allows and no CPU kernel runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from buildtool.model import Reading, RuntimeFacts, chosen_rewrites
from buildtool.model.cpu_limits import CpuLimit, read_cpu_limits
from buildtool.model.graphdef import read_graph

Write = Callable[..., Path]
Read = Callable[..., Reading]
FACTS = RuntimeFacts(
    cpu_limits=(
        CpuLimit(op="MaxPool", attribute="data_format", runs=("NHWC",)),
        CpuLimit(op="MaxPool", attribute="strides", runs=("1", "2")),
    )
)
X = "node { name: 'x' op: 'Placeholder' attr { key: 'dtype' value { type: DT_FLOAT } } }"


def pool(name: str, source: str, layout: str = "NCHW", strides: str = "1, 1, 2, 1") -> str:
    return f"""node {{ name: '{name}' op: 'MaxPool' input: '{source}'
      attr {{ key: 'T' value {{ type: DT_FLOAT }} }}
      attr {{ key: 'ksize' value {{ list {{ i: [1, 1, 2, 3] }} }} }}
      attr {{ key: 'strides' value {{ list {{ i: [{strides}] }} }} }}
      attr {{ key: 'data_format' value {{ s: '{layout}' }} }} }}"""


def test_channels_that_come_first(write: Write, read: Read) -> None:
    path = write(X + pool("a", "x") + pool("b", "a"))
    (problem,) = read(path, facts=FACTS).problems
    assert str(problem) == (
        "m: node 'a': op MaxPool: its data_format is NCHW, and its CPU kernels run NHWC only: "
        "the first run fails (also 'b')\n"
        "    add 'channels-last' to the target's rewrites; or export the model with data_format "
        "NHWC"
    )
    mended = read(path, facts=FACTS, transforms=chosen_rewrites(["channels-last"], ""))
    assert not mended.problems
    (model,) = mended.opset.models
    assert model.rewrites == (("channels-last", ("a", "b")),)
    nodes = {node.name: node for node in read_graph(model.path.read_bytes()).nodes}
    assert [nodes[name].op for name in ("a/MaxPool", "a")] == ["MaxPool", "Transpose"]
    assert nodes["a/MaxPool"].value("ksize", "list(int)") == (1, 2, 3, 1)
    assert nodes["a/MaxPool"].value("strides", "list(int)") == (1, 2, 1, 1)


def test_channels_that_come_last_are_fine(write: Write, read: Read) -> None:
    assert not read(write(X + pool("a", "x", "NHWC")), facts=FACTS).problems


def test_each_number_of_a_list_counts(write: Write, read: Read) -> None:
    path = write(X + pool("a", "x", "NHWC", "1, 3, 3, 1"))
    (problem,) = read(path, facts=FACTS).problems
    assert "its strides is 3, and its CPU kernels run 1 or 2 only" in problem.what


def test_a_node_that_does_not_run_may_say_what_it_likes(write: Write, read: Read) -> None:
    relu = "node { name: 'y' op: 'Relu' input: 'x' attr { key: 'T' value { type: DT_FLOAT } } }"
    path = write(X + relu + pool("a", "x"))
    assert not read(path, facts=FACTS, outputs=("y",)).problems
    assert read(path, facts=FACTS, outputs=("a",)).problems


def test_an_op_that_no_cpu_kernel_does(write: Write, read: Read) -> None:
    limit = CpuLimit(op="MaxPool", attribute="data_format", runs=())
    path = write(X + pool("a", "x", "NHWC"))
    (problem,) = read(path, facts=RuntimeFacts(cpu_limits=(limit,))).problems
    assert str(problem) == (
        "m: node 'a': op MaxPool (data_format NHWC): no CPU kernel does it: the first run fails\n"
        "    export the model without MaxPool"
    )


def test_a_tree_that_says_nothing_has_no_limits(tmp_path: Path) -> None:
    assert read_cpu_limits(tmp_path) == ()


def test_words_over_two_literals_are_found(tmp_path: Path) -> None:
    file = tmp_path / "tensorflow/core/kernels/avgpooling_op.cc"
    file.parent.mkdir(parents=True)
    file.write_text('errors::InvalidArgument("Default AvgPoolingOp "\n   "only supports NHWC ",')
    limit = CpuLimit(op="AvgPool", attribute="data_format", runs=("NHWC",))
    assert read_cpu_limits(tmp_path) == (limit,)


def test_names_of_encodings_in_any_spelling(write: Write) -> None:
    limit = CpuLimit(op="StringLower", attribute="encoding", runs=("US-ASCII", "utf8"), loose=True)
    attr = "attr {{ key: 'encoding' value {{ s: '{0}' }} }}"
    node = f"node {{{{ name: '{{0}}' op: 'StringLower' {attr} }}}}"
    path = write("".join(map(node.format, ("us-ascii", "UTF-8", "Us_Ascii", "shift_jis"))))
    nodes = read_graph(path.read_bytes()).nodes
    assert [limit.forbidden(node.attrs) for node in nodes] == [(), (), (), ("shift_jis",)]


def test_some_limits_are_those_of_the_libraries_that_a_backend_builds(tmp_path: Path) -> None:
    file = tmp_path / "tensorflow/core/kernels/unicode_ops.cc"
    file.parent.mkdir(parents=True)
    file.write_text('"Could not create converter for input encoding: "')
    assert read_cpu_limits(tmp_path, "bazel") == read_cpu_limits(tmp_path) == ()
    found = read_cpu_limits(tmp_path, "native")
    assert {limit.op for limit in found} == {
        *("UnicodeDecode", "UnicodeDecodeWithOffsets", "UnicodeTranscode"),
    }
    assert all(limit.loose and "UTF-8" in limit.runs for limit in found)


LAYOUTS = (
    *("AvgPool", "AvgPool3D", "Conv2D", "Conv2DBackpropInput", "Conv3D", "Conv3DBackpropInputV2"),
    *("DepthToSpace", "DepthwiseConv2dNative", "DepthwiseConv2dNativeBackpropInput", "MaxPool"),
    *("MaxPool3D", "MaxPoolV2", "SpaceToDepth"),
)


@pytest.mark.real_tree
def test_the_real_tree(real_tree: Path) -> None:
    found = {(limit.op, limit.attribute) for limit in read_cpu_limits(real_tree)}
    layouts = {op for op, attribute in found if attribute == "data_format"}
    assert layouts == {*LAYOUTS, "Conv", "_FusedConv2D"}
    fused = {"_FusedConv2D", "_FusedMatMul", "_FusedDepthwiseConv2dNative"}
    assert {op for op, attribute in found if attribute == "fused_ops"} == fused
    assert {op for op, attribute in found if attribute == "dilations"} == {
        *("Conv2DBackpropInput", "Conv3D", "Conv3DBackpropInputV2", "DepthwiseConv2dNative"),
    }


@pytest.mark.real_tree
@pytest.mark.tree_1x
def test_the_real_older_tree(tree_1x: Path) -> None:
    found = {(limit.op, limit.attribute) for limit in read_cpu_limits(tree_1x)}
    batch_norms = {"FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"}
    layouts = {op for op, attribute in found if attribute == "data_format"}
    assert layouts == {*LAYOUTS, *batch_norms}
