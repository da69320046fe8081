"""What is decided for graphs: which kernels they need, for which types, and why each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from buildtool.backends.backend import ForeignLibraries, Job, load_graph
from buildtool.catalogue.cxxfiles import CxxFiles
from buildtool.catalogue.uncompilable import uncompilable
from buildtool.config import Target
from buildtool.core.errors import Problem
from buildtool.core.values import BuildPlan, KernelCatalogue
from buildtool.model import chosen_rewrites, read_models, read_runtime_facts
from buildtool.model.reading import Reading
from buildtool.plan.build_plan import make_plan
from buildtool.plan.eight_bit import HEADER, eight_bit_notes, has_two_ways
from buildtool.plan.problems import library_notes, library_problems, uncompilable_problems
from buildtool.plan.runtime_roots import runtime_roots
from buildtool.plan.selection import Selection, deciding_attrs, select
from buildtool.runtimes.runtime import Planning, check_models, common_notes
from buildtool.starlark.buildfiles import BuildGraph
from buildtool.verify.registry import AllowedRegistrations, may_register


class FullPlanner:
    """See :class:`~buildtool.runtimes.runtime.Planner`."""

    def decide(self, planning: Planning) -> BuildPlan:
        target, backend = planning.target, planning.backend
        rewrites = chosen_rewrites(target.rewrites, target.where("rewrites"))
        job = planning.job
        planning.say("reading the kernels and ops of the tree")
        catalogue = planning.catalogue(backend.defines(job, target.types))
        reading = read_models(
            planning.sources,
            definitions=catalogue.definitions,
            registered_ops=[place.op for place in catalogue.ops],
            deciding=deciding_attrs(catalogue),
            cache=job.cache.root,
            facts=replace(
                read_runtime_facts(job.tree.path, backend.name), imports=planning.imports
            ),
            rewrites=rewrites,
            infers=True,
        )
        graph = load_graph(backend, planning.job)
        found = choose_kernels(planning, catalogue, reading, graph)
        check_models(planning, reading, found.selection, more=kernel_problems(planning, found))
        return _decide(planning, found, graph)

    def allowed(
        self, plan: BuildPlan, target: Target, catalogue: Callable[[Sequence[str]], KernelCatalogue]
    ) -> AllowedRegistrations:
        everything = target.registration == "all"
        return may_register(plan, catalogue(plan.defines), everything=everything)


@dataclass(frozen=True, kw_only=True)
class ChosenKernels:
    """What there is to decide on: the tree's kernels, the models, what they select of the kernels,
    and which other libraries that asks for."""

    catalogue: KernelCatalogue
    reading: Reading
    selection: Selection
    foreign: ForeignLibraries

    @property
    def sources(self) -> set[str]:
        """The files that register the kernels."""
        return {kernel.registration.source for kernel in self.selection.kernels}

    @property
    def libraries(self) -> set[str]:
        """The other libraries that are built for them."""
        return {name for names in self.foreign.built.values() for name in names}


def choose_kernels(
    planning: Planning, catalogue: KernelCatalogue, reading: Reading, graph: BuildGraph
) -> ChosenKernels:
    """The kernels of TensorFlow that what was read needs."""
    backend, job = planning.backend, planning.job
    selection = select(
        reading.opset,
        catalogue,
        others=_OtherCatalogues(planning),
        portable=backend.portable(job, graph),
    )
    return ChosenKernels(
        catalogue=catalogue,
        reading=reading,
        selection=selection,
        foreign=backend.foreign_libraries(job, catalogue.defines, selection.kernels),
    )


def _decide(planning: Planning, found: ChosenKernels, graph: BuildGraph) -> BuildPlan:
    """What is built, and why."""
    backend, job = planning.backend, planning.job
    reading, selection = found.reading, found.selection
    planning.say("reading the tree's BUILD files")
    own = planning.roots
    asking = (*sorted(found.sources), *(root.path for root in own))
    offers = backend.offers(job, graph, asking, found.libraries)
    graph.save()
    planning.keep(found.catalogue)
    return make_plan(
        target=planning.target.id,
        version=job.tree.version,
        models=reading.opset.models,
        catalogue=found.catalogue,
        kernels=selection.kernels,
        ops=[op for op, _ in selection.ops],
        types=selection.types,
        roots=[*runtime_roots(job.tree.version), *own],
        offers=offers,
        compile_flags=backend.compile_flags(job),
        link_flags=planning.link_flags,
        notes=[
            *_preparation_notes(planning),
            *reading.notes,
            *kernel_notes(planning, found),
            *common_notes(planning),
        ],
        uses=reading.opset.uses,
    )


def kernel_notes(planning: Planning, found: ChosenKernels) -> list[str]:
    """What is worth knowing of the kernels of TensorFlow."""
    return [
        *found.selection.notes,
        *_eight_bit_notes(planning.job, found),
        *library_notes(found.foreign.built, found.selection.kernels),
    ]


def _preparation_notes(planning: Planning) -> list[str]:
    """What was told of models when they were read to be prepared, and what was done with them."""
    return [
        note
        for model in planning.prepared.values()
        for note in (*model.notes, f"{model.name}: prepared by {', '.join(model.steps)}")
    ]


def _eight_bit_notes(job: Job, found: ChosenKernels) -> list[str]:
    """What is told of kernels that 32-bit ARM could compute in another way."""
    if not has_two_ways(job.abi):
        return []
    files = CxxFiles(job.tree.path)
    return list(
        eight_bit_notes(
            defines=found.catalogue.defines,
            sources={source for source in found.sources if HEADER in files.includes(source)},
            kernels=found.selection.kernels,
            uses=found.reading.opset.uses,
        )
    )


def kernel_problems(planning: Planning, found: ChosenKernels) -> list[Problem]:
    """What keeps the kernels that were chosen from being compiled."""
    kernels, uses = found.selection.kernels, found.reading.opset.uses
    sources = uncompilable(CxxFiles(planning.job.tree.path), found.sources, found.catalogue.defines)
    return [
        *library_problems(found.foreign.missing, kernels, uses, backend=planning.backend.name),
        *uncompilable_problems(sources, kernels, uses),
        *found.foreign.problems,
    ]


@dataclass(frozen=True)
class _OtherCatalogues(Mapping[str, KernelCatalogue]):
    """Catalogues under the other type policies, made only if an error message asks."""

    planning: Planning

    def __getitem__(self, name: str) -> KernelCatalogue:
        planning = self.planning
        return planning.catalogue(planning.backend.defines(planning.job, self._policies[name]))

    def __iter__(self) -> Iterator[str]:
        return iter(self._policies)

    def __len__(self) -> int:
        return len(self._policies)

    @property
    def _policies(self) -> Mapping[str, str]:
        own = self.planning.target.types
        return {
            f"types: {policy}": policy
            for policy in self.planning.backend.type_policies
            if policy != own
        }
