"""Values of attributes that an op's definition allows, and that no CPU kernel of a tree runs.

They are found at the first run, or when the kernel is made. Which there are in a tree, its sources
say: ``data/cpu_limits.yaml`` has the words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from buildtool.core.own_tables import read_table
from buildtool.core.paths import DATA
from buildtool.model.attributes import Attr

_TABLE = DATA / "cpu_limits.yaml"
_JOINT = re.compile(r'"\s*"')
_SPELLING = re.compile(r"[-_ ]")


@dataclass(frozen=True, kw_only=True)
class CpuLimit:
    """CPU kernels of ``op`` run only if ``attribute`` is one of ``runs``, or each number of its
    list is. With ``loose``, they are names whose case, hyphens and spaces do not matter."""

    op: str
    attribute: str
    runs: tuple[str, ...]
    loose: bool = False

    def forbidden(self, attrs: Mapping[str, Attr]) -> tuple[str, ...]:
        """The values of a node's attribute that do not run."""
        attr = attrs.get(self.attribute)
        value = attr.decode().value if attr is not None else None
        items = value if isinstance(value, tuple) else (value,)
        texts = (i.decode("utf-8", "replace") if isinstance(i, bytes) else i for i in items)
        runs = set(map(self._name, self.runs))
        return tuple(str(t) for t in texts if t is not None and self._name(str(t)) not in runs)

    def _name(self, value: str) -> str:
        return _SPELLING.sub("", value).lower() if self.loose else value


def read_cpu_limits(tree: Path, backend: str = "") -> tuple[CpuLimit, ...]:
    """Those of the table that hold for the tree at ``tree``, with the libraries that ``backend``
    builds for its kernels."""
    texts: dict[str, str] = {}
    found = []
    for row in read_table(_TABLE):
        if backend not in row.get("backends", (backend,)):
            continue
        said = row["says"].items()
        if any(words in _text(tree, path, texts) for path, words in said):
            runs = tuple(str(value) for value in row["runs"])
            found += [
                CpuLimit(op=op, attribute=row["attribute"], runs=runs, loose="spelling" in row)
                for op in row["ops"]
            ]
    return tuple(found)


def _text(tree: Path, path: str, known: dict[str, str]) -> str:
    if path not in known:
        file = tree / "tensorflow" / path
        text = file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""
        known[path] = _JOINT.sub("", text)
    return known[path]
