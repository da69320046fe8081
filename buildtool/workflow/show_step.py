"""The step ``show``: a target as it is after all files are read, and where each value is from."""

from __future__ import annotations

from buildtool.config import Target
from buildtool.config.shown_target import shown_keys, unread_sections
from buildtool.core.render import to_json, write_if_changed
from buildtool.report.page_rendering import render_page
from buildtool.workflow.workspace import Workspace

SCHEMA_VERSION = 1
NAME = "target"
# Longer lines do not push the places of all others to the right.
_WIDEST = 60


def written(target: Target) -> str:
    """The target as a file, each value with where it is from behind it."""
    keys = shown_keys(target)
    width = max(len(key.text) for key in keys if len(key.text) <= _WIDEST)
    left_out = unread_sections(target)
    return render_page("target.txt.j2", keys=keys, width=width, left_out=left_out)


def run(work: Workspace) -> str:
    """Show the target as one file that says all, and keep it so and as JSON. Returns a line."""
    keys, text = shown_keys(work.target), written(work.target)
    work.say(f"\n{text}")
    values = [
        {"key": key.key, "value": key.value, "from": key.origin}
        for key in keys
        if not key.is_section
    ]
    found = {"schema_version": SCHEMA_VERSION, "target": work.target.id, "keys": values}
    write_if_changed(work.layout.show / f"{NAME}.yaml", text)
    write_if_changed(work.layout.show / f"{NAME}.json", to_json(found))
    where = work.layout.show.relative_to(work.layout.folder.parent.parent)
    return f"{len(values)} keys; also in {where}/{NAME}.yaml and .json"
