"""The two tables of a profile: times by node, and by op.

The arithmetic is that of ``StatsCalculator`` (``tensorflow/tsl/util/stats_calculator.cc`` of 2.14),
which ``benchmark_model`` prints, but for one thing: it drops the fractions of microseconds, of
which small models are made.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from buildtool.profile.step_stats import NodeRun


@dataclass(frozen=True, kw_only=True)
class NodeTimes:
    """A node in all traced runs, in milliseconds: ``start`` after the start of the run on average,
    ``first`` the first time that it was called, ``average`` of all calls. ``share`` is percent of
    the time of all nodes; ``memory`` is bytes of the last call; ``calls`` are those of one run."""

    name: str
    op: str
    start: float
    first: float
    average: float
    share: float
    memory: int
    calls: int


@dataclass(frozen=True, kw_only=True)
class OpTimes:
    """All nodes of an op: how many there are, and what they take in one run."""

    op: str
    nodes: int
    average: float
    share: float
    memory: int
    calls: int


Times = TypeVar("Times", NodeTimes, OpTimes)


def node_times(runs: Sequence[Sequence[NodeRun]]) -> tuple[NodeTimes, ...]:
    """The nodes in the order in which they were run first."""
    called: dict[str, list[NodeRun]] = {}
    for run in runs:
        for node in run:
            called.setdefault(node.name, []).append(node)
    total = sum(node.time for run in runs for node in run)
    return tuple(
        NodeTimes(
            name=name,
            op=calls[0].op,
            start=statistics.fmean(call.start for call in calls) / 1000,
            first=calls[0].time / 1000,
            average=statistics.fmean(call.time for call in calls) / 1000,
            share=_percent(sum(call.time for call in calls), total),
            memory=calls[-1].memory,
            calls=len(calls) // len(runs),
        )
        for name, calls in called.items()
    )


def op_times(runs: Sequence[Sequence[NodeRun]]) -> tuple[OpTimes, ...]:
    """The ops, the one that takes most time first."""
    by_op: dict[str, list[NodeTimes]] = {}
    for node in node_times(runs):
        by_op.setdefault(node.op, []).append(node)
    taken: dict[str, float] = dict.fromkeys(by_op, 0.0)
    for run in runs:
        for call in run:
            taken[call.op] = taken.get(call.op, 0.0) + call.time
    found = (
        OpTimes(
            op=op,
            nodes=len(nodes),
            average=taken[op] / len(runs) / 1000,
            share=_percent(taken[op], sum(taken.values())),
            memory=sum(node.memory for node in nodes),
            calls=sum(node.calls for node in nodes),
        )
        for op, nodes in by_op.items()
    )
    return tuple(sorted(found, key=lambda each: (-each.average, each.op)))


def slowest(nodes: Iterable[NodeTimes]) -> tuple[NodeTimes, ...]:
    """The node that takes most time in a run first."""
    return tuple(sorted(nodes, key=lambda node: (-node.share, node.name)))


def cumulated(items: Iterable[Times]) -> Iterator[tuple[Times, float]]:
    """Each with the percent that it and those before it take."""
    share = 0.0
    for item in items:
        share += item.share
        yield item, share


def _percent(part: float, whole: float) -> float:
    return 100 * part / whole if whole else 0.0
