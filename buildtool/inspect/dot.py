"""The graph of a model for Graphviz: a cluster for each group, an edge for each tensor.

Weights are left out: with them, Graphviz takes minutes for a thousand nodes."""

from __future__ import annotations

from buildtool.inspect.rendered import rendered
from buildtool.inspect.scopes import ScopeTree


def dot_text(name: str, tree: ScopeTree) -> str:
    """The graph as text for ``dot``."""
    groups: dict[int, list[int]] = {place: [] for place in range(-1, len(tree.groups))}
    nodes: dict[int, list[int]] = {place: [] for place in groups}
    for place, group in enumerate(tree.groups):
        groups[group.parent].append(place)
    for place, node in enumerate(tree.nodes):
        if not node.is_weight:
            nodes[node.group].append(place)
    edges = [
        (edge, place)
        for place, node in enumerate(tree.nodes)
        for edge in node.edges
        if not (node.is_weight or tree.nodes[edge.source].is_weight)
    ]
    values = {"tree": tree, "groups_in": groups, "nodes_in": nodes, "edges": edges}
    return rendered("graph.dot.j2", name=name, **values)
