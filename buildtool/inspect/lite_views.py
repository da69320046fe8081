"""What was found in a ``.tflite`` model, as text, as JSON, as a page and as a graph for Graphviz.

The JSON, ``schema_version`` 1, has the ``format`` and the fields of
:class:`~buildtool.inspect.lite_inspection.LiteInspection`; sizes are bytes.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

from buildtool.core.render import to_json, write_if_changed
from buildtool.inspect.dot import dot_text
from buildtool.inspect.lite_graph import quantization_words
from buildtool.inspect.lite_inspection import LiteInspection
from buildtool.inspect.rendered import rendered
from buildtool.inspect.scopes import ScopeTree
from buildtool.inspect.views import SCHEMA_VERSION, SHOWN_OPS

FORMAT = "TensorFlow Lite model"


def lite_summary(found: LiteInspection, target: str) -> str:
    """What the terminal shows."""
    return _render("lite_summary.txt.j2", found, target)


def write_lite_views(
    folder: Path, name: str, found: LiteInspection, tree: ScopeTree, *, target: str
) -> None:
    """Write all of it into ``folder``, as files that are called ``name``."""
    head = {"schema_version": SCHEMA_VERSION, "target": target, "format": FORMAT}
    write_if_changed(folder / f"{name}.json", to_json({**head, **dataclasses.asdict(found)}))
    write_if_changed(folder / f"{name}.txt", _render("lite.txt.j2", found, target))
    write_if_changed(folder / f"{name}.dot", dot_text(found.name, tree))
    page = rendered(
        "lite.html.j2",
        found=found,
        target=target,
        format=FORMAT,
        words=quantization_words,
        data={
            "groups": tree.groups,
            "nodes": [[*node[:-1], int(node.is_weight)] for node in tree.nodes],
        },
        libraries=("cytoscape", "cytoscape-dagre"),
    )
    write_if_changed(folder / f"{name}.html", page)


def _render(template: str, found: LiteInspection, target: str) -> str:
    return rendered(
        template,
        found=found,
        target=target,
        format=FORMAT,
        words=quantization_words,
        shown_ops=SHOWN_OPS,
    )
