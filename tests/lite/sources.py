"""What only builds of TensorFlow Lite need, where this machine has it, and the apps of such."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from buildtool.core.errors import DownloadError
from buildtool.core.paths import LOCK
from buildtool.core.run import Command, run
from buildtool.sources import Cache, Progress, fetch_all, load_lock

if TYPE_CHECKING:
    from tests.conftest import Project


def build_lite(
    make_project: Callable[..., Project], root: Path, tree: Path, target: str
) -> Project:
    """A copy of the project in ``root`` that has built a target, with the sources that lie beside
    those of TensorFlow in ``tree``."""
    cache = tree.parent.parent
    _need_lite_sources(cache)
    project = make_project(root, cache=cache)
    project.doit(f"build:{target}")
    return project


def build_app(project: Project, target: str) -> Path:
    """The program of the app that was written for a target."""
    app = project.root / "apps" / target
    configured = ("cmake", "-S", str(app), "-B", str(app / "build"), "-G", "Ninja")
    for argv in (configured, ("cmake", "--build", str(app / "build"))):
        run(Command(argv=argv), what="an app")
    return app / "build" / "app"


def _need_lite_sources(cache: Path) -> None:
    """Skip the test that cannot have them."""
    names = ["flatbuffers-23.5.26", "ruy"]
    try:
        fetch_all(load_lock(LOCK), names, cache=Cache(root=cache), progress=Progress())
    except DownloadError as failure:
        pytest.skip(f"needs the sources of ruy and flatbuffers: {failure.problems[-1]}")
