"""Will a model run on a library? What it runs, against what was found in the file."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from buildtool.answers.file_identity import Held
from buildtool.core.errors import ModelError, Problem
from buildtool.core.values import KernelCatalogue, OpUse, Registration
from buildtool.model.findings import also
from buildtool.model.runtime_ops import REWRITTEN
from buildtool.plan.match import cpu_kernels, kernels_of_use
from buildtool.report.type_texts import kernel_types, use_types

_SHOWN = 4


@dataclass(frozen=True, kw_only=True)
class Fit:
    """Whether a model runs on one file: ``served`` counts its ops (an op with one combination of
    types), ``unsure`` are the ops of those whose kernel is only perhaps there, ``lacking`` those
    that have none, and ``problems`` say so of each node."""

    served: int
    unsure: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


def fit(uses: Iterable[OpUse], found: Held, catalogue: KernelCatalogue, *, exact: bool) -> Fit:
    """Look for a kernel of each use among those that were found in a file. ``catalogue`` is that of
    a tree; where it is not ``exact``ly that which the file was made from, a kernel may have a class
    that it does not know: then an op whose name is there is one that is perhaps served."""
    there = dataclasses.replace(catalogue, kernels=(*found.shown, *found.unsure))
    sure = frozenset(found.shown)
    served, unsure, lacking, problems = 0, set[str](), set[str](), list[Problem]()
    for use in uses:
        if use.added_by_runtime and use.op not in found.ops:
            continue  # asked for in case it is there
        if use.op in REWRITTEN and use.op in found.ops:
            continue
        try:
            kernels = kernels_of_use(use, there)
        except ModelError as refusal:
            lacking.add(use.op)
            problems += refusal.problems
            continue
        if not kernels and (exact or use.op not in found.ops):
            lacking.add(use.op)
            problems.append(_problem(use, there, found))
            continue
        served += 1
        if not sure.issuperset(kernels or (None,)) and not use.added_by_runtime:
            unsure.add(use.op)
    return Fit(
        served=served,
        unsure=tuple(sorted(unsure)),
        lacking=tuple(sorted(lacking)),
        problems=tuple(problems),
    )


def fit_planned(uses: Iterable[OpUse], kernels: Sequence[Registration]) -> Fit:
    """The same by the kernels of the plan that a library was built by: those of TensorFlow Lite
    leave no text."""
    offered: dict[str, set[str]] = {}
    for kernel in kernels:
        offered.setdefault(kernel.op, set()).add(kernel.label)
    served, lacking, problems = 0, set[str](), []
    for use in uses:
        labels = offered.get(use.op, set())
        if use.label in labels:
            served += 1
            continue
        lacking.add(use.op)
        have = f"it has {', '.join(sorted(labels))}" if labels else "it has no kernel of it"
        problems.append(_node_problem(use, f"op {use.op}, {use.label}: {have}"))
    return Fit(served=served, lacking=tuple(sorted(lacking)), problems=tuple(problems))


def _problem(use: OpUse, there: KernelCatalogue, found: Held) -> Problem:
    types = use_types(use)
    what = f"op {use.op}" + f" with {types}" * bool(types)
    kernels = cpu_kernels(use.op, there)
    if kernels:
        have = "; ".join([*dict.fromkeys(map(_said, kernels))][:_SHOWN])
        return _node_problem(use, f"{what}: it has kernels for {have}")
    return _node_problem(
        use, f"{what}: it has no kernel of it" + ", only the name" * (use.op in found.ops)
    )


def _said(kernel: Registration) -> str:
    return kernel_types(kernel) or kernel.kernel_class


def _node_problem(use: OpUse, what: str) -> Problem:
    where = str(use.nodes[0]) if use.nodes else f"the runtime, as {use.added_by_runtime}"
    return Problem(where=where, what=what + also(use.nodes))
