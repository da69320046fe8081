"""``doit clean``: what steps wrote goes away."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from buildtool.cli.steps import Step
from buildtool.sources.cache import Cache


def clean_step(step: Step, folder: Path, files: Sequence[str]) -> None:
    """Remove what a step wrote, also if it is in the cache because of the folder's name."""
    for name in files:
        (folder / name).unlink(missing_ok=True)
    for name in step.own_folders():
        beside = Cache.of_user().instead_of(folder / name)
        for place in (folder / name, *([beside] if beside.is_dir() else ())):
            _remove(place)


def _remove(folder: Path) -> None:
    """Remove a folder; some builds take away the permission to write in what they have made."""
    shutil.rmtree(folder, ignore_errors=True)
    for path in (folder, *folder.rglob("*")):
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o755)
    shutil.rmtree(folder, ignore_errors=True)
