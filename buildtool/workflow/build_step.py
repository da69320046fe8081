"""The step ``build``: all of it, the report, and the list of what is in it."""

from __future__ import annotations

from buildtool.workflow.bill import write_bill
from buildtool.workflow.last_builds import keep_report
from buildtool.workflow.reports import write_reports
from buildtool.workflow.workspace import Workspace


def run(work: Workspace) -> str:
    """Write the reports. Returns where the library is."""
    write_reports(work)
    write_bill(work, {work.layout: work.plan})
    keep_report(work.layout)
    folder = work.layout.folder
    shown = folder.relative_to(folder.parent.parent)
    return f"library in {shown}/dist, report in {shown}/report.html"
