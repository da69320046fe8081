"""The reports of the last two builds of a target, for comparing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from buildtool.core.paths import Layout
from buildtool.core.render import to_json, write_if_changed

LAST, BEFORE = "last.json", "before.json"
# What varies from run to run.
_VARYING = "timings"


def keep_report(layout: Layout) -> None:
    """Keep the report of a build that has ended; where it says something new, the one that was kept
    is that of the build before."""
    now, kept = _read(layout.report.with_suffix(".json")), layout.last / LAST
    if now is None or now == (last := _read(kept)):
        return
    if last is not None:
        write_if_changed(layout.last / BEFORE, to_json(last))
    write_if_changed(kept, to_json(now))


def last_report(layout: Layout) -> Path | None:
    """The report of the last build that differs from the report as it is now, None if there is
    none: a build that failed on its way has a report, but is none of them."""
    now = _read(layout.report.with_suffix(".json"))
    for path in (layout.last / LAST, layout.last / BEFORE):
        found = _read(path)
        if found is not None and found != now:
            return path
    return None


def _read(path: Path) -> dict[str, Any] | None:
    """A report without what varies; None if there is none, or it is damaged."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(values, dict):
        return None
    return {name: value for name, value in values.items() if name != _VARYING}
