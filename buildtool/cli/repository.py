"""Which repository is built in: the folder whose ``dodo.py`` takes its tasks from this tool."""

from __future__ import annotations

import os
from pathlib import Path

from buildtool.core.paths import IMPORTED_FROM, PACKAGE

DODO = "dodo.py"
TASKS = "buildtool.cli.tasks"


def find_dodo() -> Path:
    """That file in the current folder or the nearest one above it; else that of a checkout of the
    tool, which may not be there. One beside a copy of this package belongs to that copy."""
    here = Path(os.path.abspath("."))  # noqa: PTH100 - also where the current folder is gone
    for folder in (here, *here.parents):
        own = folder / PACKAGE.name / "__main__.py"
        if not own.exists() and has_tasks(folder / DODO):
            return folder / DODO
    return IMPORTED_FROM / DODO


def has_tasks(file: Path) -> bool:
    """Whether a file is there, and takes its tasks from this tool."""
    try:
        return file.is_file() and TASKS in file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
