"""Attributes that a node leaves out, written down."""

from __future__ import annotations

from buildtool.model.graphdef import Node
from buildtool.model.transforms.transform import View, node_transform


def _add(node: Node, view: View) -> tuple[Node, ...] | None:
    spec = view.tree.specs[node.op]
    if spec is None:
        return None
    missing = {
        name: attr.default
        for name, attr in spec.attrs.items()
        if attr.default is not None and name not in node.attrs
    }
    return (node._replace(attrs={**node.attrs, **missing}),) if missing else None


ADD_DEFAULT_ATTRIBUTES = node_transform(
    "add-default-attributes",
    "Attributes that a node leaves out are written down, as the tree's definition of its op has "
    "them, for tools that do not know the definitions.",
    (),
    _add,
)
