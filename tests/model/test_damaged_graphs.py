"""Graphs that protobuf can read and no session can run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from buildtool.model import Reading
from buildtool.model.graphdef import read_graph
from buildtool.model.tensors import array_of
from buildtool.model.transforms.shapes import Shapes
from tests.model.test_pruning import T, node, placeholder

Write = Callable[..., Path]
Read = Callable[..., Reading]
N = T + " attr { key: 'N' value { i: 2 } }"


def told(reading: Reading) -> list[str]:
    return [f"{problem.where}: {problem.what}" for problem in reading.problems]


def test_nodes_that_take_from_each_other_are_named(write: Write, read: Read) -> None:
    text = (
        placeholder("x")
        + node("a", "BiasAdd", "x", "b")
        + node("b", "Relu", "x", "^c")
        + node("c", "Relu", "a")
        + node("out", "Relu", "c")
    )
    assert told(read(write(text))) == [
        "m: node 'c': nodes take from each other, c -> b -> a -> c: no session can be made"
    ]


def test_a_loop_that_a_next_iteration_closes_is_none(write: Write, read: Read) -> None:
    text = (
        placeholder("x")
        + node("m", "Merge", "x", "next", more=N)
        + node("r", "Relu", "m")
        + node("next", "NextIteration", "r")
        + node("out", "Relu", "r")
    )
    assert not any("each other" in line for line in told(read(write(text))))


def constant(value: str) -> str:
    kind = "attr { key: 'dtype' value { type: DT_FLOAT } }"
    c = node("c", "Const", more=f"{kind} attr {{ key: 'value' value {{ tensor {{ {value} }} }} }}")
    return placeholder("x") + c + node("out", "BiasAdd", "x", "c")


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ("dtype: DT_INT32 int_val: 1 tensor_shape {}", "is int32, and its dtype float"),
        (
            r"dtype: DT_FLOAT tensor_content: '\0\0' tensor_shape { dim { size: 4 } }",
            "has 2 bytes, and the shape [4] needs 16",
        ),
        (
            "dtype: DT_FLOAT float_val: 1 tensor_shape { dim { size: 99999 } dim { size: 100000 }}",
            "takes 37.3 GB of memory, of shape [99999, 100000]",
        ),
        ("dtype: DT_FLOAT float_val: 1 tensor_shape { dim { size: -4 } }", "has the shape [-4]"),
    ],
)
def test_a_constant_that_is_none(write: Write, read: Read, value: str, what: str) -> None:
    path = write(constant(value))
    (problem,) = read(path).problems
    assert problem.where == "m: node 'c'"
    assert problem.what == f"op Const: its value {what}: the first run fails"
    if "int32" not in what:
        graph = read_graph(read(path).opset.models[0].path.read_bytes())
        assert array_of(graph.nodes[1].attrs["value"]) is None


@pytest.mark.parametrize("op", ["Placeholder", "PlaceholderWithDefault"])
def test_a_size_below_unknown_is_none(write: Write, read: Read, op: str) -> None:
    size = "attr { key: 'shape' value { shape { dim { size: -5 } dim { size: -1 } } } }"
    kind = "attr { key: 'dtype' value { type: DT_FLOAT } }"
    taken = ["w"] if op == "PlaceholderWithDefault" else []
    text = placeholder("w") + node("x", op, *taken, more=f"{kind} {size}")
    assert told(read(write(text + node("out", "Relu", "x")), inputs=("w", "x"))) == [
        f"m: node 'x': op {op}: its shape is [-5, -1], and no size is below -1, which is one "
        "unknown: the first run fails"
    ]
    assert not read(write(text.replace("-5", "-1") + node("out", "Relu", "x"))).problems


def test_the_body_of_a_function_has_other_ends(write: Write, read: Read) -> None:
    index = T + " attr { key: 'index' value { i: 0 } }"
    text = (
        node("x", "_Arg", more=index)
        + node("a", "Relu", "x")
        + node("out", "_Retval", "a", more=index)
    )
    path = write(text)
    (problem,) = read(path).problems
    assert problem.what.startswith("it ends in _Retval, as the body of a function does")
    assert problem.todo.endswith("took: 'inputs: [x]' and 'outputs: [a]'")
    reading = read(path, inputs=("x",), outputs=("a",))
    assert not reading.problems
    assert {use.op for use in reading.opset.uses if use.nodes} == {"Placeholder", "Relu"}


def test_more_values_than_elements_are_as_tensorflow_takes_them(write: Write, read: Read) -> None:
    path = write(constant("dtype: DT_FLOAT float_val: 1 float_val: 2 tensor_shape {}"))
    reading = read(path)
    assert not reading.problems
    graph = read_graph(reading.opset.models[0].path.read_bytes())
    found = array_of(graph.nodes[1].attrs["value"])
    assert found is not None
    assert found.tolist() == 1


@pytest.mark.parametrize(
    "sizes",
    [
        ("i: 1 i: 2 i: 2 i: 1", "i: 1 i: 0 i: 0 i: 1"),
        ("i: 2 i: 2", "i: 1 i: 1 i: 1 i: 1"),
    ],
)
def test_windows_that_make_no_sense_have_no_shape(write: Write, sizes: tuple[str, str]) -> None:
    lists = " ".join(
        f"attr {{ key: '{name}' value {{ list {{ {each} }} }} }}"
        for name, each in zip(("ksize", "strides"), sizes, strict=True)
    )
    padding = "attr { key: 'padding' value { s: 'SAME' } }"
    image = "attr { key: 'shape' value { shape { " + "dim { size: 4 } " * 4 + "} } }"
    x = node("x", "Placeholder", more="attr { key: 'dtype' value { type: DT_FLOAT } }" + image)
    path = write(x + node("out", "MaxPool", "x", more=T + lists + padding))
    nodes = {each.name: each for each in read_graph(path.read_bytes()).nodes}
    assert Shapes(nodes, {})["out:0"] is None
