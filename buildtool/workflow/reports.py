"""The reports, written anew by each step that finds something."""

from __future__ import annotations

from buildtool.core.errors import BudgetError, Problem
from buildtool.core.values import SizeReport, VerificationReport
from buildtool.report.pages import Report, write_report
from buildtool.report.size import require_budget
from buildtool.workflow.kept import load_result
from buildtool.workflow.workspace import Workspace

VERIFICATION, SIZE = "verification", "size"


def write_reports(work: Workspace) -> None:
    """Write the reports from what the steps so far have found."""
    size = load_result(work.layout, SIZE, SizeReport)
    problems: tuple[Problem, ...] = ()
    if size:
        try:
            require_budget(size)
        except BudgetError as failure:
            problems = tuple(failure.problems)
    write_report(
        work.layout.folder,
        Report(
            plan=work.plan,
            verification=load_result(work.layout, VERIFICATION, VerificationReport),
            size=size,
            problems=problems,
        ),
    )
