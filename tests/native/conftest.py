"""What the tests of the native backend share: libraries that were built before."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="session")
def built_pi() -> Path:
    """The folder ``build/pi``, with a library for armhf in it."""
    folder = Path(os.environ.get("BUILDTOOL_TEST_BUILD") or PROJECT / "build") / "pi"
    if not (folder / "verification.json").is_file():
        pytest.skip("needs a built library: doit build:pi, or set BUILDTOOL_TEST_BUILD")
    return folder
