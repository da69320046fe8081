"""What is rare in graphs, on graphs that are written down."""

from __future__ import annotations

import pytest

from buildtool.core.values import ArgDef, OpDefinition
from buildtool.model.graphdef import GraphDef, read_graph
from buildtool.model.runtime_facts import RuntimeFacts
from buildtool.model.specs import Specs
from buildtool.model.textformat import encode
from buildtool.model.transforms import TransformOutcome, chosen_preparations, transform_graph
from buildtool.model.transforms.transform import Setting, Tree, Value

OPS = ("Placeholder", "Const", "Identity", "Add", "Merge", "NextIteration", "NoOp", "Relu")
GIVES = (ArgDef(name="y", type="DT_FLOAT"),)
TREE = Tree(Specs({name: OpDefinition(name=name, outputs=GIVES) for name in OPS}), RuntimeFacts())


def node(name: str, op: str, *inputs: str, more: str = "") -> str:
    taken = " ".join(f"input: '{each}'" for each in inputs)
    return f"node {{ name: '{name}' op: '{op}' {taken} {more} }} "


def beside(name: str) -> str:
    return f"attr {{ key: '_class' value {{ list {{ s: 'loc:@{name}' s: 'other' }} }} }}"


def graph_of(*nodes: str, more: str = "") -> GraphDef:
    return read_graph(encode("".join(nodes) + more, "GraphDef"))


def do(
    graph: GraphDef, step: str, *, first: tuple[str, ...] = (), **values: Value
) -> tuple[GraphDef, TransformOutcome | None]:
    setting = Setting(TREE, inputs=("x",), outputs=("out:0",), first=first)
    choices = chosen_preparations([step], "", {step: values})
    after, outcomes = transform_graph(graph, choices, setting)
    return after, next(iter(outcomes), None)


CHAIN = graph_of(
    node("x", "Placeholder"),
    node("deep/a", "Relu", "x:0", more=beside("deep/b")),
    node("deep/b", "Relu", "deep/a", "^deep/a"),
    node("init", "NoOp", "^deep/b"),
    node("out", "Relu", "deep/b:1", more=beside("gone")),
    more="library { function { signature { name: 'f' } node_def { name: 'deep/a' op: 'Relu' } } } "
    "versions { producer: 27 min_consumer: 12 }",
)


def test_short_names_go_everywhere_but_to_what_an_app_names() -> None:
    after, _ = do(CHAIN, "obfuscate-names", first=("init",))
    assert [(each.name, each.inputs) for each in after.nodes] == [
        ("x", ()),
        ("A", ("x:0",)),
        ("B", ("A", "^A")),
        ("init", ("^B",)),
        ("out", ("B:1",)),
    ]
    assert after.nodes[1].value("_class", "list(string)") == (b"loc:@B", b"other")
    assert after.nodes[4].value("_class", "list(string)") == (b"loc:@gone", b"other")
    assert (after.functions, after.rest) == (CHAIN.functions, CHAIN.rest)
    assert do(after, "obfuscate-names", first=("init",)) == (after, None)


def test_order_is_that_of_running_and_stays_where_it_is_right() -> None:
    upside_down = CHAIN._replace(nodes=CHAIN.nodes[::-1])
    after, _ = do(upside_down, "sort")
    assert [each.name for each in after.nodes] == ["x", "deep/a", "deep/b", "out", "init"]
    assert do(CHAIN, "sort") == (CHAIN, None)


def test_a_loop_is_in_order_and_a_circle_is_refused() -> None:
    loop = graph_of(
        node("x", "Placeholder"),
        node("merge", "Merge", "x", "next"),
        node("next", "NextIteration", "merge"),
        node("out", "Identity", "merge"),
    )
    assert do(loop, "sort") == (loop, None)
    circle = graph_of(
        node("out", "Add", "x", "a"), node("a", "Relu", "out"), node("x", "Placeholder")
    )
    after, outcome = do(circle, "sort")
    assert [each.name for each in after.nodes] == ["x", "out", "a"]
    assert outcome is not None
    assert [name for name, _ in outcome.refused] == ["out", "a"]
    assert "circle" in outcome.refused[0][1]


@pytest.mark.parametrize("step", ["remove-nodes", "fold-constants", "merge-duplicates", "strip"])
def test_steps_end_on_a_circle(step: str) -> None:
    circle = graph_of(
        node("x", "Placeholder"),
        node("a", "Identity", "b", "^c"),
        node("b", "Identity", "a"),
        node("c", "Relu", "a", "^a"),
        node("out", "Add", "x", "b"),
    )
    after, _ = do(circle, step)
    assert {"x", "out"} <= {each.name for each in after.nodes}


def test_an_op_that_does_more_than_hand_on_is_not_removed() -> None:
    after, outcome = do(CHAIN, "remove-nodes", ops=("Relu",))
    assert after is CHAIN
    assert outcome is not None
    assert dict(outcome.refused)["deep/a"].startswith("op Relu does not hand on what it takes")


def test_wishes_to_stand_beside_what_is_gone_are_gone() -> None:
    graph = graph_of(
        node("x", "Placeholder"),
        node("a", "Identity", "x"),
        node("out", "Relu", "a", more=beside("a")),
    )
    after, _ = do(graph, "remove-nodes")
    assert [(each.name, each.inputs) for each in after.nodes] == [("x", ()), ("out", ("x",))]
    assert after.nodes[1].value("_class", "list(string)") == (b"other",)


def test_without_tensorflow_nothing_is_computed() -> None:
    graph = graph_of(
        node("x", "Placeholder"),
        node("c", "Const"),
        node("sum", "Add", "c", "c"),
        node("out", "Add", "x", "sum"),
    )
    after, outcome = do(graph, "fold-constants")
    assert after is graph
    assert outcome is not None
    assert outcome.refused[0][0] == "sum"


def test_functions_that_nothing_calls_go() -> None:
    after, outcome = do(CHAIN, "strip")
    assert (after.functions, after.rest) == ({}, CHAIN.rest)
    assert outcome is not None
    assert outcome.changed == ("init", "f")
