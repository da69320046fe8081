"""Activations of eight bits on small graphs, run by TensorFlow before and after; a script in a
process of its own, which has TensorFlow.

``python run_eight_bits.py ABOUT.json``: what became of each graph.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

os.environ.update(TF_CPP_MIN_LOG_LEVEL="1", TF_ENABLE_ONEDNN_OPTS="0", CUDA_VISIBLE_DEVICES="-1")

import numpy as np
import tensorflow as tf
from tensorflow.python.util._pywrap_transform_graph import TransformGraphWithStringInputs

from buildtool.catalogue.opdefs import OpDefinitions, read_definitions
from buildtool.model.encoding import write_graph
from buildtool.model.graphdef import GraphDef, read_graph
from buildtool.model.pruning import node_of
from buildtool.model.runtime_facts import RuntimeFacts
from buildtool.model.specs import Specs
from buildtool.model.tensors import Array
from buildtool.model.transforms import Choice, transform_graph
from buildtool.model.transforms.lossy.quantize_activations import QUANTIZE_ACTIVATIONS
from buildtool.model.transforms.transform import Setting, Tree, Value
from tests.prepare.run_steps import loaded

v1 = tf.compat.v1
v1.disable_control_flow_v2()
FLOAT = tf.float32
RUNS = 20
RANDOM = np.random.default_rng(7)
CASES: dict[str, Callable[[], list[Any]]] = {}
PARAMETERS: tuple[dict[str, Value], ...] = (
    {"ranges": "dynamic"},
    {"ranges": "observed"},
    {"ranges": "given", "low": -1.5e1, "high": 20.0},
)


def case(maker: Callable[[], list[Any]]) -> Callable[[], list[Any]]:
    """Register a function that makes a graph and gives its outputs."""
    CASES[maker.__name__] = maker
    return maker


def image(channels: int = 3) -> Any:
    return v1.placeholder(FLOAT, [2, 8, 8, channels], "x")


def numbers(*shape: int) -> Any:
    return RANDOM.normal(scale=np.prod(shape[:-1]) ** -0.5, size=shape)


def weight(*shape: int) -> Any:
    return tf.constant(numbers(*shape), FLOAT)


@case
def all_nine() -> list[Any]:
    x = image()
    y = tf.nn.relu6(tf.nn.bias_add(tf.nn.conv2d(x, weight(3, 3, 3, 8), 1, "SAME"), weight(8)))
    parts = [tf.nn.max_pool2d(y, 2, 2, "VALID"), tf.nn.avg_pool2d(y, 2, 2, "VALID")]
    z = tf.reshape(tf.concat(parts, -1), [2, 256])
    return [tf.nn.relu(tf.matmul(z, weight(256, 5)), name="y"), tf.reduce_sum(z, 1, name="sums")]


@case
def taken_by_others() -> list[Any]:
    """Its float is taken, waited for and fetched; it takes the second output of a node."""
    whole = v1.placeholder(FLOAT, [4, 16], "x")
    _, half = tf.split(whole, 2, 1)
    kernel = weight(8, 8)
    y = tf.matmul(half, kernel, name="y")
    with tf.control_dependencies([y]):
        late = tf.sin(half)
    return [y, tf.nn.relu(y) + late, tf.matmul(tf.exp(y), kernel, transpose_b=True)]


@case
def after_floats() -> list[Any]:
    """Two nodes behind a depthwise convolution, for which bytes would be a loss."""
    y = tf.nn.depthwise_conv2d(image(4), weight(3, 3, 4, 1), [1, 1, 1, 1], "SAME")
    y = tf.nn.relu6(tf.nn.bias_add(y, weight(4)))
    return [tf.nn.relu(tf.nn.conv2d(y, weight(1, 1, 4, 8), 1, "SAME", name="y"), name="after")]


@case
def dead_weights() -> list[Any]:
    """Weights that are all 0, of which the tool's own way makes no numbers."""
    y = tf.matmul(v1.placeholder(FLOAT, [4, 40], "x"), tf.constant(np.zeros((40, 40)), FLOAT))
    return [tf.matmul(tf.nn.bias_add(y, weight(40)), weight(40, 3))]


