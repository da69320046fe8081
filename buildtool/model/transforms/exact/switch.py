"""A switch of many ways, by switches of two."""

from __future__ import annotations

import numpy as np

from buildtool.model.encoding import make_node, type_attr
from buildtool.model.graphdef import GraphDef, Node
from buildtool.model.transforms.exact.newer_ops import helper
from buildtool.model.transforms.exact.renamed_ops import redirect
from buildtool.model.transforms.transform import (
    Result,
    Setting,
    Transform,
    View,
    controls,
    plain_inputs,
)


def _apply(graph: GraphDef, setting: Setting) -> Result:
    view = View(graph, setting)
    wanted = [node for node in graph.nodes if node.op == "_SwitchN"]
    if not wanted or view.knows("_SwitchN"):
        return Result(graph)
    nodes: list[Node] = []
    moved: dict[str, str] = {}
    for node in graph.nodes:
        nodes += _chain(node, view, moved) if node.op == "_SwitchN" else (node,)
    made = graph._replace(nodes=redirect(nodes, moved))
    return Result(made, tuple(node.name for node in wanted))


def _chain(node: Node, view: View, moved: dict[str, str]) -> list[Node]:
    """``count - 1`` switches: each gives its own way, or hands on to the next."""
    count = node.value("num_outs", "int")
    data, index = plain_inputs(node)
    made: list[Node] = []
    for way in range(int(count) - 1 if isinstance(count, int) else 0):
        last = way == int(str(count)) - 2
        name = node.name if last else view.fresh(f"{node.name}/way_{way}")
        number = helper(view, node, f"number_{way}", np.array(way, np.int32))
        test = view.fresh(f"{node.name}/is_{way}")
        equal = make_node(test, "Equal", (index, number.name), T=type_attr("DT_INT32"))
        inputs = (data, equal.name, *controls(node))
        switch = make_node(name, "Switch", inputs, T=node.attrs["T"])._replace(rest=node.rest)
        made += [number, equal, switch]
        moved[f"{node.name}:{way}"] = f"{name}:1"
        data = name
    moved[f"{node.name}:{int(str(count)) - 1}"] = node.name
    return made


SWITCH = Transform(
    name="switch",
    description="`_SwitchN`, which `tf.switch_case` becomes, becomes a chain of `Switch`.",
    exact=True,
    apply=_apply,
)
