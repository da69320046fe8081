"""What a process costs, with its children."""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What a process took with its children: CPU and wall time in seconds, memory of the largest
    of them in MB."""

    user: float
    system: float
    wall: float
    peak: float


def measure(argv: Sequence[str], env: Mapping[str, str] = MappingProxyType({})) -> Cost:
    """Run a process to its end, and give its cost; it must end well."""
    started = time.monotonic()
    process = os.posix_spawn(
        argv[0],
        argv,
        {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "", **env},
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
            (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
        ],
    )
    _, status, usage = os.wait4(process, 0)
    if status:
        sys.exit(f"failed: {' '.join(argv)}")
    return Cost(
        user=usage.ru_utime,
        system=usage.ru_stime,
        wall=time.monotonic() - started,
        peak=usage.ru_maxrss / 1024,
    )


def median(costs: Sequence[Cost]) -> Cost:
    """Each quantity's median."""
    rows = [asdict(cost) for cost in costs]
    return Cost(**{name: statistics.median(row[name] for row in rows) for name in rows[0]})
