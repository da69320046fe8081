"""The page docs/ops.md: what became of each op that a sweep has tried.

``python -m tests.ops.table REFUSALS PLAN SKIP EARLIER BUILD ... > PAGE``: REFUSALS is what
``plan:`` said of an op list with every op that has a CPU kernel, PLAN the ``plan.json`` of a list
of those that it accepts; SKIP is what ``groups.py`` was given, EARLIER the page so far, whose
builds still count, and each BUILD the folder below ``build/`` of a target with any models.
"""

from __future__ import annotations

import json
import re
import sys
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from buildtool.core.render import Renderer
from buildtool.model.graphdef import GraphDef, Node, read_graph
from buildtool.model.pruning import node_of

TRAINING = re.compile(r"op (\w+) is only useful in training")
FOREIGN = re.compile(r"the kernels of (.+?)(?: \(\S+\))? need (.+), which the native backend does")
_ROW = re.compile(r"^\| (\S+\.cc) \| (.*?) ?\| (.*?) ?\| (.*?) ?\| (.*?) ?\|$", re.MULTILINE)
_OFF = re.compile(r"^\| (\w+) \| (\d\.\de-\d\d) \|$", re.MULTILINE)
SHOWN = 3  # headers or libraries of one reason
UNCOMPILABLE = re.compile(r"the kernels of (.+?) do not compile for such a library: \S+ (.+)")
ALSO = re.compile(r" \(also '[^)]*\)$")
KERNELS = "tensorflow/core/kernels/"


@dataclass(kw_only=True)
class Sweep:
    """What builds have shown. ``files`` are the ops by the file of their kernels; ``linked`` ops
    are registered in a proved program, ``kernels`` those of the builds at hand; those of ``run``
    lead to an output that was compared in one, each with the largest difference from TensorFlow;
    ``drawn`` are compared by type and shape alone."""

    files: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    linked: set[str] = field(default_factory=set)
    kernels: set[tuple[str, str]] = field(default_factory=set)
    run: dict[str, float] = field(default_factory=dict)
    drawn: set[str] = field(default_factory=set)


def refused(log: str) -> Iterator[tuple[str, str]]:
    """Ops that the plan refuses, and why."""
    for op in TRAINING.findall(log):
        yield op, "only useful in training"
    for ops, needs in FOREIGN.findall(log):
        words = needs.split(", ")
        more = f" and {len(words) - SHOWN} more" if len(words) > SHOWN else ""
        for op in ops.split(", "):
            yield op, f"needs {', '.join(words[:SHOWN])}{more}"
    for ops, fault in UNCOMPILABLE.findall(log):
        for op in ops.split(", "):
            yield op, f"does not compile for a small device: {ALSO.sub('', fault)}"


def ops_before(graph: GraphDef, output: str) -> set[str]:
    """The ops of the nodes that an output needs, and of the functions that these call."""
    nodes = {node.name: node for node in graph.nodes}
    found: set[str] = set()
    seen: set[str] = set()
    waiting = [output]
    while waiting:
        name = node_of(waiting.pop())
        if name in nodes and name not in seen:
            seen.add(name)
            found |= {nodes[name].op, *_called(graph, nodes[name])}
            waiting += nodes[name].inputs
    return found


def _called(graph: GraphDef, node: Node, known: frozenset[str] = frozenset()) -> set[str]:
    """The ops of the functions that a node calls."""
    attrs = (each for attr in node.attrs.values() for each in attr.functions())
    names = {node.op, *(each.name for each in attrs)} & graph.functions.keys() - known
    inner = [each for name in names for each in graph.functions[name].nodes]
    more = (_called(graph, each, known | names) for each in inner)
    return {each.op for each in inner}.union(*more)


