"""What only builds of TensorFlow Lite need, where this machine has it."""

from __future__ import annotations

from pathlib import Path

import pytest

from buildtool.core.errors import DownloadError
from buildtool.core.paths import LOCK
from buildtool.sources import Cache, Progress, fetch_all, load_lock


def need_lite_sources(cache: Path) -> None:
    """Skip the test that cannot have them."""
    names = ["flatbuffers-23.5.26", "ruy"]
    try:
        fetch_all(load_lock(LOCK), names, cache=Cache(root=cache), progress=Progress())
    except DownloadError as failure:
        pytest.skip(f"needs the sources of ruy and flatbuffers: {failure.problems[-1]}")
