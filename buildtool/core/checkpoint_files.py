"""The files of a checkpoint, found by any of them: the values of variables, and the graph.

A saver of TensorFlow writes ``PREFIX.index`` and ``PREFIX.data-00000-of-00001`` (before 0.12 one
file, ``PREFIX``), and the graph as ``PREFIX.meta``; ``tf.train.write_graph`` writes one as
``graph.pbtxt``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_PART = re.compile(r"\.(meta|index|data-\d+-of-\d+)$")


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """``values`` are the files of the variables; ``graph`` is None where there is none."""

    prefix: Path
    values: tuple[Path, ...]
    graph: Path | None

    @property
    def files(self) -> tuple[Path, ...]:
        """All that is there."""
        return (*self.values, self.graph) if self.graph else self.values


def find_checkpoint(path: Path) -> Checkpoint | None:
    """The checkpoint that ``path`` names: its prefix, or one of its files."""
    prefix = path.with_name(_PART.sub("", path.name))
    values = _beside(prefix, ".index") + sorted(prefix.parent.glob(f"{prefix.name}.data-*"))
    if len(values) < 2:
        values = [prefix] if prefix.is_file() and prefix != path else []
        values = values or ([prefix] if _beside(prefix, ".meta") and prefix.is_file() else [])
    if not values:
        return None
    graphs = [
        *(each for end in (".meta", ".pbtxt", ".pb") for each in _beside(prefix, end)),
        *(prefix.parent / name for name in ("graph.pbtxt", "graph.pb")),
    ]
    graph = next((each for each in graphs if each.is_file()), None)
    return Checkpoint(prefix=prefix, values=tuple(values), graph=graph)


def _beside(prefix: Path, end: str) -> list[Path]:
    path = prefix.with_name(prefix.name + end)
    return [path] if path.is_file() else []
