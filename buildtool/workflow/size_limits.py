"""The sizes that a target accepts."""

from __future__ import annotations

import dataclasses

from buildtool.config import Target
from buildtool.core.values import SizeLimit, SizeReport


def with_limits(report: SizeReport, target: Target) -> SizeReport:
    """What was measured, with what the target accepts, in the order of its keys."""
    budget = target.size_budget
    accepted = {
        "archive": budget.archive,
        "linked": budget.linked,
        "stripped": budget.stripped,
        "compressed": budget.compressed,
    }
    limits = (
        SizeLimit(name=name, most=most, where=target.where(f"size_budget.{name}"))
        for name, most in accepted.items()
        if most is not None
    )
    return dataclasses.replace(report, limits=tuple(limits))
