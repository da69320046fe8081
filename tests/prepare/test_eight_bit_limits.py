"""What activations of eight bits need of a model, its samples and this machine."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from buildtool.config import Prepare
from buildtool.core.errors import ConfigError, ToolError, VerificationError
from buildtool.core.values import ModelInfo, PreparingStep
from buildtool.model.encoding import make_node, type_attr
from buildtool.model.graphdef import GraphDef
from buildtool.model.loading import LoadedModel
from buildtool.model.opening import OpenedModel
from buildtool.prepare.eight_bits import (
    check_changed,
    check_samples,
    check_tensorflow,
    observer,
    price_notes,
)
from buildtool.prepare.orders import Order
from buildtool.prepare.trials import Laboratory
from buildtool.verify.tensor_files import Tensor

FLOAT = type_attr("DT_FLOAT")
GRAPH = GraphDef(
    (
        make_node("x", "Placeholder", (), dtype=FLOAT),
        make_node("log", "Log", ("x",), T=FLOAT),
        make_node("sum", "AddV2", ("x", "log"), T=FLOAT),
    ),
    *({}, 1575, 0, ()),
)


def fed(*values: float) -> tuple[Tensor, ...]:
    return (Tensor(name="x:0", dtype="DT_FLOAT", array=np.array(values, np.float32)),)


@pytest.fixture
def order(tmp_path: Path) -> Order:
    info = ModelInfo(name="m", path=tmp_path, sha256="", inputs=(), outputs=(), node_count=3)
    loaded = LoadedModel(path=tmp_path, sha256="", buffer=b"", inputs=(), outputs=())
    return Order(
        opened=OpenedModel(loaded=loaded, graph=GRAPH, info=info),
        keys=Prepare(activations="eight-bit", ranges="observed"),
        key="prepare",
        where="targets/pi.yaml:7",
        tolerance=1e-4,
        shapes={},
        inputs=(fed(1.0, 2.0), fed(3.0, 4.0)),
        fed="",
        samples="targets/pi.yaml:4",
    )


def laboratory(folder: Path, version: str = "2.14.1") -> Laboratory:
    cache, log = folder / "trials", folder / "log"
    return Laboratory(python=sys.executable, version=version, cache=cache, log=log)


def test_without_tensorflow_it_ends_before_anything_is_done(order: Order, tmp_path: Path) -> None:
    with pytest.raises(ToolError) as caught:
        check_tensorflow(order, laboratory(tmp_path, version=""))
    (problem,) = caught.value.problems
    assert problem.where == "targets/pi.yaml:7"
    assert problem.what.startswith("prepare.activations: TensorFlow")
    check_tensorflow(replace(order, keys=Prepare()), laboratory(tmp_path, version=""))


def test_a_model_of_which_no_node_can_change(order: Order) -> None:
    refused = tuple((f"node{i}", "it is dilated") for i in range(5))
    step = PreparingStep(name="quantize-activations", exact=False, nodes=3, size=9, refused=refused)
    with pytest.raises(ConfigError) as caught:
        check_changed(order, [step])
    (problem,) = caught.value.problems
    assert problem.what == (
        "prepare.activations: no node of m can compute in eight bits (node0: it is dilated; node1: "
        "it is dilated; node2: it is dilated; and 2 more)"
    )
    check_changed(order, [replace(step, changed=1)])


def test_samples_without_numbers_give_no_range(order: Order) -> None:
    runs = [fed(1.0, 2.0), fed(1.0, float("nan"))]
    with pytest.raises(ConfigError) as caught:
        check_samples(order, runs, "input")
    (problem,) = caught.value.problems
    assert problem.where == "targets/pi.yaml:4"
    assert problem.what == (
        "m: with these samples input 'x:0' is infinite or not a number, so no range can be observed"
    )
    check_samples(order, runs[:1], "input")
    dynamic = Prepare(activations="eight-bit")
    check_samples(replace(order, keys=dynamic), runs, "input")


@pytest.mark.wheel
def test_a_range_that_is_no_number_or_a_graph_that_does_not_run(
    order: Order, tmp_path: Path
) -> None:
    endless = replace(order, inputs=(fed(0.0),))
    with pytest.raises(ConfigError, match="the range of a node is infinite"):
        observer(endless, laboratory(tmp_path), tmp_path)(GRAPH, ["log:0"])
    broken = GRAPH._replace(nodes=(*GRAPH.nodes[:2], make_node("sum", "MatMul", ("x", "log"))))
    with pytest.raises(VerificationError, match="TensorFlow does not run it on your samples"):
        observer(order, laboratory(tmp_path), tmp_path)(broken, ["sum:0"])


def test_the_price_is_told_of_those_that_pay_it(order: Order) -> None:
    assert price_notes(replace(order, keys=Prepare())) == ()
    (note,) = price_notes(order)
    assert "slower" in note
