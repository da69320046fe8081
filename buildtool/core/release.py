"""Which release of this tool runs: what the installed package says, of a checkout, too."""

from __future__ import annotations

import importlib.metadata

DISTRIBUTION = "tensorflow-selective"
WITH_TENSORFLOW = f"pip install '{DISTRIBUTION}[tensorflow]'"
UNKNOWN = "unknown"


def tool_release() -> str:
    """Its number, or ``unknown`` in a checkout that was never installed."""
    try:
        return importlib.metadata.version(DISTRIBUTION)
    except importlib.metadata.PackageNotFoundError:
        return UNKNOWN
