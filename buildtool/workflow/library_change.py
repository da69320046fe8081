"""What preparing models changes in the library: the same selection of kernels that a plan makes,
for the models as they were and as they were prepared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from buildtool.core.values import (
    KernelCatalogue,
    LibraryChange,
    LibraryKernel,
    PreparedModel,
)
from buildtool.model import ModelSource, chosen_rewrites, read_models, read_runtime_facts
from buildtool.plan.selection import deciding_attrs, select
from buildtool.workflow.model_sources import model_sources, prepared_sources
from buildtool.workflow.workspace import Workspace


def library_change(
    work: Workspace, catalogue: KernelCatalogue, prepared: Mapping[str, PreparedModel]
) -> LibraryChange:
    """What comes and what goes when the models of the target are ``prepared``."""
    target = work.target
    before = _demand(work, catalogue, model_sources(target))
    after = _demand(work, catalogue, prepared_sources(target, prepared))
    for wanted, which in ((before, "as they were"), (after, "as they were prepared")):
        if wanted.refused:
            return LibraryChange(unknown=f"the models {which} are refused: {wanted.refused}")
    files = [{kernel.source for kernel in wanted.kernels} for wanted in (before, after)]
    return LibraryChange(
        ops=(len(before.ops), len(after.ops)),
        kernels=(len(before.kernels), len(after.kernels)),
        ops_gone=tuple(sorted(before.ops - after.ops)),
        ops_new=tuple(sorted(after.ops - before.ops)),
        kernels_gone=tuple(sorted(before.kernels - after.kernels)),
        kernels_new=tuple(sorted(after.kernels - before.kernels)),
        files_gone=tuple(sorted(files[0] - files[1])),
        files_new=tuple(sorted(files[1] - files[0])),
    )


@dataclass(frozen=True, kw_only=True)
class _Demand:
    """What models ask of a library; or the first reason why there is none for them."""

    ops: frozenset[str]
    kernels: frozenset[LibraryKernel]
    refused: str = ""


def _demand(work: Workspace, catalogue: KernelCatalogue, sources: Sequence[ModelSource]) -> _Demand:
    target = work.target
    reading = read_models(
        sources,
        definitions=catalogue.definitions,
        registered_ops=[place.op for place in catalogue.ops],
        deciding=deciding_attrs(catalogue),
        cache=work.cache.root,
        facts=read_runtime_facts(work.job.tree.path, work.backend.name),
        rewrites=chosen_rewrites(target.rewrites, target.where("rewrites")),
    )
    selection = select(reading.opset, catalogue)
    problems = (*reading.problems, *selection.problems)
    registrations = [kernel.registration for kernel in selection.kernels]
    return _Demand(
        ops=frozenset(op for op, _ in selection.ops),
        kernels=frozenset(
            LibraryKernel(op=each.op, kernel_class=each.kernel_class, source=each.source)
            for each in registrations
        ),
        refused=f"{problems[0].where}: {problems[0].what}" if problems else "",
    )
