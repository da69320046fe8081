"""``python -m buildtool.sources NAME...``: fetch locked sources (all, without a name) and print
where each tree is. For scripts that prepare a machine; ``--packaged`` is for one that reaches
nothing but package archives.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from buildtool.core.errors import BuildToolError, ExitCode
from buildtool.core.paths import LOCK
from buildtool.sources import Cache, Progress, fetch_all, load_lock, with_own_copies
from buildtool.sources.lock import Debian, LockedSource, PyPI


def main(arguments: list[str]) -> int:
    """Fetch what the command line asks for; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m buildtool.sources", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="a source of the lock file")
    parser.add_argument("--lock", type=Path, default=LOCK, help="another lock file")
    parser.add_argument(
        "--packaged", action="store_true", help="all that a Debian or Python package holds"
    )
    parser.add_argument("--offline", action="store_true", help="use the cache and local paths only")
    chosen = parser.parse_args(arguments)
    try:
        lock = with_own_copies(load_lock(chosen.lock), ())
        trees = fetch_all(
            lock,
            chosen.names or [n for n in lock.sources if not chosen.packaged or _packaged(lock[n])],
            cache=Cache.of_user(),
            offline=chosen.offline,
            progress=Progress.of_process(),
        )
    except BuildToolError as failure:
        sys.stderr.write(f"{failure}\n")
        return failure.exit_code
    for tree in trees.values():
        sys.stdout.write(f"{tree.name} {tree.version} {tree.path}\n")
    return ExitCode.OK


def _packaged(source: LockedSource) -> bool:
    return any(isinstance(place.origin, Debian | PyPI) for place in source.places)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
