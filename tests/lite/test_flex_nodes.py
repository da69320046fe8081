"""Nodes of TensorFlow itself in ``.tflite`` models, and what they ask TensorFlow for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tflite import BuiltinOperator

from buildtool.core.values import (
    ArgDef,
    AttrDef,
    KernelCatalogue,
    NodeRef,
    OpDefinition,
    OpRegistration,
    Registration,
    TypeConstraint,
)
from buildtool.model import ModelSource
from buildtool.model.cpu_limits import CpuLimit
from buildtool.model.encoding import bool_attr, make_node, string_attr, type_attr
from buildtool.model.graphdef import Node
from buildtool.model.lite.flex_nodes import FlexNode, read_flex_nodes
from buildtool.model.lite.lite_reading import LiteReading, read_lite_models
from buildtool.model.reading import Reading
from buildtool.model.runtime_facts import RuntimeFacts
from buildtool.plan.selection import select
from tests.lite.small_models import Op, flex, flex_options, small_model

ERF = OpDefinition(
    name="Erf",
    attrs=(AttrDef(name="T", type="type", allowed=("DT_FLOAT", "DT_DOUBLE")),),
    inputs=(ArgDef(name="x", type_attr="T"),),
    outputs=(ArgDef(name="y", type_attr="T"),),
)
CUMPROD = OpDefinition(
    name="Cumprod",
    attrs=(
        AttrDef(name="reverse", type="bool", default="b: false"),
        AttrDef(name="T", type="type"),
        AttrDef(name="data_format", type="string", default='s: "NHWC"'),
    ),
)
DEFINITIONS = {definition.name: definition for definition in (ERF, CUMPROD)}
FACTS = RuntimeFacts(ignores_unknown_attrs=True)


def erf(dtype: str = "DT_FLOAT") -> Node:
    """A node whose bytes are no text: a length of 200 is none."""
    return make_node("x" * 200, "Erf", ["", ""], T=type_attr(dtype))


def found(*nodes: Node | bytes, facts: RuntimeFacts = FACTS) -> Reading:
    options = [node if isinstance(node, bytes) else flex_options(node) for node in nodes]
    return read_flex_nodes(
        [
            FlexNode(where=NodeRef(model="m", function="", node=str(n)), options=each)
            for n, each in enumerate(options)
        ],
        definitions=DEFINITIONS,
        registered_ops=[*DEFINITIONS, "Opaque"],
        deciding={},
        facts=facts,
    )


@pytest.fixture
def read(tmp_path: Path) -> Callable[[bytes], LiteReading]:
    def read_bytes(data: bytes) -> LiteReading:
        (tmp_path / "m.tflite").write_bytes(data)
        return read_lite_models([ModelSource(path=tmp_path / "m.tflite")])

    return read_bytes


def test_nodes_come_out_of_the_model_as_they_went_in(
    read: Callable[[bytes], LiteReading],
) -> None:
    tanh = Op(code=BuiltinOperator.TANH)
    reading = read(small_model(tanh, flex(erf()), Op(custom="Mfcc", options=b"x"), subgraphs=2))
    assert reading.problems == ()
    places = [(str(node.where), node.options) for node in reading.flex]
    assert places == [
        ("m: node '1 (FlexErf)'", flex_options(erf())),
        ("m: function 'graph 1', node '1 (FlexErf)'", flex_options(erf())),
    ]
    assert [use.op for use in reading.opset.uses] == ["FlexErf", "Mfcc", "TANH"]


def test_types_decide_and_nothing_is_added_for_sessions() -> None:
    reading = found(erf(), erf("DT_DOUBLE"), erf())
    assert reading.problems == ()
    assert [(use.op, use.attrs[0].types, len(use.nodes)) for use in reading.opset.uses] == [
        ("Erf", ("DT_DOUBLE",), 1),
        ("Erf", ("DT_FLOAT",), 2),
    ]


def test_defaults_are_filled_in_and_odd_attributes_are_told() -> None:
    reading = found(make_node("", "Cumprod", [], T=type_attr("DT_INT32"), odd=bool_attr(True)))
    assert reading.problems == ()
    (use,) = reading.opset.uses
    assert {attr.name for attr in use.attrs} == {"T"}
    assert reading.notes == (
        "m: node '0': op Cumprod: this tree does not know attribute 'odd' and ignores it",
    )


def test_what_no_library_runs_is_told_at_once() -> None:
    function = Node(
        "", "Opaque", (), {"f": string_attr(b"")._replace(buffer=b"\x52\x03\x0a\x01g", span=(0, 5))}
    )
    reading = found(
        make_node("", "Cumprod", []),
        make_node("", "Erff", []),
        function,
        make_node("", "Erf", [], T=type_attr("DT_INT32")),
        make_node("", "Cumprod", [], T=type_attr("DT_FLOAT"), data_format=string_attr(b"NCHW")),
        facts=RuntimeFacts(
            cpu_limits=(CpuLimit(op="Cumprod", attribute="data_format", runs=("NHWC",)),)
        ),
    )
    said = {problem.where: problem for problem in reading.problems}
    assert [str(n) in where for n, where in enumerate(said)] == [True] * 5
    whats = [problem.what for problem in reading.problems]
    assert "op Cumprod: attribute 'T' is missing and has no default" in whats[0]
    assert whats[1] == "op Erff does not exist in this tree"
    assert "close to it are Erf" in reading.problems[1].todo
    assert "op Opaque calls 'g': no node that runs a subgraph of the model" in whats[2]
    assert "op Erf: its T may not be int32" in whats[3]
    assert "its data_format is NCHW, and its CPU kernels run NHWC only" in whats[4]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (b"", "they are empty"),
        (b"\x01\x04\x01", "cannot convert"),
        (flex_options(erf())[:-1], "hold no node"),
        (flex_options(make_node("a", "", [])), "it names no op"),
    ],
)
def test_options_that_hold_no_node(options: bytes, said: str) -> None:
    (problem,) = found(options).problems
    assert problem.where == "m: node '0'"
    assert said in problem.what
    assert "convert the model again" in problem.todo


def test_no_changed_byte_of_a_node_makes_a_traceback() -> None:
    whole = flex_options(make_node("n", "Erf", ["a"], T=type_attr("DT_FLOAT")))
    for place in range(len(whole)):
        for value in (0x00, 0x7F, 0xFF, whole[place] ^ 0x80):
            found(whole[:place] + bytes((value,)) + whole[place + 1 :])
        found(whole[:place])


def test_a_type_without_a_kernel_is_told_as_for_graphs() -> None:
    catalogue = KernelCatalogue(
        tree_digest="x",
        defines=(),
        kernels=(
            Registration(
                op="Erf",
                device="CPU",
                kernel_class="ErfOp<float>",
                source="erf.cc",
                line=1,
                constraints=(TypeConstraint(attr="T", types=("DT_FLOAT",)),),
            ),
        ),
        ops=(OpRegistration(op="Erf", source="ops.cc", line=1),),
        definitions=DEFINITIONS,
    )
    selection = select(found(erf(), erf("DT_DOUBLE")).opset, catalogue)
    assert [kernel.registration.kernel_class for kernel in selection.kernels] == ["ErfOp<float>"]
    (problem,) = selection.problems
    assert "no kernel of op Erf with T=double" in problem.what
    assert problem.where == "m: node '1'"


@pytest.mark.real_tree
def test_the_tree_s_own_models(real_tree: Path) -> None:
    folder = real_tree / "tensorflow/lite/testdata"
    names = ("double_flex", "multi_add_flex", "softplus_flex")
    reading = read_lite_models([ModelSource(path=folder / f"{name}.bin") for name in names])
    assert reading.problems == ()
    assert [node.where.model for node in reading.flex] == [
        *("double_flex", "multi_add_flex", "multi_add_flex", "multi_add_flex", "softplus_flex"),
    ]
    nodes = read_flex_nodes(
        reading.flex,
        definitions={},
        registered_ops=("AddV2", "Softplus"),
        deciding={},
        facts=FACTS,
    )
    assert [(use.op, use.attrs[0].types) for use in nodes.opset.uses] == [
        ("AddV2", ("DT_FLOAT",)),
        ("Softplus", ("DT_FLOAT",)),
    ]
    # An op that only a test of the tree registers.
    (problem,) = nodes.problems
    assert (problem.where, problem.what) == (
        "double_flex: node '0 (FlexDouble)'",
        "op Double does not exist in this tree",
    )
