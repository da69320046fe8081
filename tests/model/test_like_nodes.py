"""Nodes that are like many others are read and checked once: with the same results as any other."""

from __future__ import annotations

import random
from itertools import permutations

import pytest

from buildtool.model.cycles import cycle_of
from buildtool.model.encoding import make_node, type_attr
from buildtool.model.graphdef import GraphDef, Node, read_graph
from buildtool.model.interface import depending
from buildtool.model.wire import WireError, write_field

FLOAT = write_field(2, write_field(6, 1))
NAME, OP = write_field(1, b"add"), write_field(2, b"AddV2")
INPUTS = write_field(3, b"x:1") + write_field(3, b"^y")
ATTR = write_field(5, write_field(1, b"T") + FLOAT)
DEVICE = write_field(4, b"/cpu:0")


def nodes_of(*encoded: bytes) -> tuple[Node, ...]:
    return read_graph(b"".join(write_field(1, each) for each in encoded)).nodes


def seen(node: Node) -> tuple[object, ...]:
    return node.name, node.op, node.inputs, node.value("T", "type"), node.device


def test_a_node_is_the_same_in_any_order_of_its_fields() -> None:
    parts = (NAME, OP, INPUTS, ATTR, DEVICE)
    read = nodes_of(*(b"".join(order) for order in permutations(parts)))
    assert {seen(node) for node in read} == {
        ("add", "AddV2", ("x:1", "^y"), "DT_FLOAT", "/cpu:0"),
    }


def test_nodes_share_the_attributes_that_are_equal() -> None:
    one, other, third = nodes_of(
        NAME + OP + ATTR, write_field(1, b"b") + OP + ATTR, write_field(1, b"c") + OP + DEVICE
    )
    assert one.attrs is other.attrs
    assert (third.attrs, third.device) == ({}, "/cpu:0")


@pytest.mark.parametrize("name", ["n" * 127, "n" * 128, "n" * 20_000, "\N{SNOWMAN}"])
def test_names_of_any_length_are_read(name: str) -> None:
    (node,) = nodes_of(write_field(1, name.encode()) + OP + ATTR)
    assert (node.name, node.op, node.value("T", "type")) == (name, "AddV2", "DT_FLOAT")


def test_a_name_that_is_no_text_is_shown() -> None:
    (node,) = nodes_of(write_field(1, b"a\xff") + OP)
    assert node.name == "a\\xff"


@pytest.mark.parametrize("node", [NAME[:-1], NAME + OP[:1], NAME + write_field(7, 3), OP + b"\x00"])
def test_what_is_no_node_is_refused(node: bytes) -> None:
    with pytest.raises(WireError):
        nodes_of(node)


def graph_of(edges: list[tuple[str, tuple[str, ...]]]) -> GraphDef:
    made = [make_node(name, "Relu", inputs, T=type_attr("DT_FLOAT")) for name, inputs in edges]
    return GraphDef(tuple(made), {}, 0, 0, ())


def test_what_depends_on_a_node_does_so_in_any_order_of_the_file() -> None:
    draw = random.Random(3)  # noqa: S311 - a graph
    edges: list[tuple[str, tuple[str, ...]]] = [("a", ()), ("b", ())]
    for place in range(40):
        names = [name for name, _ in edges]
        taken = draw.sample(names, 2)
        edges.append((f"n{place}", (taken[0], f"^{taken[1]}")))
    shuffled = draw.sample(edges, len(edges))
    for control in (False, True):
        found = depending(graph_of(edges), ["a"], control=control)
        assert found == depending(graph_of(shuffled), ["a"], control=control)
        assert 1 < len(found) < len(edges)


def test_a_cycle_is_found_behind_nodes_in_order() -> None:
    edges: list[tuple[str, tuple[str, ...]]] = [("a", ()), ("b", ("a", "c:0")), ("c", ("^b",))]
    assert sorted(cycle_of(graph_of(edges).nodes)) == ["b", "c"]
    assert cycle_of(graph_of([("a", ("a",))]).nodes) == ("a",)
    assert cycle_of(graph_of([("a", ()), ("b", ("a", "^a")), ("c", ("b:0",))]).nodes) == ()
