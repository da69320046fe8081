"""The sizes that a target accepts."""

from __future__ import annotations

import dataclasses

from buildtool.config import Target
from buildtool.core.values import SizeLimit, SizeReport


def with_limits(report: SizeReport, target: Target) -> SizeReport:
    """What was measured, with what the target accepts, in the order of its keys."""
    budget = dataclasses.asdict(target.size_budget)
    limits = (
        SizeLimit(name=name, most=most, where=target.where(f"size_budget.{name}"))
        for name, most in budget.items()
        if most is not None
    )
    return dataclasses.replace(report, limits=tuple(limits))
