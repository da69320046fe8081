"""Where the parts of this project stand."""

from __future__ import annotations

from pathlib import Path

# The checkout: the folder that holds dodo.py, targets/, templates/ and this package.
PROJECT = Path(__file__).resolve().parents[2]
PACKAGE = PROJECT / "buildtool"
DATA = PACKAGE / "data"
TARGETS = PROJECT / "targets"
TEMPLATES = PROJECT / "templates"
RUNNER = PROJECT / "runner" / "runner.cc"
LOCK = DATA / "sources.lock.yaml"