@case
def only_negative() -> list[Any]:
    """The tool's own ranges would not hold the 0 that a Relu gives, or that an image is padded
    with."""
    x = tf.abs(image())
    y = tf.nn.conv2d(x, tf.constant(-np.abs(numbers(3, 3, 3, 8)), FLOAT), 1, "VALID")
    z = tf.matmul(tf.reshape(tf.abs(x), [2, 192]), tf.constant(np.full((192, 2), -0.1), FLOAT))
    kernel = weight(3, 3, 8, 8)
    return [tf.nn.conv2d(y, kernel, 1, "SAME"), tf.nn.bias_add(z, weight(2)), tf.nn.relu(z)]


@case
def in_a_loop_and_a_branch() -> list[Any]:
    x = v1.placeholder(FLOAT, [4, 4], "x")
    kernel = weight(4, 4)
    y = v1.while_loop(lambda i, _: i < 3, lambda i, s: (i + 1, tf.matmul(s, kernel)), (0, x))[1]
    z = tf.cond(tf.reduce_sum(x) > 0, lambda: tf.matmul(x, kernel), lambda: x)
    return [tf.matmul(y + z, kernel, name="after")]


@case
def in_a_function() -> list[Any]:
    x = v1.placeholder(FLOAT, [4, 4], "x")
    called = tf.function(lambda a: tf.matmul(a, a), autograph=False)
    return [tf.matmul(called(x), weight(4, 4))]


@case
def as_they_are() -> list[Any]:
    """Nodes of which the tool, or the kernels, would make something else."""
    x = image()
    kernel = weight(3, 3, 3, 6)
    whole = tf.constant([[1, 2]])
    endless = tf.constant(np.full((3, 3), np.inf), FLOAT, name="endless_kernel")
    made = [
        tf.nn.conv2d(x, kernel, 1, "SAME", dilations=2, name="dilated"),
        tf.nn.conv2d(x, kernel, 1, [[0, 0], [1, 2], [2, 1], [0, 0]], name="padded"),
        tf.nn.conv2d(x, kernel, [1, 2], "SAME", name="uneven"),
        tf.nn.conv2d(image(6), kernel, 1, "SAME", name="grouped"),
        tf.nn.max_pool2d(x, 2, 1, [[0, 0], [1, 1], [1, 1], [0, 0]], name="padded_pool"),
        tf.nn.relu(x, name="alone"),
        tf.matmul(tf.cast(x[0, 0], tf.half), weight_of(tf.half), name="half"),
        tf.matmul(whole, whole, transpose_b=True, name="whole"),
        tf.matmul(x[0, 0], endless, name="endless"),
        tf.matmul(x[0, 0], weight(3, 2), name="excluded"),
    ]
    return [tf.identity(each) for each in made]


def weight_of(dtype: Any) -> Any:
    return tf.constant(RANDOM.normal(size=(3, 3)), dtype)


def by_the_tool(graph: GraphDef, inputs: Sequence[str], outputs: Sequence[str], words: str) -> Any:
    content: bytes = TransformGraphWithStringInputs(
        write_graph(graph), ",".join(inputs), ",".join(outputs), words
    )
    return read_graph(content)


def in_session(content: bytes, names: Sequence[str], feeds: Sequence[dict[str, Any]]) -> list[Any]:
    config = v1.ConfigProto()
    config.graph_options.rewrite_options.disable_meta_optimizer = True
    with v1.Session(graph=loaded(content), config=config) as session:
        return [session.run(list(names), fed) for fed in feeds]


