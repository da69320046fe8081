"""Explicit paddings of convolutions, done by an op before them."""

from __future__ import annotations

import numpy as np

from buildtool.model.encoding import make_node, string_attr
from buildtool.model.graphdef import Node
from buildtool.model.transforms.exact.newer_ops import helper
from buildtool.model.transforms.transform import View, node_transform


def _padding(node: Node, view: View) -> tuple[Node, ...] | str | None:
    spec = view.tree.specs[node.op]
    known = spec is None or spec.is_open or "explicit_paddings" in spec.attrs
    if known or node.value("padding", "string") != b"EXPLICIT":
        return None
    sizes = node.value("explicit_paddings", "list(int)")
    if not isinstance(sizes, tuple) or len(sizes) != 8:
        return "its explicit paddings are not four pairs"
    image, *others = node.inputs
    amounts = helper(view, node, "paddings", np.array(sizes, np.int32).reshape(4, 2))
    padded = make_node(
        view.fresh(f"{node.name}/padded"), "Pad", (image, amounts.name), T=node.attrs["T"]
    )
    attrs = {name: attr for name, attr in node.attrs.items() if name != "explicit_paddings"}
    attrs["padding"] = string_attr(b"VALID")
    return amounts, padded, node._replace(inputs=(padded.name, *others), attrs=attrs)


EXPLICIT_PADDINGS = node_transform(
    "explicit-paddings",
    "`Conv2D` and `DepthwiseConv2dNative` with explicit paddings become a `Pad` and the same "
    "without padding.",
    ["Conv2D", "DepthwiseConv2dNative"],
    _padding,
)
