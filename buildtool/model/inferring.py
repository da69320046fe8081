"""Shapes of tensors that an app feeds or fetches in the midst of a graph: TensorFlow infers them.

A placeholder says its shape, or nobody knows it. Any other tensor has the one that TensorFlow finds
when it reads the graph.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from buildtool.core.own_files import load_kept_json
from buildtool.core.run import Command, run
from buildtool.core.scratch import scratch_folder
from buildtool.core.values import TensorInfo
from buildtool.model.freezing import environment, sha256
from buildtool.model.graphdef import GraphDef
from buildtool.model.pruning import PLACEHOLDERS

_SCRIPT = "buildtool.model.infer_shapes"
_TIMEOUT = 600.0


def infer_shapes(
    tensors: Sequence[TensorInfo], graph: GraphDef, path: Path, *, cache: Path, python: str
) -> tuple[TensorInfo, ...]:
    """The tensors, each with the shape that TensorFlow infers where none is known. ``path`` is the
    graph's file. They stay as they are without ``python``, one that has TensorFlow, and where that
    does not read the graph."""
    said = {node.name for node in graph.nodes if node.op in PLACEHOLDERS}
    names = [
        each.name
        for each in tensors
        if each.shape is None and each.name.rpartition(":")[0] not in said
    ]
    if not (names and python):
        return tuple(tensors)
    found = _shapes(path, names, cache, python)
    return tuple(
        dataclasses.replace(each, shape=found[each.name]) if each.name in found else each
        for each in tensors
    )


def _as_shapes(found: Any) -> dict[str, list[int] | None]:
    """What was kept, by name. Raises ValueError if it is something else."""
    for sizes in found.values():
        if sizes is not None and not all(isinstance(size, int) for size in sizes):
            raise ValueError(sizes)
    return dict(found)


def _shapes(
    path: Path, names: Sequence[str], cache: Path, python: str
) -> dict[str, tuple[int, ...]]:
    """The shapes of those tensors whose rank can be inferred, which is done once."""
    kept = cache / "shapes" / f"{sha256(path)[:32]}.json"
    known = load_kept_json(kept, _as_shapes) or {}
    if any(name not in known for name in names):
        command = Command(argv=(python, "-m", _SCRIPT, str(path)), env=environment())
        what, asked = f"inferring shapes in {path}", json.dumps(list(names)).encode()
        done = run(command, what=what, check=False, stdin=asked, timeout=_TIMEOUT)
        if done.returncode:
            return {}
        known |= json.loads(done.stdout.splitlines()[-1])
        with scratch_folder(kept.parent, "inferring") as scratch:
            part = scratch / kept.name
            part.write_text(json.dumps(known, sort_keys=True), encoding="utf-8")
            part.replace(kept)
    return {name: tuple(shape) for name in names if (shape := known[name]) is not None}
