"""Where a rewrite would change what is computed, it leaves the node alone and says why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from buildtool.core.errors import ConfigError
from buildtool.core.values import ArgDef, AttrDef, OpDefinition
from buildtool.model.cpu_limits import CpuLimit
from buildtool.model.encoding import write_graph
from buildtool.model.graphdef import read_graph
from buildtool.model.runtime_facts import RuntimeFacts
from buildtool.model.specs import Specs
from buildtool.model.textformat import encode
from buildtool.model.transforms import (
    TRANSFORMS,
    TransformOutcome,
    chosen_rewrites,
    transform_graph,
)
from buildtool.model.transforms.transform import Setting, Tree

FLOAT = "attr { key: 'T' value { type: DT_FLOAT } }"
PLACEHOLDER = """
node {{ name: '{name}' op: 'Placeholder' attr {{ key: 'dtype' value {{ type: DT_FLOAT }} }}
 attr {{ key: 'shape' value {{ shape {{ {dims} }} }} }} }}"""


def op(name: str, inputs: str, *attrs: str, allowed: tuple[str, ...] = ()) -> OpDefinition:
    types = AttrDef(name="T", type="type", allowed=allowed)
    return OpDefinition(
        name=name,
        inputs=tuple(ArgDef(name=item, type_attr="T") for item in inputs.split()),
        outputs=(ArgDef(name="output", type_attr="T"),),
        attrs=(types, *(AttrDef(name=item, type="bool", default="b: false") for item in attrs)),
    )


OLD = {
    item.name: item
    for item in (
        op("Add", "x y", allowed=("DT_FLOAT",)),
        op("BatchMatMul", "x y", "adj_x", "adj_y"),
        op("Select", "condition t e"),
        op("Relu", "features"),
        op("ResizeBilinear", "images size", "align_corners"),
        op("FusedBatchNorm", "x scale offset mean variance", "is_training"),
        op("Conv2D", "input filter"),
        OpDefinition(name="Gather"),
        OpDefinition(
            name="Placeholder",
            attrs=(AttrDef(name="dtype", type="type"), AttrDef(name="shape", type="shape")),
        ),
        OpDefinition(name="Const"),
        OpDefinition(name="Switch"),
    )
}


FACTS = RuntimeFacts(
    cpu_limits=tuple(
        CpuLimit(op=name, attribute="data_format", runs=("NHWC",))
        for name in ("Conv", "FusedBatchNorm", "MaxPool", "MaxPoolV2", "_FusedConv2D")
    )
)
FIRST = "attr { key: 'data_format' value { s: 'NCHW' } }"


def placeholder(name: str, *sizes: int) -> str:
    dims = " ".join(f"dim {{ size: {size} }}" for size in sizes) or "unknown_rank: true"
    return PLACEHOLDER.format(name=name, dims=dims)


def node(kind: str, inputs: str, *attrs: str) -> str:
    listed = " ".join(f"input: '{name}'" for name in inputs.split())
    return f"node {{ name: 'n' op: '{kind}' {listed} {' '.join(attrs or (FLOAT,))} }}"


def attr(name: str, value: str) -> str:
    return f"attr {{ key: '{name}' value {{ {value} }} }}"


def rewritten(
    text: str, definitions: Mapping[str, OpDefinition] | None = None
) -> tuple[Any, list[TransformOutcome]]:
    graph = read_graph(encode(text, "GraphDef"))
    tree = Tree(Specs(OLD if definitions is None else definitions), FACTS)
    after, found = transform_graph(graph, chosen_rewrites(["all"], ""), Setting(tree))
    return (graph, after), list(found)


HANDLE = f"{placeholder('s')} node {{ name: 'l' op: 'TensorListReserve' input: 's' input: 's' }}"


@pytest.mark.parametrize(
    ("text", "rewrite", "reason"),
    [
        (
            placeholder("x", -1, 3, 4) + placeholder("y", 4, 5) + node("BatchMatMulV2", "x y"),
            "batch-matmul",
            "it broadcasts a rank of 2 to 3",
        ),
        (
            placeholder("x", -1, 3, 4) + placeholder("y", -1, 4, 5) + node("BatchMatMulV2", "x y"),
            "batch-matmul",
            "its batch dimensions are not known to be the same, so it may broadcast",
        ),
        (
            placeholder("x", 1, 3, 4) + placeholder("y", 2, 4, 5) + node("BatchMatMulV2", "x y"),
            "batch-matmul",
            "its batch dimensions are not known to be the same, so it may broadcast",
        ),
        (
            placeholder("x") + placeholder("y", 2, 4, 5) + node("BatchMatMulV2", "x y"),
            "batch-matmul",
            "the ranks of its inputs are not known, so it may broadcast; BatchMatMul does not",
        ),
        (
            placeholder("c", 3)
            + placeholder("x", 2, 3)
            + node("SelectV2", "c x x", attr("T", "type: DT_STRING")),
            "select",
            "its inputs are not known to have one shape, and its type cannot be multiplied by one",
        ),
        (
            placeholder("x", 2, 3) + node("AddV2", "x x", attr("T", "type: DT_HALF")),
            "add",
            "op Add of this tree does not take half",
        ),
        (
            placeholder("x", 2, 3) + placeholder("a", 1) + node("GatherV2", "x x a"),
            "gather",
            "its axis is not the constant 0, and Gather knows no other",
        ),
        (
            placeholder("x", -1, -1, -1, 3)
            + placeholder("s", 2)
            + node("ResizeBilinear", "x s", FLOAT, attr("half_pixel_centers", "b: true")),
            "default-attributes",
            "this tree's op ResizeBilinear cannot do what half_pixel_centers true asks for",
        ),
        (
            placeholder("x", 2, 3) + node("Relu", "x", FLOAT, attr("slope", "f: 0.5")),
            "default-attributes",
            "this tree's op Relu cannot do what slope asks for",
        ),
        (
            placeholder("x", 2, 3)
            + node("Einsum", "x x", FLOAT, attr("equation", "s: 'ab,cd->ad'")),
            "einsum",
            "it sums over a label of one operand alone",
        ),
        (
            placeholder("x", 2, 3)
            + node("Einsum", "x x", FLOAT, attr("equation", "s: 'aa,ab->ab'")),
            "einsum",
            "a label stands twice in one of its operands",
        ),
        (
            placeholder("x", 2, 3)
            + node("Einsum", "x x", FLOAT, attr("equation", "s: '...a,ab->b'")),
            "einsum",
            "its equation '...a,ab->b' is not of two operands with one letter for each axis",
        ),
        (
            placeholder("x", 1, 4, 4, 3)
            + placeholder("m", 3)
            + node("FusedBatchNormV3", "x m m m m", FLOAT, attr("is_training", "b: true")),
            "batch-norm",
            "it is in training mode with a mean and variance, which must be empty constants",
        ),
        (
            placeholder("x", 1, 4, 4, 3)
            + placeholder("m", 3)
            + node("FusedBatchNormV3", "x m m m m", FLOAT, attr("is_training", "b: false"))
            + "node { name: 'o' op: 'Relu' input: 'n:5' "
            + FLOAT
            + " }",
            "batch-norm",
            "its sixth output is used, which the older op does not have",
        ),
        (
            placeholder("x", 2, 3)
            + node(
                "Conv2D",
                "x x",
                FLOAT,
                attr("padding", "s: 'EXPLICIT'"),
                attr("explicit_paddings", "list { i: 1 }"),
            ),
            "explicit-paddings",
            "its explicit paddings are not four pairs",
        ),
        (
            placeholder("x", 2, 3) + node("LeakyRelu", "x"),
            "leaky-relu",
            "this tree has no op Mul, which it would become",
        ),
        (
            placeholder("x", 2, 3, 4, 4) + node("MaxPool", "x", FLOAT, FIRST),
            "channels-last",
            "this tree has no op Transpose, which it would become",
        ),
        (
            placeholder("x", 2, 3, 4, 4) + placeholder("k", 4) + node("MaxPoolV2", "x k k", FIRST),
            "channels-last",
            "its sizes are not constant, and this tree has no op GatherV2 to order them with",
        ),
        (
            placeholder("x", 2, 3, 4, 4)
            + node("_FusedConv2D", "x x x", FIRST, attr("filter_format", "s: 'OIHW'")),
            "channels-last",
            "its filters have their channels first, too",
        ),
        (
            placeholder("x", 2, 3, 4, 4)
            + node("FusedBatchNorm", "x x x x x", FIRST)
            + f"node {{ name: 'o' op: 'Relu' input: 'n:1' {FLOAT} }}",
            "channels-last",
            "it gives statistics that are used",
        ),
        (
            placeholder("x", 2, 3, 4, 4)
            + node("Conv", "x x", attr("data_format", "s: 'CHANNELS_FIRST'")),
            "channels-last",
            "its strides do not say how many dimensions its image has",
        ),
        (
            HANDLE + node("TensorListPushBack", "l s"),
            "tensor-lists",
            "its list goes to op TensorListPushBack (n)",
        ),
        (
            HANDLE
            + "node { name: 'a' op: 'TensorListSetItem' input: 'l' input: 's' input: 's' }"
            + "node { name: 'b' op: 'TensorListSetItem' input: 'l' input: 's' input: 's' }"
            + "node { name: 'n' op: 'TensorListStack' input: 'a' input: 's' }",
            "tensor-lists",
            "a version of it is used twice (a and b)",
        ),
        (
            HANDLE
            + "node { name: 'a' op: 'TensorListSetItem' input: 'l' input: 's' input: 's' }"
            + "node { name: 'n' op: 'TensorListStack' input: 'a' input: 's' }",
            "tensor-lists",
            "it is written at places that are not known to differ",
        ),
    ],
)
def test_what_is_not_the_same_is_refused(text: str, rewrite: str, reason: str) -> None:
    (before, after), found = rewritten(text)
    said = {item.transform: item for item in found}
    assert [why for _, why in said[rewrite].refused] == [reason]
    assert not said[rewrite].changed
    assert after == before


@pytest.mark.parametrize("inputs", ["", "s", "s s s"])
@pytest.mark.parametrize("attrs", [(), (FLOAT,), (attr("is_training", "i: 3"),)])
@pytest.mark.parametrize(
    "kind",
    [
        *("AddV2", "BatchMatMulV2", "BatchMatMulV3", "Case", "Einsum", "FusedBatchNormV3", "If"),
        *("GatherV2", "IdentityN", "LeakyRelu", "NonMaxSuppressionV3", "PartitionedCall"),
        *("ResizeBilinear", "SelectV2", "TensorListFromTensor", "TensorListReserve", "While"),
        *("TensorListStack", "_SwitchN", "Conv2D", "MaxPoolV2"),
    ],
)
def test_nodes_that_lack_inputs_and_attributes_are_left_to_the_checks(
    kind: str, attrs: tuple[str, ...], inputs: str
) -> None:
    text = placeholder("s", 2) + node(kind, inputs, *attrs).replace(FLOAT, " ".join(attrs))
    _, found = rewritten(text + "node { name: 'o' op: 'Relu' input: 'n:7' }")
    assert all(why for item in found for _, why in item.refused)


def test_a_tree_that_knows_the_ops_is_left_alone() -> None:
    newer = {**OLD, **{name: op(name, "x y") for name in ("AddV2", "BatchMatMulV2")}}
    text = placeholder("x", 2, 3, 3) + node("AddV2", "x x") + node("BatchMatMulV2", "x x")
    (before, after), found = rewritten(text, newer)
    assert after is before
    assert not found


def test_what_a_node_waits_for_and_what_is_not_understood_is_kept() -> None:
    text = placeholder("x", 2, 3) + (
        "node { name: 'n' op: 'AddV2' input: 'x' input: 'x' input: '^x' device: '/cpu:0' "
        "experimental_debug_info { original_node_names: 'old' } "
        f"{FLOAT} {attr('_note', 'i: 7')} }} versions {{ producer: 1395 min_consumer: 12 }}"
    )
    (_, after), _ = rewritten(text)
    content = write_graph(after)
    assert content == write_graph(read_graph(content))
    expected = text.replace("'AddV2'", "'Add'")
    assert read_graph(content) == read_graph(encode(expected, "GraphDef"))
    found = read_graph(content).nodes[1]
    assert (found.op, found.inputs) == ("Add", ("x", "x", "^x"))
    assert b"/cpu:0" in found.rest
    assert b"old" in found.rest


def test_names_of_rewrites() -> None:
    every = [choice.transform.name for choice in chosen_rewrites(["all"], "t.yaml:1")]
    assert every == [transform.name for transform in TRANSFORMS if transform.exact]
    two = chosen_rewrites(["add", "switch"], "t.yaml:1")
    assert [choice.transform.name for choice in two] == ["switch", "add"]
    with pytest.raises(ConfigError) as caught:
        chosen_rewrites(["ad", "no"], "t.yaml:1")
    first, second = map(str, caught.value.problems)
    assert first == "t.yaml:1: rewrites: there is no 'ad'\n    perhaps you meant 'add'"
    assert second.startswith("t.yaml:1: rewrites: there is no 'no'\n    ")
