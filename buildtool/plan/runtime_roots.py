"""What the runtime of a release cannot start without: facts in ``data/runtime.yaml``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from buildtool.core.decode import from_json
from buildtool.core.errors import ConfigError, Problem
from buildtool.core.own_tables import read_table
from buildtool.core.paths import DATA
from buildtool.core.version_numbers import numbers, series
from buildtool.plan.build_plan import RuntimeRoot

TABLE = DATA / "runtime.yaml"
LITE_TABLE = DATA / "lite.yaml"


def runtime_roots(version: str, *, runtime: str = "full", data: Path = TABLE) -> list[RuntimeRoot]:
    """The files that register what this version of TensorFlow (``2.14.1``) needs as a ``runtime``,
    a value of that key: most are for graphs, which only the full one runs. Its own series
    (``2.14``) counts first, else its major version, whose entries may hold from one release on
    (``since``) or up to one (``until``).

    Raises:
        ConfigError: nobody has found out yet what this version needs.
    """
    table: Mapping[str, list[dict[str, Any]]] = read_table(data)
    own = series(version)
    entries = table.get(own, table.get(own.split(".", maxsplit=1)[0]))
    if entries is None:
        raise _not_known(version, "runtime cannot start without", table, data)
    return [
        RuntimeRoot(path=root["path"], reason=root["reason"], ops=tuple(root.get("ops", ())))
        for root in entries
        if numbers(root.get("since", "0")) <= numbers(own) <= numbers(root.get("until", "99"))
        and runtime in root.get("runtimes", ("full",))
    ]


@dataclass(frozen=True, kw_only=True)
class LiteFacts:
    """What is written down of a release's TensorFlow Lite: the files that an app calls, and the ops
    whose kernels cannot be linked, with the reason."""

    roots: tuple[RuntimeRoot, ...]
    lacking: Mapping[str, str]


def lite_facts(version: str) -> LiteFacts:
    """The facts on this version of TensorFlow (``2.14.1``).

    Raises:
        ConfigError: nobody has found out yet what this version needs.
    """
    table = read_table(LITE_TABLE)
    own = series(version)
    if own not in table:
        raise _not_known(version, "TensorFlow Lite needs", table, LITE_TABLE)
    return from_json(LiteFacts, table[own])


def _not_known(version: str, what: str, table: Iterable[str], data: Path) -> ConfigError:
    """A release that is not in the table of a file."""
    return ConfigError(
        Problem(
            where=f"TensorFlow {version}",
            what=f"nobody has found out yet what this version's {what}",
            todo=f"known are {', '.join(sorted(table))}; add {series(version)!r} to {data.name}",
        )
    )
