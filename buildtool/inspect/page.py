"""The page of a model: its figures, and its graph to look into. It opens without a network.

The graph is drawn by Cytoscape.js (``buildtool/data/viewer``), which gets only what is to be seen:
groups that are closed are one node.
"""

from __future__ import annotations

import json

from buildtool.core.paths import DATA
from buildtool.inspect.inspection import Inspection
from buildtool.inspect.rendered import rendered
from buildtool.inspect.scopes import ScopeTree

_VIEWER = DATA / "viewer"
_SCRIPTS = ("cytoscape.min.js", "cytoscape-dagre.min.js")
SHOWN_LAYERS = 25


def model_page(found: Inspection, tree: ScopeTree, target: str) -> str:
    """The whole page, as HTML."""
    return rendered(
        "page.html.j2",
        found=found,
        target=target,
        layers=found.ranked_layers[:SHOWN_LAYERS],
        most=max((each.flops + each.other_flops for each in found.layers), default=0),
        graph=_data(tree),
        scripts=[(_VIEWER / name).read_text(encoding="utf-8") for name in _SCRIPTS],
    )


def _data(tree: ScopeTree) -> str:
    """The graph for the page's script; no name in it can end the script's element."""
    values = {
        "groups": tree.groups,
        "nodes": [[*node[:-1], int(node.is_weight)] for node in tree.nodes],
    }
    text = json.dumps(values, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c")
