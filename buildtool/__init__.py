"""Builds the smallest TensorFlow library that runs a given model, and proves that it does."""

from __future__ import annotations

import os
import resource
import sys

# Bytes that the compiled code of this package takes.
_BYTECODE = 32 << 20


def _has_room() -> bool:
    """Whether Python can write what it compiles. Where a disk is full it keeps a file that is cut
    off, and fails at it for ever (``_write_atomic`` in its ``importlib``, which takes a short write
    for a whole one)."""
    limit, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
    found = os.statvfs(os.path.dirname(__file__))  # noqa: PTH120 - nothing else is loaded yet
    return limit == resource.RLIM_INFINITY and found.f_bavail * found.f_frsize > _BYTECODE


if not _has_room():
    sys.dont_write_bytecode = True
