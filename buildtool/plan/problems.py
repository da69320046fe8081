"""The words for an op use that no kernel serves, or that the runtime would refuse."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence

from buildtool.core.datatypes import short
from buildtool.core.errors import ModelError, Problem
from buildtool.core.values import KernelCatalogue, NodeRef, OpUse, Registration, SelectedKernel
from buildtool.model.findings import also
from buildtool.model.op_remedies import BEHIND, remedy
from buildtool.plan.match import cpu_kernels, kernels_of_use

_TRAINING_OPS = "core/ops/training_ops.cc"
_GRADIENT = "SymbolicGradient"
_CLASSES_SHOWN = 3
OUT = f"take it out of the model, or {BEHIND}"


def unregistered_problem(use: OpUse, others: Mapping[str, KernelCatalogue]) -> Problem:
    """An op that the tree does not register under this target's defines."""
    helps = [name for name, other in others.items() if any(o.op == use.op for o in other.ops)]
    todo = f"with `{'` or `'.join(helps)}` it is" if helps else remedy(use.op) or OUT
    what = f"op {use.op} is not registered by this tree under this target's defines"
    return Problem(where=_where(use), what=what + also(use.nodes), todo=todo)


def refused_problems(use: OpUse, refusal: ModelError) -> Iterator[Problem]:
    """A use that the runtime would refuse to choose a kernel for, with its node."""
    for problem in refusal.problems:
        yield Problem(where=_where(use), what=problem.what + also(use.nodes), todo=problem.todo)


def kernel_problem(
    use: OpUse, catalogue: KernelCatalogue, others: Mapping[str, KernelCatalogue]
) -> Problem:
    """A use that no kernel serves: which types there are, and what setting would help."""
    what = f"no kernel of {_said(use)} under this target's defines"
    helps = [name for name, other in others.items() if _is_served(use, other)]
    todo = _offered(use, cpu_kernels(use.op, catalogue))
    if helps:
        todo = f"with `{'` or `'.join(helps)}` there is one; {todo}"
    return Problem(where=_where(use), what=what + also(use.nodes), todo=todo)


def _is_served(use: OpUse, catalogue: KernelCatalogue) -> bool:
    try:
        return bool(kernels_of_use(use, catalogue))
    except ModelError:
        return False


def _offered(use: OpUse, kernels: list[Registration]) -> str:
    """What the tree registers for the op, in the terms of the use."""
    if not kernels:
        none = f"the tree registers no CPU kernel of {use.op} at all"
        return f"{none}: {remedy(use.op) or OUT}"
    if use.kernel_class:
        names = sorted({kernel.kernel_class for kernel in kernels})
        close = difflib.get_close_matches(use.kernel_class, names, n=_CLASSES_SHOWN, cutoff=0.3)
        return f"classes of {use.op} are {', '.join(close or names[:_CLASSES_SHOWN])}"
    labelled = [kernel for kernel in kernels if kernel.label == use.label]
    if not labelled:
        labels = sorted({repr(kernel.label) for kernel in kernels})
        return f"its kernels have the labels {', '.join(labels)}"
    types: dict[str, set[str]] = {}
    for constraint in (item for kernel in labelled for item in kernel.constraints):
        types.setdefault(constraint.attr, set()).update(map(short, constraint.types))
    for condition in (item for kernel in labelled for item in kernel.conditions):
        types.setdefault(condition.attr, set()).update(condition.values)
    lists = (f"{attr}: {', '.join(sorted(names))}" for attr, names in sorted(types.items()))
    return f"there are kernels for {'; '.join(lists)}"


def _ops_by_file(kernels: Iterable[SelectedKernel]) -> dict[str, set[str]]:
    ops: dict[str, set[str]] = {}
    for kernel in kernels:
        ops.setdefault(kernel.registration.source, set()).add(kernel.registration.op)
    return ops


def library_problems(
    missing: Mapping[str, Sequence[str]],
    kernels: Iterable[SelectedKernel],
    uses: Iterable[OpUse],
    *,
    backend: str,
) -> Iterator[Problem]:
    """Kernels whose files need libraries that the backend does not build: ``missing``, by file."""
    ops = _ops_by_file(kernels)
    users: dict[str, list[NodeRef]] = {}
    for use in uses:
        users.setdefault(use.op, []).extend(use.nodes)
    for source, libraries in missing.items():
        models: dict[str, list[NodeRef]] = {}
        for node in (node for op in sorted(ops[source]) for node in users.get(op, ())):
            models.setdefault(node.model, []).append(node)
        for nodes in models.values() or [[]]:
            yield Problem(
                where=str(nodes[0]) if nodes else source,
                what=f"the kernels of {', '.join(sorted(ops[source]))} ({source}) need "
                f"{', '.join(libraries)}, which the {backend} backend does not build{also(nodes)}",
                todo=f"do this work in the app: {BEHIND}",
            )


def uncompilable_problems(
    reasons: Mapping[str, str], kernels: Iterable[SelectedKernel], uses: Iterable[OpUse]
) -> Iterator[Problem]:
    """Kernels whose files do not compile under the target's macros: ``reasons``, by file."""
    ops = _ops_by_file(kernels)
    users = list(uses)
    for source, reason in reasons.items():
        named = [use for use in users if use.op in ops[source]]
        nodes = [node for use in named for node in use.nodes]
        known = dict.fromkeys(filter(None, (remedy(use.op) for use in named)))
        yield Problem(
            where=str(nodes[0]) if nodes else source,
            what=f"the kernels of {', '.join(sorted(ops[source]))} do not compile for such a "
            f"library: {source} {reason}{also(nodes)}",
            todo="; ".join(known) or f"do this work in the app: {BEHIND}",
        )


def library_notes(
    built: Mapping[str, Sequence[str]], kernels: Iterable[SelectedKernel]
) -> list[str]:
    """Which libraries are built for kernels, and for which: ``built``, by the kernels' file."""
    users: dict[tuple[str, ...], set[str]] = {}
    for kernel in kernels:
        if libraries := tuple(built.get(kernel.registration.source, ())):
            user = f"{kernel.registration.op} ({kernel.reason})"
            users.setdefault(libraries, set()).add(user)
    return [
        f"built into the library for {', '.join(sorted(users[libraries]))}: {', '.join(libraries)}"
        for libraries in sorted(users)
    ]


def training_problems(
    ops: Mapping[str, list[OpUse]], op_sources: Mapping[str, str]
) -> Iterator[Problem]:
    """Ops that only train: those of the tree's ``training_ops.cc``, and gradients at run time."""
    for op, uses in sorted(ops.items()):
        nodes = tuple(node for use in uses for node in use.nodes)
        training = op_sources[op].endswith(_TRAINING_OPS) or op == _GRADIENT
        if training and nodes:
            yield Problem(
                where=str(nodes[0]),
                what=f"op {op} is only useful in training" + also(nodes),
                todo="export the part of the model that gives its outputs, without its optimiser",
            )


def _where(use: OpUse) -> str:
    return str(use.nodes[0]) if use.nodes else f"the runtime, as {use.added_by_runtime}"


def _said(use: OpUse) -> str:
    """The use in words: ``op MatMul with T=float``."""
    if use.kernel_class:
        return f"op {use.op} has the class {use.kernel_class!r}"
    types = ", ".join(f"{a.name}={'/'.join(map(short, a.types)) or 'nothing'}" for a in use.attrs)
    types = ", ".join(filter(None, (types, *(f"{name}={value}" for name, value in use.settings))))
    label = f" and kernel label {use.label!r}" if use.label else ""
    return f"op {use.op}" + (f" with {types}" if types else "") + label
