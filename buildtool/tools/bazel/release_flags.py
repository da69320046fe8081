"""Settings as the flags that a Bazel release knows: ``flags`` in ``data/bazel.yaml``."""

from __future__ import annotations

from collections.abc import Mapping

from buildtool.core.errors import Problem, ToolError
from buildtool.tools.bazel.versions import newest_row, table


def flags(version: str, settings: Mapping[str, str | int]) -> tuple[str, ...]:
    """The flags for ``settings`` (``{"http_cache": "http://...", "jobs": 4}``), in their order.

    Raises:
        ToolError: this Bazel has no flag for one of them; all such settings.
    """
    known = table()["flags"]
    rows = {name: newest_row(known[name], "bazel", version) for name in settings}
    problems = [
        Problem(
            where=f"Bazel {version}",
            what=f"has no flag for {name!r} that is known here",
            todo=f"leave {name} out, or take Bazel {known[name][0]['bazel']} or newer",
        )
        for name, row in rows.items()
        if row is None
    ]
    if problems:
        raise ToolError(problems)
    return tuple(
        str(row["write"]).format(str(settings[name]).removeprefix(str(row.get("drop", ""))))
        for name, row in rows.items()
        if row is not None
    )
