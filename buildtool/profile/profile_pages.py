"""A profile for people (text, a page with pictures), for programs (JSON), and for viewers of
traces (``chrome://tracing``, Perfetto).

The times are measurements: they differ from run to run, and so do these files.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from buildtool.core.render import to_json, write_if_changed
from buildtool.profile.model_profile import Measured, ModelProfile, profile_values
from buildtool.profile.node_times import cumulated, slowest
from buildtool.profile.side_by_side import Comparison, compare_profiles
from buildtool.profile.step_stats import NodeRun
from buildtool.report.page_rendering import render_page

SHOWN = 10
COLOURS = 6  # of the ops that take most time; the others are grey
WIDTH = 1000.0  # of the picture of one run, in its own units


@dataclass(frozen=True, kw_only=True)
class Bar:
    """A node in the picture of one run. ``colour`` counts from 1; 0 is that of other ops."""

    node: NodeRun
    lane: int
    left: float
    width: float
    colour: int


def write_profile(folder: Path, measured: Measured, others: Sequence[ModelProfile]) -> str:
    """Write the files of a profile into ``folder``, compared with ``others``. Returns a short
    text."""
    profile = measured.profile
    comparison = compare_profiles((profile, *others)) if others else None
    bars = tuple(picture(measured))
    contents = {
        "json": to_json(profile_values(profile)),
        "txt": _render("profile.txt.j2", profile, comparison, short=False),
        "html": _render("profile.html.j2", profile, comparison, short=False, bars=bars),
        "trace.json": json.dumps(_trace(measured), indent=1) + "\n",
    }
    for suffix, content in contents.items():
        write_if_changed(folder / f"{profile.model}.{suffix}", content)
    return _render("profile.txt.j2", profile, comparison, short=True)


def _render(
    template: str,
    profile: ModelProfile,
    comparison: Comparison | None,
    *,
    short: bool,
    bars: Sequence[Bar] = (),
) -> str:
    return render_page(
        template,
        filters={"cumulated": cumulated},
        profile=profile,
        slowest=slowest(profile.nodes),
        comparison=comparison,
        short=short,
        shown=SHOWN,
        bars=bars,
        lanes=1 + max((bar.lane for bar in bars), default=0),
        width=WIDTH,
        coloured=[each.op for each in profile.ops[:COLOURS]],
    )


def picture(measured: Measured) -> Iterator[Bar]:
    """The nodes of one run as bars, those that ran at the same time in lanes of their own: not
    every release says in which thread a node ran."""
    colours = {each.op: place for place, each in enumerate(measured.profile.ops[:COLOURS], 1)}
    nodes = sorted(measured.timeline, key=lambda node: (node.start, node.time))
    length = max((node.start + node.time for node in nodes), default=0.0) or 1.0
    ends: list[float] = []
    for node in nodes:
        lane = next((place for place, end in enumerate(ends) if end <= node.start), len(ends))
        ends[lane : lane + 1] = [node.start + node.time]
        yield Bar(
            node=node,
            lane=lane,
            left=WIDTH * node.start / length,
            width=WIDTH * node.time / length,
            colour=colours.get(node.op, 0),
        )


def _trace(measured: Measured) -> dict[str, Any]:
    """Chrome's format ("Trace Event Format", complete events), with times in microseconds."""
    events = [
        {
            "name": bar.node.op,
            "cat": "op",
            "ph": "X",
            "pid": 0,
            "tid": bar.lane,
            "ts": bar.node.start,
            "dur": bar.node.time,
            "args": {"node": bar.node.name, "bytes": bar.node.memory},
        }
        for bar in picture(measured)
    ]
    return {"displayTimeUnit": "ns", "traceEvents": events}
