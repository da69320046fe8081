"""The reports, written anew by each step that finds something."""

from __future__ import annotations

from buildtool.answers.comparing import compare
from buildtool.answers.saved_report import read_report
from buildtool.core.errors import BudgetError, ConfigError, Problem
from buildtool.core.paths import Layout
from buildtool.core.values import Comparison, SizeReport, VerificationReport
from buildtool.report.pages import Report, write_report
from buildtool.report.size import require_budget
from buildtool.workflow.kept import load_link_set, load_result
from buildtool.workflow.last_builds import last_report
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
    report = Report(
        plan=work.plan,
        verification=load_result(work.layout, VERIFICATION, VerificationReport),
        size=size,
        problems=problems,
        linked=load_link_set(work.layout) if size else (),
        link_ways=work.product.maker(work.target).link_ways(work),
    )
    write_report(work.layout.folder, report, change=lambda: find_change(work.layout))


def find_change(layout: Layout) -> Comparison | str:
    """What changed since the build before; else why that cannot be told, empty for the first."""
    last = last_report(layout)
    if last is None:
        return ""
    try:
        old, new = read_report(last), read_report(layout.report.with_suffix(".json"))
    except ConfigError as failure:
        return "; ".join(problem.what for problem in failure.problems)
    return compare(old, new, before="the build before", after="this build")
