"""What TensorFlow says of a model's tensors, and that its own figures of work are ours."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from buildtool.core.run import Command, run
from buildtool.inspect.inspection import Inspection
from tests.inspect.graphs import node, placeholder, weight

Look = Callable[..., Inspection]

pytestmark = pytest.mark.wheel

# TensorFlow's registered statistics of each node (tf.profiler's), of the ops that both count.
STATISTICS = """
import json, sys
import tensorflow as tf
from tensorflow.python.framework import ops
definition = tf.compat.v1.GraphDef()
definition.ParseFromString(open(sys.argv[1], "rb").read())
with tf.Graph().as_default() as graph:
    tf.import_graph_def(definition, name="")
    found = {}
    for node in definition.node:
        if node.op in ("Conv2D", "MatMul", "DepthwiseConv2dNative"):
            flops = ops.get_stats_for_node_def(graph, node, "flops").value
            found[node.op] = found.get(node.op, 0) + int(flops)
print(json.dumps(found))
"""
# A dense layer in a function that a function calls, and a checkpoint with its graph.
SAVE = """
import sys, tensorflow as tf
v1 = tf.compat.v1
weight = tf.constant(1.0, shape=(8, 16))
@tf.function
def inner(x):
    return tf.matmul(x, weight)
@tf.function(input_signature=[tf.TensorSpec([None, 8], name="x")])
def outer(x):
    return tf.nn.relu(inner(x) + inner(2.0 * x))
graph = outer.get_concrete_function().graph.as_graph_def()
tf.io.write_graph(graph, sys.argv[1], "calls.pb", as_text=False)
with tf.Graph().as_default():
    x = v1.placeholder(tf.float32, [None, 4], name="x")
    w = v1.get_variable("w", [4, 3], use_resource=False)
    tf.identity(tf.matmul(x, w), name="y")
    with v1.Session() as session:
        session.run(v1.global_variables_initializer())
        v1.train.Saver().save(session, sys.argv[1] + "/kept")
"""


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("saved")
    run(Command(argv=(sys.executable, "-c", SAVE, str(folder))), what="making models")
    return folder


@pytest.mark.parametrize(
    ("name", "flops"), [("mobilenet_v2", 601_548_544), ("inception_v3", 11_426_432_192)]
)
def test_work_is_what_benchmark_model_says(
    made_models: Path, look: Look, name: str, flops: int
) -> None:
    found = look(made_models / f"{name}.pb", python=sys.executable)
    assert (found.work.flops, found.work.unknown) == (flops, ())
    argv = (sys.executable, "-c", STATISTICS, str(made_models / f"{name}.pb"))
    said = json.loads(run(Command(argv=argv), what="asking").stdout.splitlines()[-1])
    assert {each.name: each.count for each in found.work.by_op} == said
    # What the graph itself says is less, and no other figure.
    alone = look(made_models / f"{name}.pb").work
    assert alone.unknown
    assert all(each.count <= said[each.name] for each in alone.by_op)


def test_functions_are_followed(saved: Path, look: Look) -> None:
    found = look(saved / "calls.pb", python=sys.executable)
    assert found.work.flops == 2 * (2 * 8 * 16)
    assert found.outputs[0].shape == (1, 16)
    assert len(found.functions) == 1


def test_a_checkpoint_without_outputs_is_shown_as_it_is_saved(saved: Path, look: Look) -> None:
    found = look(saved / "kept.meta", python=sys.executable)
    assert [each.name for each in found.variables] == ["w"]
    assert ("y:0", (1, 3)) in [(each.name, each.shape) for each in found.outputs]
    assert any("state the model's 'outputs'" in note for note in found.notes)
    assert not found.problems
    frozen = look(saved / "kept.meta", python=sys.executable, outputs=("y",))
    assert (frozen.variables, frozen.work.flops) == ((), 2 * 4 * 3)


def test_what_is_behind_an_unknown_op_stays_unknown(write: Callable[..., Path], look: Look) -> None:
    network = """
      node { name: "x" op: "Placeholder" attr { key: "dtype" value { type: DT_FLOAT } }
             attr { key: "shape" value { shape { dim { size: -1 } dim { size: 4 } } } } }
      node { name: "known" op: "MatMul" input: "x" input: "w" attr { key: "T" value {
             type: DT_FLOAT } } }
      node { name: "w" op: "Const" attr { key: "dtype" value { type: DT_FLOAT } } attr {
             key: "value" value { tensor { dtype: DT_FLOAT float_val: 1 tensor_shape {
             dim { size: 4 } dim { size: 4 } } } } } }
      node { name: "own" op: "OpOfTheUsers" input: "known" }
      node { name: "after" op: "MatMul" input: "own" input: "w" attr { key: "T" value {
             type: DT_FLOAT } } }
    """
    found = look(write(network), python=sys.executable)
    assert found.work.flops == 2 * 4 * 4
    assert found.work.unknown == ("after",)
    assert [each.name for each in found.unknown_ops] == ["OpOfTheUsers"]


def test_nodes_that_tensorflow_refuses_are_told_and_the_rest_is_found(
    write: Callable[..., Path], look: Look
) -> None:
    graph = (
        placeholder("x", -1, 4)
        + weight("w", 4, 4)
        + node("known", "MatMul", "^x", "x", "w")
        + node("bad", "Pack", "known")
        + node("after", "Relu", "bad")
    )
    found = look(write(graph), python=sys.executable)
    assert found.work.flops == 2 * 4 * 4
    assert [note for note in found.notes if note.startswith("bad: TensorFlow")]
