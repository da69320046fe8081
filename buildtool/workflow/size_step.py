"""The step ``size``: how large the product is, and whether that is within its budget."""

from __future__ import annotations

from buildtool.answers.measured_builds import keep_build, measured_build
from buildtool.report.size import require_budget
from buildtool.workflow.kept import store_result
from buildtool.workflow.reports import SIZE, write_reports
from buildtool.workflow.size_limits import with_limits
from buildtool.workflow.workspace import Workspace


def run(work: Workspace) -> str:
    """Measure, and compare with the budget. Returns a line.

    Raises:
        BudgetError: larger than the target allows.
    """
    maker = work.product.maker(work.target)
    report = with_limits(maker.measure(work), work.target)
    store_result(work.layout, SIZE, report)
    keep_build(work.cache.root, work.plan, measured_build(work.plan, report, work.abi.name))
    write_reports(work)
    require_budget(report)
    return ", ".join(f"{name} {getattr(report, name) / 1e6:.2f} MB" for name in maker.told_sizes)
