"""How many compilers run at once."""

from __future__ import annotations

import os

# What one compiler can take of TensorFlow's largest files.
BYTES_PER_JOB = 1_500_000_000


def parallel_jobs(jobs: int | None) -> int:
    """``jobs``, or as many as cores and memory allow: 1.5 GB for each compiler."""
    if jobs:
        return jobs
    return max(1, min(len(os.sched_getaffinity(0)), free_memory() // BYTES_PER_JOB))


def free_memory() -> int:
    """Bytes of memory that nobody uses."""
    return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
