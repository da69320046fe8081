"""Make targets of many one-op models: which ops are built together, and how they are run.

``python -m tests.ops.groups PLAN GRAPHS OUT [SKIP]``: PLAN is ``plan.json`` of an op list with all
ops that are to be built, GRAPHS a folder of ``make_ops.py``, OUT where targets and models are
written. Ops whose kernels stand in one file are in one group, so that each file is compiled once.
A group is built from a list of all kernels in the plan, and from models of many small graphs
side by side: a process of TensorFlow for each graph would take longer than to compile them.
SKIP names graphs that are left out, one in a line, with the reason behind it.
"""

from __future__ import annotations

import collections
import json
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
import yaml
from tensorflow.core.framework import types_pb2

from buildtool.verify.tensor_files import NUMPY_TYPES
from tests.ops.graphs import value, write

FILES = 40  # with kernels, in a group
GRAPHS = 40  # in a model
DRAWS = re.compile(
    r"(?<!Stateless)Random|Shuffle|Multinomial|Truncated|^Stateful|Sampler|^Rng|Kmeans"
)


def groups_of(plan: Mapping[str, Any]) -> list[list[str]]:
    """Groups of ops; what stands in one file with others is in one group with them."""
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        while parent.setdefault(name, name) != name:
            name = parent[name]
        return name

    for kernel in plan["kernels"]:
        found = kernel["registration"]
        parent[root(f"op {found['op']}")] = root(found["source"])
    parts: dict[str, list[str]] = collections.defaultdict(list)
    for name in sorted(parent):
        parts[root(name)].append(name)
    groups: list[list[str]] = [[]]
    files = 0
    for members in sorted(parts.values(), key=lambda each: each[-1]):
        ours = sum(not name.startswith("op ") for name in members)
        if files and files + ours > FILES:
            groups.append([])
            files = 0
        files += ours
        groups[-1] += [name.removeprefix("op ") for name in members if name.startswith("op ")]
    return groups


def ops_in(graph: Any) -> set[str]:
    """The ops of a graph and of its functions."""
    nodes = [*graph.node, *(node for each in graph.library.function for node in each.node_def)]
    return {node.op for node in nodes}


def merged(graphs: Mapping[str, tuple[Any, list[str]]]) -> tuple[Any, list[str]]:
    """One graph of many, each under its name, and all outputs."""
    outputs: list[str] = []
    with tf.Graph().as_default() as whole:
        for name, (graph, own) in graphs.items():
            prefix = name if name[0].isalnum() else f"u{name}"
            for node in graph.node:
                if node.op == "VarHandleOp" and not node.attr["shared_name"].s:
                    node.attr["shared_name"].s = f"{prefix}/{node.name}".encode()
            tf.import_graph_def(graph, name=prefix)
            outputs += [f"{prefix}/{output}" for output in own]
    return whole, outputs


def samples(graphs: Mapping[str, tuple[Any, list[str]]]) -> dict[str, Any]:
    """The values that each placeholder was tried with, as a target's ``samples`` have them."""
    found = {}
    for name, (graph, _) in graphs.items():
        prefix = name if name[0].isalnum() else f"u{name}"
        for node in graph.node:
            if node.op == "Placeholder":
                kind = tf.dtypes.as_dtype(node.attr["dtype"].type)
                given = value(kind.name, [size.size for size in node.attr["shape"].shape.dim])
                plain = NUMPY_TYPES[types_pb2.DataType.Name(kind.as_datatype_enum)]
                found[f"{prefix}/{node.name}"] = (
                    given.astype("S") if kind == tf.string else given.view(plain)
                )
    return found


def read_graphs(folder: Path, skipped: Iterable[str]) -> dict[str, tuple[Any, list[str]]]:
    """The graphs of a folder by name, each with its outputs."""
    found = {}
    for path in sorted(folder.glob("*.pb")):
        if path.stem not in skipped:
            graph = tf.compat.v1.GraphDef()
            graph.ParseFromString(path.read_bytes())
            found[path.stem] = graph, json.loads(path.with_suffix(".json").read_text("utf-8"))
    return found


def kind(graph: Any) -> str:
    """What graphs must have in common to be in one model."""
    draws = any(DRAWS.search(op) for op in ops_in(graph))
    return f"{'drawn' if draws else 'plain'}{graph.versions.producer}"


def write_group(
    out: Path, name: str, kernels: list[str], graphs: Mapping[str, tuple[Any, list[str]]]
) -> None:
    """Write the target of a group, with its op list and its models."""
    folder = out / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "ops.txt").write_text("\n".join(kernels) + "\n", encoding="utf-8")
    models: list[dict[str, Any]] = [{"path": f"{folder}/ops.txt"}]
    sorts: dict[str, list[str]] = collections.defaultdict(list)
    for each, (graph, _) in graphs.items():
        sorts[kind(graph)].append(each)
    for sort, names in sorted(sorts.items()):
        for start in range(0, len(names), GRAPHS):
            part = {each: graphs[each] for each in names[start : start + GRAPHS]}
            whole, outputs = merged(part)
            place = folder / f"{sort}_{start // GRAPHS}"
            write(place, whole, outputs)
            model = {"path": f"{place}.pb", "name": place.name, "outputs": outputs}
            if values := samples(part):
                np.savez(place.with_suffix(".npz"), **values)
                model["samples"] = f"{place}.npz"
            models.append(model)
    target = {
        "extends": "linux", "jobs": 1, "models": models
    }  # fmt: skip
    (out / f"zz-{name}.yaml").write_text(yaml.safe_dump(target), encoding="utf-8")


def main() -> None:
    """Do what the command line says."""
    plan_path, folder, out = (Path(each).resolve() for each in sys.argv[1:4])
    plan = json.loads(plan_path.read_text(encoding="utf-8"))
    lines = Path(sys.argv[4]).read_text("utf-8").splitlines() if sys.argv[4:] else []
    graphs = read_graphs(folder, {line.split()[0] for line in lines if line.strip()})
    used = collections.Counter(op for graph, _ in graphs.values() for op in ops_in(graph))
    groups = groups_of(plan)
    classes: dict[str, set[str]] = collections.defaultdict(set)
    for kernel in plan["kernels"]:
        found = kernel["registration"]
        classes[found["op"]].add(f"{found['op']}:{found['kernel_class']}")
    place = {op: index for index, ops in enumerate(groups) for op in ops}
    by_group: dict[int, dict[str, Any]] = collections.defaultdict(dict)
    for name, (graph, outputs) in graphs.items():
        known = sorted(ops_in(graph) & place.keys(), key=lambda op: (used[op], op))
        if known:
            own = name.partition("-")[0]
            by_group[place.get(own, place[known[0]])][name] = graph, outputs
    for index, ops in enumerate(groups):
        lines = sorted({line for op in ops for line in classes[op]})
        write_group(out, f"g{index:02}", lines, by_group[index])
        print(f"g{index:02}: {len(ops)} ops, {len(by_group[index])} graphs")


if __name__ == "__main__":
    main()
