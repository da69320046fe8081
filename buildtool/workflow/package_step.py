"""The step ``package``: the slices of one target, packed together."""

from __future__ import annotations

from buildtool.config import Target, slice_targets
from buildtool.core.paths import Layout
from buildtool.core.render import to_json, write_if_changed
from buildtool.platforms import target_abi
from buildtool.products.product import Slice
from buildtool.workflow.bill import write_bill
from buildtool.workflow.kept import load_plan
from buildtool.workflow.workspace import Workspace

MANIFEST = "package"


def run(work: Workspace) -> str:
    """Pack what the slices have left in folders beside that of the target. Returns a line.

    Raises:
        BuildToolError: they cannot be packed together, or a tool is missing.
    """
    slices = [_slice(each, work.layout) for each in slice_targets(work.target)]
    lines = work.product.maker(work.target).pack(work.target, work.platform, slices, work.layout)
    write_bill(work, {each.layout: each.plan for each in slices})
    write_if_changed(work.layout.result(MANIFEST), to_json({MANIFEST: lines}))
    return "; ".join(lines)


def _slice(target: Target, whole: Layout) -> Slice:
    layout = Layout(folder=whole.folder.parent / target.id)
    return Slice(abi=target_abi(target)[1], layout=layout, plan=load_plan(layout))