def tried(name: str, maker: Callable[[], list[Any]], tree: Tree) -> Iterator[dict[str, Any]]:
    with tf.Graph().as_default() as made:
        outputs = tuple(each.name for each in maker())
        dtypes = {name: made.get_tensor_by_name(name).dtype for name in outputs}
        fed = [each.outputs[0] for each in made.get_operations() if each.type == "Placeholder"]
        before = made.as_graph_def().SerializeToString()
    feeds = [
        {x.name: RANDOM.normal(size=x.shape).astype(np.float32) for x in fed} for _ in range(RUNS)
    ]

    def observe(graph: GraphDef, names: Sequence[str]) -> Sequence[Sequence[Array]]:
        found: Sequence[Sequence[Array]] = in_session(write_graph(graph), names, feeds)
        return found

    inputs = tuple(x.name for x in fed)
    setting = Setting(tree, {}, {}, inputs, outputs, tool=by_the_tool, observe=observe)
    graphs: dict[str, GraphDef] = {}
    for values in PARAMETERS if name == "all_nine" else PARAMETERS[:1]:
        choice = Choice(QUANTIZE_ACTIVATIONS, {"exclude": ("excluded",), **values})
        given = read_graph(before)
        graph, outcomes = transform_graph(given, [choice], setting)
        graphs[str(values["ranges"])] = graph
        after = write_graph(graph)
        whole = loaded(after)
        difference = 0.0
        if graph is not given:
            pair = (in_session(content, outputs, feeds) for content in (before, after))
            difference = apart(*pair)
        yield {
            "case": name,
            "ranges": values["ranges"],
            "ops": Counter(node.op for node in graph.nodes),
            "nodes": {node.name: node.op for node in graph.nodes},
            "changed": [each for outcome in outcomes for each in outcome.changed],
            "refused": dict(pair for outcome in outcomes for pair in outcome.refused),
            "difference": difference,
            "versions": whole.graph_def_versions.producer,
            "functions": len(graph.functions),
            "types": all(whole.get_tensor_by_name(key).dtype == dtypes[key] for key in dtypes),
        }
    if "observed" in graphs:
        yield {"case": name, "ranges": "as the tool", **logged(graphs, inputs, outputs, feeds)}


def logged(
    graphs: dict[str, GraphDef], inputs: Any, outputs: Any, feeds: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    """The ranges that the tool freezes by itself, from what ``insert_logging`` prints, and ours."""
    fed, fetched = (list(map(node_of, names)) for names in (inputs, outputs))
    words = 'insert_logging(op=RequantizationRange, show_name=true, message="__requant_min_max:")'
    with tempfile.TemporaryFile() as log, tempfile.NamedTemporaryFile() as kept:
        printing = write_graph(by_the_tool(graphs["dynamic"], fed, fetched, words))
        own = os.dup(2)
        os.dup2(log.fileno(), 2)
        in_session(printing, outputs, feeds)
        os.dup2(own, 2)
        log.seek(0)
        kept.write(log.read())
        kept.flush()
        words = f'freeze_requantization_ranges(min_max_log_file="{kept.name}")'
        theirs = by_the_tool(graphs["dynamic"], fed, fetched, words)
    return {"theirs": frozen_of(theirs), "ours": frozen_of(graphs["observed"])}


def frozen_of(graph: GraphDef) -> dict[str, float]:
    held = loaded(write_graph(graph))
    names = [node.name for node in graph.nodes if "/frozen_" in node.name]
    with v1.Session(graph=held) as session:
        values = session.run([f"{name}:0" for name in names])
    return {name: float(value) for name, value in zip(names, values, strict=True)}


def apart(expected: list[Any], found: list[Any]) -> float:
    """The largest difference of an element, relative to the largest of its tensor; infinite where
    shapes differ."""
    worst = 0.0
    for before, after in zip(expected, found, strict=True):
        for one, other in zip(before, after, strict=True):
            same = one.shape == other.shape and np.isfinite(other).all()
            scale = max(float(np.abs(one).max()), 1e-9)
            worst = max(worst, float(np.abs(one - other).max()) / scale if same else np.inf)
    return worst


def main(about: str) -> None:
    tree = Tree(Specs(OpDefinitions(read_definitions(Path(os.environ["TREE"])))), RuntimeFacts())
    records = [found for name, maker in CASES.items() for found in tried(name, maker, tree)]
    Path(about).write_text(json.dumps(records), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
