"""The recipe ``deploy`` on whole models: what it leaves, and that they compute the same."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path

import pytest

from buildtool.catalogue.opdefs import OpDefinitions, read_definitions
from buildtool.core.run import Command, run
from buildtool.model.encoding import write_graph
from buildtool.model.evaluation import evaluator
from buildtool.model.graphdef import read_graph
from buildtool.model.runtime_facts import RuntimeFacts
from buildtool.model.specs import Specs
from buildtool.model.transforms import chosen_preparations, transform_graph
from buildtool.model.transforms.transform import Setting, Tree
from tests.limits import HANG

RUN_PAIRS = Path(__file__).parents[1] / "transforms" / "run_pairs.py"
# How many nodes are left, of 1183, 689, 359 and 140.
LEFT = {"inception_v3": 426, "mobilenet_v2": 229, "keras_lstm": 214, "loop_lowered": 99}

pytestmark = [pytest.mark.wheel, pytest.mark.real_tree]


def test_whole_models_keep_what_they_compute(
    made_models: Path, real_tree: Path, tmp_path: Path
) -> None:
    tree = Tree(Specs(OpDefinitions(read_definitions(real_tree))), RuntimeFacts())
    evaluate = evaluator(cache=tmp_path, python=sys.executable)
    setting = Setting(tree, inputs=("x",), outputs=("Identity",), evaluate=evaluate)
    pairs, nodes = [], {}
    for name in LEFT:
        source, target = made_models / f"{name}.pb", tmp_path / f"{name}.pb"
        before = read_graph(source.read_bytes())
        graph, _ = transform_graph(before, chosen_preparations(["deploy"], ""), setting)
        target.write_bytes(write_graph(graph))
        assert graph.rest == before.rest
        nodes[name] = graph.nodes
        pairs.append([str(source), str(target)])
    assert {name: len(left) for name, left in nodes.items()} == LEFT
    for name, convolutions in ("inception_v3", 94), ("mobilenet_v2", 52):
        counts = Counter(node.op for node in nodes[name])
        assert counts["Conv2D"] + counts["DepthwiseConv2dNative"] == convolutions
        assert not counts["FusedBatchNormV3"]
    listed, about = tmp_path / "pairs.json", tmp_path / "about.json"
    listed.write_text(json.dumps(pairs), encoding="utf-8")
    argv = (sys.executable, str(RUN_PAIRS), str(listed), str(about))
    run(Command(argv=argv), what="running models", timeout=HANG)
    for name, found in zip(LEFT, json.loads(about.read_text(encoding="utf-8")), strict=True):
        assert found, name
        # Probabilities, of which the largest are between 0.08 and 1.3.
        assert max(found.values()) <= (0.0 if name in ("keras_lstm", "loop_lowered") else 5e-6)
