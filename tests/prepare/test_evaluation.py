"""Tensors that TensorFlow computes for a step, in a process of its own."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from buildtool.model.encoding import constant, make_node, type_attr
from buildtool.model.evaluation import evaluator
from buildtool.model.graphdef import GraphDef

FLOAT = type_attr("DT_FLOAT")
GRAPH = GraphDef(
    (
        make_node("x", "Placeholder", (), dtype=FLOAT),
        constant("a", np.array([1.0, 2.0], np.float32)),
        constant("b", np.array([1.0, 2.0, 3.0], np.float32)),
        make_node("sum", "Add", ("a", "a", "^x"), T=FLOAT),
        make_node("wrong", "Add", ("a", "b"), T=FLOAT),
        make_node("fed", "Add", ("a", "x"), T=FLOAT),
        constant("sizes", np.array([1 << 20, 1 << 10], np.int32)),
        make_node("huge", "Fill", ("sizes", "one"), T=FLOAT, index_type=type_attr("DT_INT32")),
        constant("one", np.array(1, np.float32)),
    ),
    *({}, 1575, 0, ()),
)


@pytest.mark.wheel
def test_what_can_be_computed_is_and_is_kept(tmp_path: Path) -> None:
    evaluate = evaluator(cache=tmp_path, python=sys.executable)
    found = evaluate(GRAPH, ["sum:0", "huge:0", "a:0"])
    assert sorted(found) == ["a:0", "sum:0"]
    assert found["sum:0"].tolist() == [2.0, 4.0]
    again = evaluator(cache=tmp_path, python="/no/such/python")
    assert again(GRAPH, ["sum:0", "huge:0", "a:0"])["sum:0"].tolist() == [2.0, 4.0]
    one_by_one = evaluate(
        GRAPH._replace(nodes=GRAPH.nodes[:4] + GRAPH.nodes[5:6]), ["fed:0", "a:0"]
    )
    assert sorted(one_by_one) == ["a:0"]


@pytest.mark.wheel
def test_a_graph_that_cannot_be_read_gives_nothing(tmp_path: Path) -> None:
    evaluate = evaluator(cache=tmp_path, python=sys.executable)
    assert evaluate(GRAPH, ["wrong:0"]) == {}
    assert evaluate(GRAPH, []) == {}
    assert [path.name for path in tmp_path.glob("values/*")] == []
