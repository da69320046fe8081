"""Weights in few values or in eight bits: which constants change, how far, and into what nodes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from buildtool.core.values import OpDefinition
from buildtool.model.encoding import constant, make_node, string_attr, strings_attr
from buildtool.model.graphdef import GraphDef, Node
from buildtool.model.runtime_facts import RuntimeFacts
from buildtool.model.specs import Specs
from buildtool.model.tensors import Array, array_of
from buildtool.model.transforms import Choice, transform_graph
from buildtool.model.transforms.lossy.quantize_weights import QUANTIZE_WEIGHTS
from buildtool.model.transforms.lossy.round_weights import ROUND_WEIGHTS
from buildtool.model.transforms.transform import Setting, Transform, Tree, Value

OPS: Mapping[str, OpDefinition] = {}
SETTING = Setting(Tree(Specs(OPS), RuntimeFacts()))
LOSSY = [ROUND_WEIGHTS, QUANTIZE_WEIGHTS]


def normal(*shape: int, seed: int = 1) -> Array:
    return np.random.default_rng(seed).normal(scale=0.1, size=shape).astype(np.float32)


def graph_of(*nodes: Node) -> GraphDef:
    return GraphDef(nodes, {}, 27, 0, ())


def changed(
    transform: Transform,
    *nodes: Node,
    setting: Setting = SETTING,
    **parameters: Value,
) -> tuple[dict[str, Node], tuple[str, ...], dict[str, str]]:
    """The nodes by name, the names of those that changed, those refused with the reasons."""
    graph, outcomes = transform_graph(graph_of(*nodes), [Choice(transform, parameters)], setting)
    found = {node.name: node for node in graph.nodes}
    assert len(found) == len(graph.nodes)
    if not outcomes:
        return found, (), {}
    return found, outcomes[0].changed, dict(outcomes[0].refused)


def read(node: Node) -> Array:
    found = array_of(node.attrs["value"])
    assert found is not None
    return found


def eight_bits(node: Node) -> Array:
    """The bytes of a quint8 constant, which :func:`array_of` does not take for numbers."""
    attr = node.attrs["value"]
    return np.frombuffer(attr.buffer[attr.span[0] : attr.span[1]], np.uint8)


def covered(nodes: Mapping[str, Node], name: str) -> tuple[np.float32, np.float32]:
    low, high = (np.float32(read(nodes[f"{name}_quantized_{end}"])) for end in ("min", "max"))
    return low, high


@pytest.mark.parametrize("steps", [256, 64, 2])
def test_rounded_numbers_are_few_and_near(steps: int) -> None:
    before = normal(40, 40)
    nodes, names, refused = changed(ROUND_WEIGHTS, constant("w", before), weight_steps=steps)
    after = read(nodes["w"])
    width = (before.max() - before.min()) / steps
    assert (names, refused, after.shape) == (("w",), {}, before.shape)
    assert 2 <= len(np.unique(after)) <= steps + 1  # the greatest number has a step of its own
    assert np.abs(after - before).max() <= width * 0.5001
    assert nodes["w"].op == "Const"


@pytest.mark.parametrize(
    "numbers",
    [
        pytest.param(normal(3000), id="both signs"),
        pytest.param(np.abs(normal(3000)) + 5, id="far above 0"),
        pytest.param(-np.abs(normal(3000)) - 5, id="far below 0"),
        pytest.param(np.zeros(3000, np.float32), id="all 0"),
        pytest.param(np.full(3000, 3.7, np.float32), id="all the same"),
        pytest.param(np.full(3000, -3.7, np.float32), id="all the same, negative"),
        pytest.param(normal(3000) * np.float32(1e-30), id="tiny"),
        pytest.param(normal(3000) * np.float32(3e38), id="huge"),
    ],
)
def test_eight_bits_are_floats_that_no_kernel_can_round_otherwise(numbers: Array) -> None:
    nodes, names, refused = changed(QUANTIZE_WEIGHTS, constant("w", numbers))
    assert (names, refused) == (("w",), {})
    low, high = covered(nodes, "w")
    step = np.float32(np.float32(high - low) / 255.0)
    # As Eigen does it, as gemmlowp does it, and in doubles.
    eigen = np.round(low / step).astype(np.float32) * step
    assert eigen == low
    bits = eight_bits(nodes["w_quantized_const"])[-numbers.size :]
    floats = low + bits.astype(np.float32) * step
    doubles = float(low) + bits * float(step)
    assert (floats.astype(np.float64) == doubles).all()
    assert np.abs(doubles - numbers).max() <= float(step) * 0.5001
    exact = max(float(numbers.max()), 0.0) - min(float(numbers.min()), 0.0)
    assert float(step) <= (exact or 1.0) / 255 * 1.0001
    assert (doubles[numbers == 0] == 0).all()


def test_a_shared_weight_is_made_float_once_and_keeps_its_name() -> None:
    users = [make_node(name, "Relu", ("w",)) for name in "ab"]
    nodes, _, _ = changed(QUANTIZE_WEIGHTS, constant("w", normal(1024)), *users)
    assert [nodes[name].inputs for name in "ab"] == [("w",), ("w",)]
    assert sorted(node.op for node in nodes.values()) == [
        *("Const", "Const", "Const", "Dequantize", "Relu", "Relu"),
    ]
    assert nodes["w"].inputs == ("w_quantized_const", "w_quantized_min", "w_quantized_max")
    assert nodes["w"].value("T", "type") == "DT_QUINT8"
    assert nodes["w"].value("mode", "string") == b"MIN_FIRST"


def test_what_a_constant_waits_for_and_stands_with_is_kept() -> None:
    weight = constant("w", normal(1024))
    placed = {**weight.attrs, "_class": strings_attr([b"loc:@v"])}
    device = b"\x22\x06/cpu:0"  # NodeDef.device
    weight = weight._replace(inputs=("^before",), attrs=placed, rest=device)
    nodes, _, _ = changed(QUANTIZE_WEIGHTS, make_node("before", "NoOp", ()), weight)
    parts = [nodes[name] for name in nodes["w"].inputs]
    assert [each.inputs for each in parts] == [("^before",)] * 3
    assert {each.device for each in (*parts, nodes["w"])} == {"/cpu:0"}
    assert nodes["w"].value("_class", "list(string)") == (b"loc:@v",)
    assert "dtype" not in nodes["w"].attrs


def test_names_that_are_taken_are_not_taken_twice() -> None:
    other = make_node("w_quantized_min", "NoOp", ())
    nodes, _, _ = changed(QUANTIZE_WEIGHTS, constant("w", normal(1024)), other)
    assert nodes["w_quantized_min"].op == "NoOp"
    assert nodes["w"].inputs[1] == "w_quantized_min_1"


@pytest.mark.parametrize("transform", LOSSY, ids=lambda each: each.name)
def test_what_must_stay_stays(transform: Transform) -> None:
    few = int(str(transform.parameters["minimum_elements"])) - 1
    numbers = [
        constant("few", normal(few)),
        constant("whole", np.arange(2000)),
        constant("half", normal(2000).astype(np.float16)),
        constant("double", normal(2000).astype(np.float64)),
        constant("infinite", np.append(normal(2000), np.float32(np.inf))),
        constant("odd", np.append(normal(2000), np.float32(np.nan))),
        constant("wide", np.append(normal(2000), np.array([-3e38, 3e38], np.float32))),
        constant("dense", normal(2000) * np.float32(1e-38)),
        *(constant(name, normal(2000)) for name in ("fed", "fetched", "run")),
        *(constant(name, normal(2000)) for name in ("logits/kernel", "logits/bias")),
        make_node("other", "NoOp", (), said=string_attr(b"")),
    ]
    setting = SETTING._replace(inputs=("fed:0",), outputs=("fetched:0",), first=("run",))
    words: tuple[str, ...] = ("logits/*", "typo")
    nodes, names, refused = changed(transform, *numbers, setting=setting, exclude=words)
    assert names == ()
    assert nodes == {node.name: node for node in numbers}
    assert sorted(refused) == [
        *("dense", "double", "fed", "fetched", "half", "infinite", "odd", "run", "typo", "wide"),
    ]
    assert refused["half"] == "it holds numbers of type half, and only float is changed"
    assert refused["odd"] == "it holds numbers that are infinite or not a number"
    assert refused["typo"] == "it is to be excluded, and no node has that name"


def test_numbers_that_are_all_the_same_are_not_moved_by_rounding() -> None:
    numbers = [constant(name, np.full(100, value, np.float32)) for name, value in _SAME.items()]
    nodes, names, refused = changed(ROUND_WEIGHTS, *numbers)
    assert (names, refused, list(nodes.values())) == ((), {}, numbers)


_SAME = {"zero": 0.0, "above": 3.7, "below": -3.7}


@pytest.mark.parametrize("transform", LOSSY, ids=lambda each: each.name)
def test_another_number_of_elements_may_be_the_least(transform: Transform) -> None:
    _, names, _ = changed(transform, constant("w", normal(5)), minimum_elements=5)
    assert names == ("w",)
    _, names, _ = changed(transform, constant("w", normal(5)), minimum_elements=6)
    assert names == ()
