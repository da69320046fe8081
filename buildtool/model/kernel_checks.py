"""What kernels refuse of the nodes that a session makes them for.

Nodes of the file that it does not run may say what they like.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from buildtool.core.values import NodeRef
from buildtool.model.cpu_limits import CpuLimit
from buildtool.model.graph_checks import AT_RUN, Context
from buildtool.model.runtime_facts import RuntimeFacts
from buildtool.model.walk import Site


def check_kernels(model: str, run: Iterable[Site], context: Context) -> None:
    """Check the nodes of ``model`` that ``run`` for what no CPU kernel of the tree does."""
    limited = {limit.op for limit in context.facts.cpu_limits}
    for site in run:
        if site.node.op not in limited:
            continue
        for what, todo in limits_of(site, context.facts):
            function = site.function.name if site.function else ""
            where = NodeRef(model=model, function=function, node=site.node.name)
            hint = context.hint(site.node.name) if site.function is None else ""
            context.findings.node(where, what, f"{hint}; or {todo}" if hint else todo)


def limits_of(site: Site, facts: RuntimeFacts) -> Iterator[tuple[str, str]]:
    """What is wrong with one node for any CPU kernel, and what to do besides a rewrite."""
    for limit in facts.cpu_limits:
        if wrong := limit.forbidden(site.attrs) if limit.op == site.node.op else ():
            yield _said(limit, wrong)


def _said(limit: CpuLimit, wrong: Iterable[str]) -> tuple[str, str]:
    """What is wrong, and what to do about it besides a rewrite."""
    values = ", ".join(dict.fromkeys(wrong))
    if not limit.runs:
        return (
            f"op {limit.op} ({limit.attribute} {values}): no CPU kernel does it: {AT_RUN}",
            f"export the model without {limit.op}",
        )
    runs = " or ".join(limit.runs)
    what = (
        f"op {limit.op}: its {limit.attribute} is {values}, and its CPU kernels run {runs} only: "
        f"{AT_RUN}"
    )
    return what, f"export the model with {limit.attribute} {runs}"
