"""What every transform is given, and when those that nobody asked for are tried."""

from __future__ import annotations

import pytest

from buildtool.model.encoding import string_attr
from buildtool.model.graphdef import GraphDef, read_graph
from buildtool.model.rewriting import RewrittenGraph
from buildtool.model.runtime_facts import RuntimeFacts
from buildtool.model.specs import Specs
from buildtool.model.textformat import encode
from buildtool.model.transforms import Choice, transform_graph
from buildtool.model.transforms.transform import Result, Setting, Transform, Tree

GRAPH = read_graph(encode("node { name: 'x' op: 'NoOp' }", "GraphDef"))
SETTING = Setting(Tree(Specs({}), RuntimeFacts()))


def write_word(graph: GraphDef, setting: Setting) -> Result:
    """Write its parameters into every node."""
    text = " ".join(str(setting.parameters[name]) for name in ("word", "times"))
    attr = string_attr(text.encode())
    nodes = tuple(node._replace(attrs={"said": attr}) for node in graph.nodes)
    return Result(graph._replace(nodes=nodes), tuple(node.name for node in nodes))


WORD = Transform(
    name="word",
    description="Each node says a word.",
    exact=False,
    apply=write_word,
    parameters={"word": "hello", "times": 1},
)


@pytest.mark.parametrize(
    ("values", "said"), [({}, b"hello 1"), ({"times": 3}, b"hello 3"), ({"word": "bye"}, b"bye 1")]
)
def test_a_parameter_has_its_usual_value_or_the_chosen_one(
    values: dict[str, str | int], said: bytes
) -> None:
    after, (outcome,) = transform_graph(GRAPH, [Choice(WORD, values)], SETTING)
    assert after.nodes[0].value("said", "string") == said
    assert (outcome.transform, outcome.changed, outcome.refused) == ("word", ("x",), ())


def test_what_nobody_asked_for_is_tried_only_to_give_a_hint() -> None:
    tried = []

    def apply(graph: GraphDef, setting: Setting) -> Result:
        del setting
        tried.append(graph)
        return Result(graph, ("x",))

    other = Transform(name="other", description="", exact=True, apply=apply)
    found = RewrittenGraph(graph=GRAPH, done=(), others=(Choice(other),), setting=SETTING)
    assert (found.notes, tried) == ((), [])
    assert found.hint("x") == "add 'other' to the target's rewrites"
    assert (found.hint("y"), tried) == ("", [GRAPH])
