"""The page docs/ops.md: what became of each op that a sweep has tried.

``python -m tests.ops.table REFUSALS PLAN GRAPHS SKIP BUILD ... > docs/ops.md``: REFUSALS is what
``plan:`` said of an op list with every op that has a CPU kernel, PLAN the ``plan.json`` of a list
of those that it accepts; GRAPHS and SKIP are what ``groups.py`` was given, and each BUILD is the
folder below ``build/`` of one of its targets.
"""

from __future__ import annotations

import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from buildtool.core.render import Renderer
from buildtool.model.graphdef import read_graph

TRAINING = re.compile(r"op (\w+) is only useful in training")
FOREIGN = re.compile(r"the kernels of (.+?)(?: \(\S+\))? need (.+), which the native backend does")
SHOWN = 3  # headers or libraries of one reason
KERNELS = "tensorflow/core/kernels/"


@dataclass(kw_only=True)
class Sweep:
    """What builds have shown. ``files`` are the ops by the file of their kernels; ``linked`` ops
    are registered in a proved program, those of ``run`` were run in one, each with the largest
    difference from TensorFlow; ``drawn`` are compared by type and shape alone."""

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


def ops_of(path: Path) -> set[str]:
    """The ops of a graph and of its functions."""
    graph = read_graph(path.read_bytes())
    nodes = [*graph.nodes, *(node for each in graph.functions.values() for node in each.nodes)]
    return {node.op for node in nodes}


def read_build(sweep: Sweep, build: Path, graphs: Path, accepted: Iterable[str]) -> None:
    """Add what a build has shown, if it was proved."""
    path = build / "verification.json"
    report = json.loads(path.read_text("utf-8"))["verification"] if path.is_file() else None
    if not report or report["problems"]:
        return
    plan = json.loads((build / "plan.json").read_text("utf-8"))
    found = [kernel["registration"] for kernel in plan["kernels"]]
    sweep.linked |= {kernel["op"] for kernel in found} & set(accepted)
    sweep.kernels |= {(kernel["op"], kernel["kernel_class"]) for kernel in found}
    for model in report["models"]:
        for output in model["outputs"] if model["compared"] else ():
            name = output["name"].partition("/")[0]
            place = graphs / f"{name}.pb"
            place = place if place.is_file() else graphs / f"{name.removeprefix('u')}.pb"
            for op in ops_of(place) & set(accepted):
                if "shape" in output["rule"]:
                    sweep.drawn.add(op)
                else:
                    off = output["max_relative"] or output["max_absolute"] or 0.0
                    sweep.run[op] = max(off, sweep.run.get(op, 0.0))


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
    log, plan_path, graphs, skip = map(Path, sys.argv[1:5])
    plan: dict[str, Any] = json.loads(plan_path.read_text("utf-8"))
    sweep = Sweep()
    accepted = {kernel["registration"]["op"] for kernel in plan["kernels"]} & {
        op for op, _ in plan["ops"]
    }
    for kernel in plan["kernels"]:
        if kernel["registration"]["op"] in accepted:
            sweep.files[kernel["registration"]["source"]].add(kernel["registration"]["op"])
    for build in sys.argv[5:]:
        read_build(sweep, Path(build), graphs, accepted)
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
