"""What a report tells of the build before it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from buildtool.core.paths import Layout
from buildtool.core.values import Comparison
from buildtool.workflow.last_builds import keep_report
from buildtool.workflow.reports import find_change
from tests.answers.test_comparing import OLD, newer

Values = dict[str, object]


def build(layout: Layout, values: Values) -> None:
    layout.report.with_suffix(".json").write_text(json.dumps(values), encoding="utf-8")


def test_the_first_build_has_nothing_before_it(tmp_path: Path) -> None:
    layout = Layout(folder=tmp_path)
    build(layout, OLD)
    assert find_change(layout) == ""
    keep_report(layout)
    assert find_change(layout) == ""


def test_it_says_the_same_before_and_after_the_build_is_kept(tmp_path: Path) -> None:
    layout = Layout(folder=tmp_path)
    build(layout, OLD)
    keep_report(layout)
    build(layout, newer())
    found = find_change(layout)
    assert isinstance(found, Comparison)
    assert (found.grown, found.before) == (900, "the build before")
    keep_report(layout)
    assert find_change(layout) == found


@pytest.mark.parametrize(
    ("old", "why"),
    [
        ({"schema_version": 7}, "it says schema_version 7, and 1 can be read"),
        ({"schema_version": 1, "size": None}, "is of a target whose sizes were not measured"),
        (OLD | {"kernels": [1]}, "is damaged"),
    ],
)
def test_why_it_cannot_be_told(tmp_path: Path, old: Values, why: str) -> None:
    layout = Layout(folder=tmp_path)
    build(layout, old)
    keep_report(layout)
    build(layout, newer())
    assert why in str(find_change(layout))
