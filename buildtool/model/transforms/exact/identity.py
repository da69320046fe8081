"""An identity of several tensors, by one for each."""

from __future__ import annotations

from buildtool.model.encoding import make_node, type_attr
from buildtool.model.graphdef import GraphDef, Node
from buildtool.model.specs import type_list
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
    wanted = [node for node in graph.nodes if node.op == "IdentityN"]
    if not wanted or view.knows("IdentityN"):
        return Result(graph)
    moved: dict[str, str] = {}
    made = {node.name: _parts(node, view, moved) for node in wanted if not _is_last(node, view)}
    nodes = [part for node in graph.nodes for part in made.get(node.name, [node])]
    reason = "several of its outputs may be the model's, and only one could keep the name"
    return Result(
        graph._replace(nodes=redirect(nodes, moved)),
        tuple(made),
        tuple((node.name, reason) for node in wanted if node.name not in made),
    )


def _is_last(node: Node, view: View) -> bool:
    """Has it several outputs, none of which anybody takes?"""
    count = len(plain_inputs(node))
    return count > 1 and not any(view.consumers.get(f"{node.name}:{i}") for i in range(count))


def _parts(node: Node, view: View, moved: dict[str, str]) -> list[Node]:
    made = []
    for port, source in enumerate(plain_inputs(node)):
        if port and not view.consumers.get(f"{node.name}:{port}"):
            continue
        name = view.fresh(f"{node.name}/output_{port}") if port else node.name
        kind = type_attr((type_list(node.attrs.get("T")) or ())[port])
        made.append(make_node(name, "Identity", (source, *controls(node)), T=kind))
        moved[f"{node.name}:{port}"] = name
    return made


IDENTITY = Transform(
    name="identity",
    description="`IdentityN` becomes an `Identity` for each of its tensors.",
    exact=True,
    apply=_apply,
)
