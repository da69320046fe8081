"""Which report is that of the build before."""

from __future__ import annotations

import json
from pathlib import Path

from buildtool.core.paths import Layout
from buildtool.workflow.last_builds import keep_report, last_report


def write(layout: Layout, size: int, *, seconds: int = 1) -> None:
    values = {"size": size, "timings": seconds}
    layout.report.with_suffix(".json").write_text(json.dumps(values), encoding="utf-8")


def size_before(layout: Layout) -> int | None:
    path = last_report(layout)
    return None if path is None else int(json.loads(path.read_text(encoding="utf-8"))["size"])


def test_the_build_before_is_the_last_that_said_something_else(tmp_path: Path) -> None:
    layout = Layout(folder=tmp_path)
    assert last_report(layout) is None
    keep_report(layout)  # there is no report yet
    write(layout, 1)
    keep_report(layout)
    assert size_before(layout) is None
    write(layout, 1, seconds=2)  # a build that did nothing
    keep_report(layout)
    assert size_before(layout) is None
    write(layout, 2)
    keep_report(layout)
    assert size_before(layout) == 1
    write(layout, 2, seconds=3)
    keep_report(layout)
    assert size_before(layout) == 1


def test_a_build_that_failed_on_its_way_is_compared_with_the_last_whole_one(tmp_path: Path) -> None:
    layout = Layout(folder=tmp_path)
    for size in (1, 2):
        write(layout, size)
        keep_report(layout)
    write(layout, 3)  # over its budget: the step ``build`` did not run
    assert size_before(layout) == 2


def test_damaged_files_are_none(tmp_path: Path) -> None:
    layout = Layout(folder=tmp_path)
    write(layout, 1)
    keep_report(layout)
    write(layout, 2)
    for name in ("last.json", "before.json"):
        (layout.last / name).write_text("[", encoding="utf-8")
    assert last_report(layout) is None
    keep_report(layout)
    assert last_report(layout) is None
