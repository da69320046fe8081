"""The page of a model: its figures, and its graph to look into. It opens without a network.

The graph is drawn by Cytoscape.js, which gets only what is to be seen: groups that are closed are
one node.
"""

from __future__ import annotations

from buildtool.inspect.inspection import Inspection
from buildtool.inspect.rendered import rendered
from buildtool.inspect.scopes import ScopeTree

SHOWN_LAYERS = 25


def model_page(found: Inspection, tree: ScopeTree, target: str) -> str:
    """The whole page, as HTML."""
    return rendered(
        "model.html.j2",
        found=found,
        target=target,
        layers=found.ranked_layers[:SHOWN_LAYERS],
        most=max((each.flops + each.other_flops for each in found.layers), default=0),
        data={
            "groups": tree.groups,
            "nodes": [[*node[:-1], int(node.is_weight)] for node in tree.nodes],
        },
        libraries=("cytoscape", "cytoscape-dagre"),
    )
