"""Kernel selection: which registrations of a tree the models' op uses need. Pure.

The match of a use with a registration is TensorFlow's own (``match.py``); what no kernel
serves is a problem that says which types there are and under which other policy it would work.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from buildtool.core.datatypes import base
from buildtool.core.errors import ModelError, Problem
from buildtool.core.values import KernelCatalogue, OpSet, OpUse, Registration, SelectedKernel
from buildtool.model.runtime_ops import REWRITTEN
from buildtool.plan.match import DEVICES, kernels_of_use
from buildtool.plan.problems import (
    kernel_problem,
    refused_problems,
    training_problems,
    unregistered_problem,
)


@dataclass(frozen=True, kw_only=True)
class Selection:
    """What the library must register: ``kernels`` sorted as in the catalogue, ``ops`` with the
    reason of each, ``types`` every DataType in use. ``problems`` is what would fail on the
    device; ``notes`` what is merely worth knowing."""

    kernels: tuple[SelectedKernel, ...]
    ops: tuple[tuple[str, str], ...]
    types: tuple[str, ...]
    problems: tuple[Problem, ...]
    notes: tuple[str, ...] = ()


def select(
    opset: OpSet,
    catalogue: KernelCatalogue,
    *,
    others: Mapping[str, KernelCatalogue] | None = None,
    portable: frozenset[str] | None = None,
) -> Selection:
    """Find the kernel of every op use.

    ``others`` are catalogues of the same tree under other settings, by how a user would ask for
    them (``types: full``): they only serve to say what would help. ``portable`` are the sources
    that the tree's own mobile builds compile, if known: what lies outside gets a note.
    """
    others = others or {}
    op_sources = {place.op: place.source for place in catalogue.ops}
    found: dict[Registration, list[OpUse]] = {}
    ops: dict[str, list[OpUse]] = {}
    problems: list[Problem] = []
    for use in opset.uses:
        if use.op in op_sources:
            ops.setdefault(use.op, []).append(use)
            for kernel in _serving(use, catalogue, others, problems):
                found.setdefault(kernel, []).append(use)
        elif not use.added_by_runtime:
            problems.append(unregistered_problem(use, others))
    problems += training_problems(ops, op_sources)
    return Selection(
        kernels=tuple(
            SelectedKernel(registration=kernel, reason=used_by(found[kernel]))
            for kernel in sorted(found, key=_order)
        ),
        ops=tuple((op, used_by(ops[op])) for op in sorted(ops)),
        types=_types((use for uses in ops.values() for use in uses), catalogue),
        problems=tuple(problems),
        notes=tuple(_notes(found, portable)),
    )


def _serving(
    use: OpUse,
    catalogue: KernelCatalogue,
    others: Mapping[str, KernelCatalogue],
    problems: list[Problem],
) -> list[Registration]:
    """The kernels of one use; that there is none is added to ``problems``."""
    try:
        kernels = kernels_of_use(use, catalogue)
    except ModelError as refusal:
        problems += refused_problems(use, refusal)
        return []
    if not kernels and use.op not in REWRITTEN:
        problems.append(kernel_problem(use, catalogue, others))
    return kernels


def deciding_attrs(catalogue: KernelCatalogue) -> dict[str, frozenset[str]]:
    """The attributes besides types that kernels are chosen by, of each op that has some."""
    found: dict[str, frozenset[str]] = {}
    for kernel in catalogue.kernels:
        names = {condition.attr for condition in kernel.conditions}
        if names and kernel.device in DEVICES:
            found[kernel.op] = found.get(kernel.op, frozenset()) | names
    return found


def _order(kernel: Registration) -> tuple[object, ...]:
    return kernel.op, kernel.device, kernel.label, kernel.kernel_class, kernel.source, kernel.line


def used_by(uses: Sequence[OpUse]) -> str:
    """Which models use it, by how many nodes; or why the runtime does."""
    counts: dict[str, int] = {}
    for node in (node for use in uses for node in use.nodes):
        counts[node.model] = counts.get(node.model, 0) + 1
    if counts:
        told = (f"{name} ({n} node{'s' * (n != 1)})" for name, n in sorted(counts.items()))
        return f"used by {', '.join(told)}"
    return "; ".join(sorted({use.added_by_runtime for use in uses}))


def _types(uses: Iterable[OpUse], catalogue: KernelCatalogue) -> tuple[str, ...]:
    """Every DataType of a type attribute, or fixed by the definition of an op in use."""
    types: set[str] = set()
    for use in uses:
        types.update(base(item) for attr in use.attrs for item in attr.types)
        definition = catalogue.definitions.get(use.op)
        for argument in (*definition.inputs, *definition.outputs) if definition else ():
            types.add(base(argument.type))
    return tuple(sorted(types - {"", "DT_INVALID"}))


def _notes(found: Mapping[Registration, list[OpUse]], portable: frozenset[str] | None) -> list[str]:
    """Kernels that the tree's own mobile builds leave out, by source."""
    outside: dict[str, set[str]] = {}
    for kernel in found:
        if portable is not None and kernel.source not in portable:
            outside.setdefault(kernel.source, set()).add(kernel.op)
    return [
        f"{source} (op {', '.join(sorted(ops))}) is not among the files that TensorFlow itself "
        "builds for mobile"
        for source, ops in sorted(outside.items())
    ]
