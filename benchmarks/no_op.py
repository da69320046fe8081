"""Compare a build that has nothing to do with a ninja that has nothing to do.

Both are whole processes over the same finished target, in turns; the median counts. Run it after
``doit build:<target>``::

    python benchmarks/no_op.py pi
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REPETITIONS = 15


def seconds(argv: list[str]) -> float:
    """The wall time of a process, which must end well."""
    started = time.monotonic()
    subprocess.run(argv, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - started


def main() -> None:
    """Measure, and print the medians and their ratio."""
    target = sys.argv[1] if len(sys.argv) > 1 else "pi"
    ours = [sys.executable, "-m", "doit", f"build:{target}"]
    ninja = ["ninja", "-C", str(ROOT / "build" / target / "native")]
    seconds(ours), seconds(ninja)
    times = [(seconds(ours), seconds(ninja)) for _ in range(REPETITIONS)]
    build, peer = (statistics.median(column) for column in zip(*times, strict=True))
    sys.stdout.write(
        f"doit build:{target}  {build:.3f} s\nninja  {peer:.3f} s\nratio  {build / peer:.1f}\n"
    )


if __name__ == "__main__":
    main()