def read_build(sweep: Sweep, build: Path, accepted: Collection[str]) -> None:
    """Add what a build has shown, if it was proved."""
    path = build / "verification.json"
    report = json.loads(path.read_text("utf-8"))["verification"] if path.is_file() else None
    if not report or report["problems"]:
        return
    plan = json.loads((build / "plan.json").read_text("utf-8"))
    found = [kernel["registration"] for kernel in plan["kernels"]]
    sweep.linked |= {kernel["op"] for kernel in found} & set(accepted)
    sweep.kernels |= {(kernel["op"], kernel["kernel_class"]) for kernel in found}
    models = json.loads((build / "models.json").read_text("utf-8"))
    paths = {model["name"]: Path(model["path"]) for model in models}
    for model in report["models"]:
        if model["compared"]:
            graph = read_graph(paths[model["model"]].read_bytes())
            for output in model["outputs"]:
                _read_output(sweep, output, ops_before(graph, output["name"]) & set(accepted))


def _read_output(sweep: Sweep, output: Mapping[str, Any], ops: Collection[str]) -> None:
    if "shape" in output["rule"]:
        sweep.drawn.update(ops)
        return
    off = output["max_relative"] or output["max_absolute"] or 0.0
    for op in ops:
        sweep.run[op] = max(off, sweep.run.get(op, 0.0))


def read_page(sweep: Sweep, page: str, accepted: Collection[str]) -> None:
    """Add what the page of an earlier sweep says of ops that are still accepted."""
    for _, *columns, _ in _ROW.findall(page):
        run, drawn, linked = (set(column.split(", ")) & set(accepted) for column in columns)
        sweep.run.update(dict.fromkeys(run - sweep.run.keys(), 0.0))
        sweep.drawn |= drawn
        sweep.linked |= run | drawn | linked
    for op, off in _OFF.findall(page):
        if op in accepted:
            sweep.run[op] = max(float(off), sweep.run.get(op, 0.0))


def rows(sweep: Sweep) -> Iterator[Mapping[str, str]]:
    """For each file with kernels, what became of its ops."""
    for source, ops in sorted(sweep.files.items()):
        tried = {
            "run": ops & sweep.run.keys(),
            "drawn": (ops & sweep.drawn) - sweep.run.keys(),
            "linked": (ops & sweep.linked) - sweep.run.keys() - sweep.drawn,
            "rest": ops - sweep.linked - sweep.run.keys() - sweep.drawn,
        }
        yield {
            "file": source.removeprefix(KERNELS),
            **{name: ", ".join(sorted(each)) for name, each in tried.items()},
        }


def main() -> None:
    """Do what the command line says."""
    log, plan_path, skip, page = map(Path, sys.argv[1:5])
    plan: dict[str, Any] = json.loads(plan_path.read_text("utf-8"))
    sweep = Sweep()
    accepted = {kernel["registration"]["op"] for kernel in plan["kernels"]} & {
        op for op, _ in plan["ops"]
    }
    for kernel in plan["kernels"]:
        if kernel["registration"]["op"] in accepted:
            sweep.files[kernel["registration"]["source"]].add(kernel["registration"]["op"])
    for build in sys.argv[5:]:
        read_build(sweep, Path(build), accepted)
    read_page(sweep, page.read_text("utf-8"), accepted)
    reasons: dict[str, set[str]] = defaultdict(set)
    for op, why in refused(log.read_text("utf-8")):
        reasons[why].add(op)
    differing = {op: off for op, off in sweep.run.items() if off}
    text = Renderer(Path(), templates=Path(__file__).parent).text(
        "ops.md.j2",
        accepted=len(accepted),
        refused=len(set().union(*reasons.values())),
        sweep=sweep,
        only_drawn=len(sweep.drawn - sweep.run.keys()),
        differing=sorted(differing.items(), key=lambda item: (-item[1], item[0])),
        rows=list(rows(sweep)),
        reasons=sorted(reasons.items(), key=lambda item: (-len(item[1]), item[0])),
        skipped=skip.read_text("utf-8").splitlines(),
    )
    print(text, end="")


if __name__ == "__main__":
    main()
