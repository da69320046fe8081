"""The step ``verify``: the product holds what was planned, and computes what TensorFlow does."""

from __future__ import annotations

from buildtool.verify import require_proof
from buildtool.workflow.kept import store_result
from buildtool.workflow.reports import VERIFICATION, write_reports
from buildtool.workflow.workspace import Workspace


def run(work: Workspace) -> str:
    """Verify the product and run the models. Returns a line.

    Raises:
        VerificationError: it does not hold what the plan promised, or does not run.
    """
    maker = work.product.maker(work.target)
    report = maker.verify(work)
    store_result(work.layout, VERIFICATION, report)
    write_reports(work)
    require_proof(report)
    return maker.proved(report)
