"""Batched matrix products that broadcast, to those that do not."""

from __future__ import annotations

from buildtool.model.graphdef import Node
from buildtool.model.transforms.exact.newer_ops import element_type
from buildtool.model.transforms.transform import View, full, node_transform, plain_inputs, renamed


def _batch_matmul(node: Node, view: View) -> tuple[Node, ...] | str | None:
    if view.knows(node.op):
        return None
    fault = _broadcasts(node, view)
    if fault:
        return fault
    made = renamed(node, "BatchMatMul", without=("grad_x", "grad_y"))
    if node.op == "BatchMatMulV3":
        kinds = {element_type(node, name) for name in ("Ta", "Tb", "Tout")}
        if len(kinds) != 1:
            return "its types differ, and BatchMatMul has one for all"
        attrs = {name: attr for name, attr in made.attrs.items() if not name.startswith("T")}
        made = made._replace(attrs={**attrs, "T": node.attrs["Ta"]})
    return (made,)


def _broadcasts(node: Node, view: View) -> str:
    """Why broadcasting cannot be ruled out, empty if it can."""
    left, right = plain_inputs(node)
    if full(left) == full(right):
        return ""
    a, b = view.shapes[left], view.shapes[right]
    if a is None or b is None:
        return "the ranks of its inputs are not known, so it may broadcast; BatchMatMul does not"
    if len(a) != len(b):
        return f"it broadcasts a rank of {min(len(a), len(b))} to {max(len(a), len(b))}"
    if a[:-2] != b[:-2]:
        return "its batch dimensions are not known to be the same, so it may broadcast"
    return ""


BATCH_MATMUL = node_transform(
    "batch-matmul",
    "`BatchMatMulV2` and `V3` become `BatchMatMul`, where the shapes show that nothing is "
    "broadcast.",
    ["BatchMatMulV2", "BatchMatMulV3"],
    _batch_matmul,
)
