"""The step ``generate``: the plan becomes headers, flags and a native project."""

from __future__ import annotations

from buildtool.core.render import Renderer
from buildtool.products import dist
from buildtool.workflow.workspace import Workspace


def run(work: Workspace) -> str:
    """Write the generated files from ``plan.json``. Returns what changed, in one line."""
    plan, backend = work.plan, work.backend
    renderer = Renderer(work.layout.generated)
    backend.render(renderer, plan, work.target, work.abi)
    changed = work.product.maker(work.target).write_flags(work, renderer)
    renderer.finish()
    dist.install_models(work.models, work.layout.rewritten_models)
    count = len(renderer.changed) + changed
    placed = backend.place(lambda: work.job, plan)
    return placed or (f"{count} files changed" if count else "nothing changed")
