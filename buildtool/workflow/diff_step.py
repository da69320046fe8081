"""The step ``diff``: what changed since the last build, or against another target or report."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

from buildtool.answers.comparing import compare, require_growth
from buildtool.answers.saved_report import read_report
from buildtool.config import slice_targets
from buildtool.config.target_checks import COMMAND_LINE
from buildtool.core.errors import ConfigError, Problem
from buildtool.core.paths import Layout
from buildtool.core.render import to_json, write_if_changed
from buildtool.core.suggest import did_you_mean
from buildtool.core.values import Comparison
from buildtool.report.page_rendering import render_page
from buildtool.workflow.last_builds import last_report
from buildtool.workflow.workspace import Workspace

SCHEMA_VERSION = 1
NAME = "diff"
_MOST = 15


def run(work: Workspace) -> str:
    """Compare, show what changed, and keep it as text, JSON, Markdown and a page. Returns a line.

    Raises:
        ConfigError: there is nothing to compare, or what is named is no report.
        BudgetError: the program has grown by more than the command line allows.
    """
    after = _own_report(work)
    before, called = _other(work)
    here = f"{work.target.id} as it is built"
    found = compare(read_report(before), read_report(after), before=called, after=here)
    work.say(f"\n{_written(work, found)}")
    if work.grow is not None:
        require_growth(found, work.grow, where=f"{NAME}:{work.target.id}")
    where = work.layout.diff.relative_to(work.layout.folder.parent.parent)
    also = f"{where}/{NAME}.html, .md and .json"
    return f"stripped {found.grown:+,} bytes against {called}; also in {also}"


def _own_report(work: Workspace) -> Path:
    """The report of the target's build."""
    path = work.layout.report.with_suffix(".json")
    if path.is_file():
        return path
    slices = slice_targets(work.target)
    todo = f"doit build:{work.target.id}"
    if slices:
        todo = f"each ABI has a report of its own: {NAME}:{slices[0].id}, once it is built"
    what = "nothing is built yet"
    raise ConfigError(Problem(where=f"{NAME}:{work.target.id}", what=what, todo=todo))


def _other(work: Workspace) -> tuple[Path, str]:
    """The report to compare with, and what people call it."""
    where = f"{NAME}:{work.target.id}"
    if len(work.against) > 1:
        what = f"against: one report at a time can be compared, not {', '.join(work.against)}"
        raise ConfigError(Problem(where=COMMAND_LINE, what=what, todo="name one of them"))
    if not work.against:
        last = last_report(work.layout)
        if last is None:
            what = "there was no other build before this one"
            todo = "build again when something has changed, or name another with against="
            raise ConfigError(Problem(where=where, what=what, todo=todo))
        return last, "the build before"
    (name,) = work.against
    path = Path(name)
    if path.is_absolute():
        return (path / "report.json" if path.is_dir() else path), str(path)
    builds = work.layout.folder.parent
    report = Layout(folder=builds / name).report.with_suffix(".json")
    if not report.is_file():
        known = sorted(found.parent.name for found in builds.glob("*/report.json"))
        what = f"against: there is no build of a target {name!r}"
        near = did_you_mean(name, known).removeprefix("; ")
        todo = f"built here: {', '.join(known)}; a report elsewhere is named by its path"
        raise ConfigError(Problem(where=COMMAND_LINE, what=what, todo=near or todo))
    return report, name


def _written(work: Workspace, found: Comparison) -> str:
    text = render_page("diff.txt.j2", found=found, most=_MOST)
    pages = {
        "txt": text,
        "json": to_json({"schema_version": SCHEMA_VERSION, **_values(found)}),
        "html": render_page("diff.html.j2", change=found, most=_MOST, opened=True),
        "md": render_page("diff.md.j2", filters={"md": markdown}, found=found, most=_MOST),
    }
    for suffix, content in pages.items():
        write_if_changed(work.layout.diff / f"{NAME}.{suffix}", content)
    return text


def _values(found: Comparison) -> dict[str, object]:
    return {**dataclasses.asdict(found), "grown": found.grown, "same": found.same}


def markdown(text: str) -> str:
    """Text that Markdown takes as it is, also in a cell of a table."""
    return re.sub(r"([\\`*_{}\[\]<>|#~])", r"\\\1", text)
