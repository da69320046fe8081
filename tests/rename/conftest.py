"""What the tests of renaming share: sources of two releases of protobuf."""

from __future__ import annotations

from pathlib import Path

import pytest

from buildtool.errors import DownloadError
from buildtool.sources import Cache, Progress, fetch_all, load_lock
from buildtool.sources.__main__ import LOCK

OLD, NEW = "protobuf-3.5.0", "protobuf-3.21.12"


def _cached(name: str) -> Path:
    try:
        trees = fetch_all(
            load_lock(LOCK),
            [name],
            cache=Cache.of_user(),
            offline=True,
            progress=Progress.of_process(),
        )
    except DownloadError:
        pytest.skip(f"needs the sources of {name}: python -m buildtool.sources {name}")
    return trees[name].path


@pytest.fixture(scope="session")
def old_protobuf() -> Path:
    """The sources of protobuf 3.5.0, the one that generated code in namespaces of file names."""
    return _cached(OLD)


@pytest.fixture(scope="session")
def new_protobuf() -> Path:
    """The sources of protobuf 3.21.12, the one that has port_def.inc and descriptor tables."""
    return _cached(NEW)
