"""The step ``plan``: everything is decided."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from buildtool.backends.backend import ForeignLibraries, Job
from buildtool.catalogue.cxxfiles import CxxFiles
from buildtool.catalogue.uncompilable import uncompilable
from buildtool.core.errors import ConfigError, ModelError
from buildtool.core.render import to_json, write_if_changed
from buildtool.core.values import BuildPlan, KernelCatalogue, SourceTree
from buildtool.model import chosen_rewrites, read_models, read_runtime_facts
from buildtool.model.reading import Reading
from buildtool.plan.build_plan import make_plan, plan_to_json
from buildtool.plan.eight_bit import HEADER, eight_bit_notes, has_two_ways
from buildtool.plan.problems import library_notes, library_problems, uncompilable_problems
from buildtool.plan.runtime import runtime_roots
from buildtool.plan.selection import Selection, deciding_attrs, select
from buildtool.starlark.buildfiles import BuildGraph, load_packages
from buildtool.workflow.kept import write_models
from buildtool.workflow.model_sources import prepared_sources
from buildtool.workflow.workspace import Workspace


def run(work: Workspace) -> str:
    """Decide everything, and write ``plan.json``. Returns what was decided, in one line.

    Raises:
        ModelError: the models cannot run on such a library; every reason at once.
    """
    rewrites = chosen_rewrites(work.target.rewrites, work.target.where("rewrites"))
    job = work.job
    work.say("reading the kernels and ops of the tree")
    catalogue = work.catalogue(work.backend.defines(job, work.target.types))
    reading = read_models(
        prepared_sources(work.target, work.prepared),
        definitions=catalogue.definitions,
        registered_ops=[place.op for place in catalogue.ops],
        deciding=deciding_attrs(catalogue),
        cache=work.cache.root,
        facts=replace(
            read_runtime_facts(job.tree.path, work.backend.name),
            imports=work.product.exports_functions,
        ),
        rewrites=rewrites,
        infers=True,
    )
    graph = load_packages(
        job.tree.path,
        work.backend.conditions(job),
        work.cache.folder("buildfiles", job.tree.digest[:16]),
    )
    selection = select(
        reading.opset,
        catalogue,
        others=_OtherCatalogues(work),
        portable=work.backend.portable(job, graph),
    )
    found = _Material(
        catalogue=catalogue,
        reading=reading,
        selection=selection,
        foreign=work.backend.foreign_libraries(job, catalogue.defines, selection.kernels),
    )
    _check(work, found)
    decided = _decide(work, found, graph)
    write_if_changed(work.layout.plan, to_json(plan_to_json(decided)))
    write_models(work.layout, reading.opset.models)
    required = sum(file.required for file in decided.files)
    return (
        f"{len(decided.ops)} ops, {len(decided.kernels)} kernels, {required} files to compile, "
        f"{len(decided.files) - required} more if the link needs them"
    )


@dataclass(frozen=True, kw_only=True)
class _Material:
    """What there is to decide on: the tree's kernels, the models, what they select of the kernels,
    and which other libraries that asks for."""

    catalogue: KernelCatalogue
    reading: Reading
    selection: Selection
    foreign: ForeignLibraries


def _decide(work: Workspace, found: _Material, graph: BuildGraph) -> BuildPlan:
    """What is built, and why."""
    backend, job, tree = work.backend, work.job, work.job.tree
    reading, selection, foreign = found.reading, found.selection, found.foreign
    work.say("reading the tree's BUILD files")
    own = work.product.maker().roots()
    asking = (
        *(kernel.registration.source for kernel in selection.kernels),
        *(root.path for root in own),
    )
    libraries = {name for names in foreign.built.values() for name in names}
    offers = backend.offers(job, graph, asking, libraries)
    graph.save()
    return make_plan(
        target=work.target.id,
        version=tree.version,
        models=reading.opset.models,
        catalogue=found.catalogue,
        kernels=selection.kernels,
        ops=[op for op, _ in selection.ops],
        types=selection.types,
        roots=[*runtime_roots(tree.version), *own],
        offers=offers,
        compile_flags=backend.compile_flags(job),
        link_flags=work.product.maker().link_flags(job, backend.link_flags(job)),
        notes=[
            *_preparation_notes(work),
            *reading.notes,
            *selection.notes,
            *_eight_bit_notes(job, found),
            *library_notes(foreign.built, selection.kernels),
            *_tree_notes(tree),
            *(job.renaming.notes if job.renaming else ()),
            *backend.notes(job),
            *job.toolchain.notes,
        ],
    )


def _preparation_notes(work: Workspace) -> list[str]:
    """What was told of models when they were read to be prepared, and what was done with them."""
    return [
        note
        for model in work.prepared.values()
        for note in (*model.notes, f"{model.name}: prepared by {', '.join(model.steps)}")
    ]


def _eight_bit_notes(job: Job, found: _Material) -> list[str]:
    """What is told of kernels that 32-bit ARM could compute in another way."""
    if not has_two_ways(job.abi):
        return []
    files = CxxFiles(job.tree.path)
    sources = {kernel.registration.source for kernel in found.selection.kernels}
    return list(
        eight_bit_notes(
            defines=found.catalogue.defines,
            sources={source for source in sources if HEADER in files.includes(source)},
            kernels=found.selection.kernels,
            uses=found.reading.opset.uses,
        )
    )


def _check(work: Workspace, found: _Material) -> None:
    """Raises ModelError with all that is wrong with the models; those that are sound so far are run
    in TensorFlow."""
    reading, selection, foreign = found.reading, found.selection, found.foreign
    problems = [
        *reading.problems,
        *selection.problems,
        *library_problems(
            foreign.missing, selection.kernels, reading.opset.uses, backend=work.backend.name
        ),
        *uncompilable_problems(
            uncompilable(
                CxxFiles(work.job.tree.path),
                {kernel.registration.source for kernel in selection.kernels},
                found.catalogue.defines,
            ),
            selection.kernels,
            reading.opset.uses,
        ),
    ]
    models = reading.opset.models
    broken = reading.broken | {
        model.name
        for model in models
        if any(problem.where.startswith(f"{model.name}: ") for problem in problems)
    }
    ops = [op for op, _ in selection.ops]
    try:
        problems += work.product.maker().rehearse(work, models, ops, broken)
    except ConfigError as failure:  # inputs that do not fit
        if not problems:
            raise
        problems += failure.problems
    if problems:
        raise ModelError(problems)


@dataclass(frozen=True)
class _OtherCatalogues(Mapping[str, KernelCatalogue]):
    """Catalogues under the other type policies, made only if an error message asks."""

    work: Workspace

    def __getitem__(self, name: str) -> KernelCatalogue:
        work = self.work
        return work.catalogue(work.backend.defines(work.job, self._policies[name]))

    def __iter__(self) -> Iterator[str]:
        return iter(self._policies)

    def __len__(self) -> int:
        return len(self._policies)

    @property
    def _policies(self) -> Mapping[str, str]:
        own = self.work.target.types
        return {
            f"types: {policy}": policy
            for policy in self.work.backend.type_policies
            if policy != own
        }


def _tree_notes(tree: SourceTree) -> list[str]:
    if not tree.local_changes:
        return []
    shown = ", ".join(tree.local_changes[:5])
    return [f"the tree has local changes, and they are built: {shown}"]
