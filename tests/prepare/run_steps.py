"""Do preparing steps on small graphs, and run them before and after; a script in a process of its
own, which has TensorFlow.

``python run_steps.py ABOUT.json``: what each step did to each graph.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", TF_ENABLE_ONEDNN_OPTS="0", CUDA_VISIBLE_DEVICES="-1")

import numpy as np
import tensorflow as tf
from tensorflow.python.util._pywrap_transform_graph import TransformGraphWithStringInputs

from buildtool.catalogue.opdefs import OpDefinitions, read_definitions
from buildtool.model.encoding import write_graph
from buildtool.model.evaluate_tensors import values_of
from buildtool.model.evaluation import needed_part
from buildtool.model.graphdef import GraphDef, read_graph
from buildtool.model.pruning import node_of
from buildtool.model.runtime_facts import RuntimeFacts
from buildtool.model.specs import Specs
from buildtool.model.tensors import Array
from buildtool.model.transforms import chosen_preparations, transform_graph
from buildtool.model.transforms.preparations import PREPARATIONS
from buildtool.model.transforms.transform import Setting, Tree
from tests.prepare.small_graphs import Case, made_cases

# What TensorFlow's own tool does in a step's place, and the graphs on which it is tried.
TOOL = {
    ("passed_on", "remove-nodes"): "remove_nodes(op=Identity, op=StopGradient, op=CheckNumerics)",
    ("many_constants", "fold-constants"): "fold_constants",
    ("keeps_state", "strip"): "strip_unused_nodes",
    ("old_norm", "fold-batch-norms"): "fold_old_batch_norms",
    ("scaled_channels", "fold-batch-norms"): "fold_batch_norms",
    ("square_product", "fold-batch-norms"): "fold_batch_norms",
    ("many_that_are_alike", "merge-duplicates"): "merge_duplicate_nodes",
}
SIZE = 5  # of a dimension that a graph leaves open
RUNS = 3


def evaluate(graph: GraphDef, names: Sequence[str]) -> dict[str, Array]:
    """What the step's own process computes, in this one, as starting one takes seconds."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "graph.pb")
        path.write_bytes(write_graph(needed_part(graph, names)))
        return {names[int(key)]: value for key, value in values_of(path, names).items()}


def loaded(content: bytes) -> Any:
    definition = tf.compat.v1.GraphDef()
    definition.ParseFromString(content)
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(definition, name="")
    return graph


def feeds_of(graph: Any, case: Case) -> list[dict[str, Any]]:
    random = np.random.default_rng(5)
    return [
        {name: _fed(graph.get_tensor_by_name(name), random) for name in case.inputs}
        for _ in range(RUNS)
    ]


def _fed(tensor: Any, random: Any) -> Any:
    shape = [SIZE if size is None else size for size in tensor.shape.as_list()]
    if tensor.dtype == tf.string:
        return np.resize(np.array([b"one", b"two"], object), shape)
    if tensor.dtype == tf.bool:
        return random.random(size=shape) > 0.5
    return random.normal(size=shape).astype(tensor.dtype.as_numpy_dtype)


def run(content: bytes, case: Case, feeds: list[dict[str, Any]]) -> list[Any]:
    """What an app gets."""
    try:
        return in_session(content, case, feeds)
    except (tf.errors.InvalidArgumentError, tf.errors.UnimplementedError):
        return [value for fed in feeds for value in compiled(content, case, fed)]


def in_session(content: bytes, case: Case, feeds: list[dict[str, Any]]) -> list[Any]:
    """What a session gives that runs ``first``, and then the model with each of ``feeds``."""
    config = tf.compat.v1.ConfigProto(allow_soft_placement=True)
    config.graph_options.rewrite_options.disable_meta_optimizer = True
    with tf.compat.v1.Session(graph=loaded(content), config=config) as session:
        if case.first:
            session.run(list(case.first))
        return [value for fed in feeds for value in session.run(list(case.outputs), fed)]


def compiled(content: bytes, case: Case, feeds: dict[str, Any]) -> list[Any]:
    """What XLA gives, which runs channels first on a CPU."""
    definition = tf.compat.v1.GraphDef()
    definition.ParseFromString(content)
    whole = tf.compat.v1.wrap_function(lambda: tf.import_graph_def(definition, name=""), [])
    element = whole.graph.as_graph_element
    part = whole.prune([element(name) for name in feeds], [element(x) for x in case.outputs])
    found = tf.function(part, jit_compile=True)(*map(tf.constant, feeds.values()))
    return [each.numpy() for each in found]


def by_the_tool(before: bytes, case: Case, words: str) -> bytes:
    """The graph that TensorFlow's own tool makes."""
    ends = (case.inputs, case.outputs + case.first)
    names = (",".join(x.partition(":")[0] for x in each) for each in ends)
    made: bytes = TransformGraphWithStringInputs(before, *names, words)
    return made


def difference(expected: list[Any], found: list[Any]) -> float:
    """The largest difference of an element, relative to the largest of its tensor."""
    return max(_apart(*pair) for pair in zip(expected, found, strict=True))


def _apart(one: Any, other: Any) -> float:
    if one.shape != other.shape or one.dtype != other.dtype:
        return float("inf")
    if one.dtype.kind not in "f":
        return 0.0 if (one == other).all() else float("inf")
    if not np.array_equal(np.isnan(one), np.isnan(other)):
        return float("inf")
    one, other = (np.nan_to_num(each.astype(np.float64)) for each in (one, other))
    return float(np.abs(one - other).max(initial=0) / max(np.abs(one).max(initial=0), 1e-30))


def tried(case: Case, tree: Tree) -> Iterator[dict[str, Any]]:
    nodes = [*case.graph.node]
    del case.graph.node[:]
    case.graph.node.extend(nodes[::-1])  # no step may count on an order
    for node in case.graph.node:
        node.attr.pop("transpose_a", None)  # the usual value, as a writer may leave it out
    before = case.graph.SerializeToString()
    feeds = feeds_of(loaded(before), case)
    expected = run(before, case, feeds)
    for steps in [*([step.name] for step in PREPARATIONS if step.exact), ["deploy"]]:
        setting = Setting(tree, {}, {}, case.inputs, case.outputs, case.first, evaluate)
        graph, outcomes = transform_graph(
            read_graph(before), chosen_preparations(steps, ""), setting
        )
        after = write_graph(graph)
        words = TOOL.get((case.name, steps[0]), "")
        other = by_the_tool(before, case, words) if words else after
        yield {
            "tool": {
                "nodes": len(loaded(other).as_graph_def().node),
                "difference": difference(expected, run(other, case, feeds)),
            },
            "case": case.name,
            "steps": steps,
            "nodes": {node.name: node.op for node in graph.nodes},
            "inputs": {node.name: [node_of(each) for each in node.inputs] for node in graph.nodes},
            "changed": [name for outcome in outcomes for name in outcome.changed],
            "refused": dict(pair for outcome in outcomes for pair in outcome.refused),
            "difference": difference(expected, run(after, case, feeds)),
            "versions": loaded(after).graph_def_versions.producer,
        }


def main(about: str) -> None:
    root = Path(os.environ["TREE"])
    tree = Tree(Specs(OpDefinitions(read_definitions(root))), RuntimeFacts())
    records = [record for case in made_cases() for record in tried(case, tree)]
    Path(about).write_text(json.dumps(records), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
