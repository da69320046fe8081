"""Ops of TensorFlow's own optimiser, in graphs of another release than the tree's."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from buildtool.core.values import ArgDef, AttrDef, OpDefinition
from buildtool.model.cpu_limits import CpuLimit
from buildtool.model.graphdef import GraphDef, read_graph
from buildtool.model.runtime_facts import RuntimeFacts
from buildtool.model.specs import Specs
from buildtool.model.textformat import encode
from buildtool.model.transforms import TransformOutcome, chosen_rewrites, transform_graph
from buildtool.model.transforms.transform import Setting, Tree

NAMES = (
    *("BiasAdd", "Conv2D", "DepthwiseConv2dNative", "LeakyRelu", "MatMul", "Mul", "Neg", "Relu"),
    *("Sub", "Tanh"),
)
PARTS = {name: OpDefinition(name=name) for name in NAMES}
FUSED = OpDefinition(
    name="_FusedConv2D",
    inputs=(ArgDef(name="input", type_attr="T"),),
    attrs=(AttrDef(name="T", type="type"), AttrDef(name="num_args", type="int")),
)
NEW = replace(FUSED, attrs=(*FUSED.attrs, AttrDef(name="TArgs", type="list(type)", minimum=1)))
FACTS = RuntimeFacts(
    cpu_limits=(
        CpuLimit(op="_FusedConv2D", attribute="fused_ops", runs=("BiasAdd", "Relu")),
        CpuLimit(op="_FusedDepthwiseConv2dNative", attribute="fused_ops", runs=()),
    )
)


def rewritten(
    parts: str, *known: OpDefinition, op: str = "_FusedConv2D", inputs: int = 3, more: str = ""
) -> tuple[GraphDef, list[TransformOutcome]]:
    names = [f"x{i}" for i in range(inputs)]
    attrs = {
        "T": "type: DT_FLOAT",
        "num_args": f"i: {inputs - 2}",
        "fused_ops": f"list {{ s: [{parts}] }}",
        "strides": "list { i: [1, 1, 1, 1] }",
        "data_format": "s: 'NHWC'",
    }
    said = " ".join(f"attr {{ key: '{k}' value {{ {v} }} }}" for k, v in attrs.items())
    text = " ".join(f"node {{ name: '{name}' op: 'Placeholder' }}" for name in names)
    taken = " ".join(f"input: '{name}'" for name in names)
    text += f"node {{ name: 'y' op: '{op}' {taken} input: '^x0' {said} {more} }}"
    definitions = {**PARTS, **{item.name: item for item in known}}
    setting = Setting(Tree(Specs(definitions), FACTS))
    graph = read_graph(encode(text, "GraphDef"))
    after, found = transform_graph(graph, chosen_rewrites(["fused-ops"], ""), setting)
    return after, list(found)


def nodes(graph: GraphDef) -> list[tuple[str, str, tuple[str, ...]]]:
    made = [node for node in graph.nodes if node.op != "Placeholder"]
    return [(node.name, node.op, node.inputs) for node in made]


def test_types_of_further_inputs_are_added() -> None:
    graph, _ = rewritten("'BiasAdd', 'Relu'", NEW, inputs=3)
    assert nodes(graph) == [("y", "_FusedConv2D", ("x0", "x1", "x2", "^x0"))]
    assert graph.nodes[-1].value("TArgs", "list(type)") == ("DT_FLOAT",)


def test_a_tree_that_runs_it_is_left_alone() -> None:
    assert not rewritten("'BiasAdd'", FUSED)[1]
    more = "attr { key: 'TArgs' value { list { type: DT_FLOAT } } }"
    assert not rewritten("'BiasAdd'", NEW, more=more)[1]


def test_a_fusion_without_a_kernel_becomes_its_parts() -> None:
    graph, _ = rewritten("'BiasAdd', 'Tanh'", NEW, more="device: '/cpu:0'")
    assert nodes(graph) == [
        ("y/Conv2D", "Conv2D", ("x0", "x1", "^x0")),
        ("y/BiasAdd", "BiasAdd", ("y/Conv2D", "x2")),
        ("y", "Tanh", ("y/BiasAdd",)),
    ]
    made = {node.op: node for node in graph.nodes}
    assert sorted(made["Conv2D"].attrs) == ["T", "data_format", "strides"]
    assert sorted(made["BiasAdd"].attrs) == ["T", "data_format"]
    assert made["Tanh"].device == "/cpu:0"


def test_slopes_of_tensorflow_js_become_four_older_ops() -> None:
    graph, _ = rewritten("", op="Prelu", inputs=2)
    assert nodes(graph) == [
        ("y/above", "Relu", ("x0", "^x0")),
        ("y/negative", "Neg", ("x0",)),
        ("y/below", "Relu", ("y/negative",)),
        ("y/scaled", "Mul", ("x1", "y/below")),
        ("y", "Sub", ("y/above", "y/scaled")),
    ]
    graph, _ = rewritten("'BiasAdd', 'Prelu'", op="FusedDepthwiseConv2dNative", inputs=4)
    first, second, *_, last = nodes(graph)
    assert (first[1], second[1]) == ("DepthwiseConv2dNative", "BiasAdd")
    assert last == ("y", "Sub", ("y/Prelu/above", "y/Prelu/scaled"))


@pytest.mark.parametrize(
    ("op", "base"),
    [
        ("_FusedDepthwiseConv2dNative", "DepthwiseConv2dNative"),
        ("FusedDepthwiseConv2dNative", "DepthwiseConv2dNative"),
        ("_FusedMatMul", "MatMul"),
    ],
)
def test_an_op_without_kernels_becomes_its_parts(op: str, base: str) -> None:
    known = [FUSED, replace(NEW, name=op)] if op.startswith("_FusedD") else []
    graph, _ = rewritten("'BiasAdd', 'LeakyRelu'", *known, op=op)
    assert [kind for _, kind, _ in nodes(graph)] == [base, "BiasAdd", "LeakyRelu"]


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"parts": "'BiasAdd', 'Mish'"}, "what it fuses is not known: Mish"),
        ({"parts": ""}, "what it fuses is not known"),
        ({"parts": "'BiasAdd'", "inputs": 4}, "what it fuses takes 3 inputs, and it has 4"),
        (
            {"parts": "'FusedBatchNorm'", "inputs": 6},
            "this tree has no op FusedBatchNorm, which it would become",
        ),
        (
            {"parts": "'BiasAdd'", "more": "attr { key: 'T' value { type: DT_QINT8 } }"},
            "its type is none of floating point, which its parts would round otherwise",
        ),
        (
            {
                "parts": "'FusedBatchNorm'",
                "inputs": 6,
                "more": "attr { key: 'T' value { type: DT_HALF } }",
            },
            "its type is not float, and that of the normalisation in it is",
        ),
        (
            {"parts": "'BiasAdd'", "more": "attr { key: 'filter_format' value { s: 'OIHW' } }"},
            "its filters have their channels first",
        ),
    ],
)
def test_what_is_not_the_same_is_refused(settings: dict[str, Any], reason: str) -> None:
    _, (outcome,) = rewritten(**settings)
    assert outcome.refused == (("y", reason),)
    assert not outcome.changed


def test_types_that_nothing_says_are_not_made_up() -> None:
    eight_bits = "attr { key: 'T' value { type: DT_INT8 } }"
    _, (outcome,) = rewritten("'BiasAdd'", NEW, more=eight_bits)
    ((_, reason),) = outcome.refused
    assert reason == "its type and the number of its inputs do not say of what types they are"
