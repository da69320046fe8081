"""Tensors of a graph that depend on no input: TensorFlow computes them, once each."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from buildtool.core.errors import BuildError
from buildtool.core.own_files import load_kept
from buildtool.core.run import Command, run
from buildtool.core.scratch import scratch_folder
from buildtool.model.encoding import write_graph
from buildtool.model.freezing import environment
from buildtool.model.graphdef import GraphDef
from buildtool.model.pruning import node_of, without_gone
from buildtool.model.tensors import Array
from buildtool.model.transforms.transform import Evaluate

_SCRIPT = "buildtool.model.evaluate_tensors"
_TIMEOUT = 600.0


def evaluator(*, cache: Path, python: str) -> Evaluate:
    """What computes tensors for transforms, in a process of ``python``, which has TensorFlow; all
    of one call in one process. What was computed is kept in ``cache``. A tensor that TensorFlow
    does not compute, or not within ten minutes, is not among the values."""

    def evaluate(graph: GraphDef, names: Sequence[str]) -> Mapping[str, Array]:
        if not names:
            return {}
        part, listed = write_graph(needed_part(graph, names)), json.dumps(list(names))
        script = Path(__file__).with_name("evaluate_tensors.py").read_bytes()
        key = hashlib.sha256(b"\0".join([script, listed.encode(), part])).hexdigest()[:32]
        file = cache / "values" / f"{key}.npz"
        found = load_kept(lambda: _values(file, names))
        if found is None:
            _compute(part, listed, file, python)
            found = load_kept(lambda: _values(file, names))
        return found or {}

    return evaluate


def _values(file: Path, names: Sequence[str]) -> dict[str, Array]:
    with np.load(file, allow_pickle=False) as values:
        return {name: values[str(i)] for i, name in enumerate(names) if str(i) in values}


def _compute(part: bytes, listed: str, file: Path, python: str) -> None:
    with scratch_folder(file.parent, "computing") as scratch:
        graph, names, values = (scratch / name for name in ("graph.pb", "names", "values"))
        graph.write_bytes(part)
        names.write_text(listed, encoding="utf-8")
        argv = (python, "-m", _SCRIPT, str(graph), str(names), str(values))
        command = Command(argv=argv, env=environment())
        try:
            done = run(command, what="computing constants", check=False, timeout=_TIMEOUT)
        except BuildError:  # it took too long
            return
        if not done.returncode:
            values.replace(file)


def needed_part(graph: GraphDef, names: Sequence[str]) -> GraphDef:
    """The part of a graph that gives these tensors, without what it waits for."""
    nodes = {node.name: node for node in graph.nodes}
    needed: set[str] = set()
    waiting = list(map(node_of, names))
    while waiting:
        name = waiting.pop()
        if name in nodes and name not in needed:
            needed.add(name)
            waiting += [node_of(each) for each in nodes[name].inputs if not each.startswith("^")]
    kept = (without_gone(node, needed) for node in graph.nodes if node.name in needed)
    alone = (
        node._replace(inputs=tuple(each for each in node.inputs if not each.startswith("^")))
        for node in kept
    )
    return graph._replace(nodes=tuple(alone))
