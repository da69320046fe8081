"""What is decided for ``.tflite`` models with ops of TensorFlow itself: kernels of TensorFlow Lite
by op and version, those of TensorFlow by op and types, and why each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from buildtool.backends.backend import load_graph
from buildtool.config import Target
from buildtool.core.errors import Problem
from buildtool.core.values import BuildPlan, KernelCatalogue
from buildtool.model.lite.flex_nodes import read_flex_nodes
from buildtool.model.reading import Reading
from buildtool.model.runtime_facts import read_runtime_facts
from buildtool.plan.build_plan import make_plan
from buildtool.plan.runtime_roots import runtime_roots
from buildtool.plan.selection import Selection, deciding_attrs
from buildtool.runtimes.full.full_planning import (
    ChosenKernels,
    choose_kernels,
    kernel_notes,
    kernel_problems,
)
from buildtool.runtimes.lite.lite_planning import ChosenLite, choose_lite, conversion_notes
from buildtool.runtimes.runtime import Planning, check_models, common_notes
from buildtool.verify.registry import AllowedRegistrations, may_register


class FlexPlanner:
    """See :class:`~buildtool.runtimes.runtime.Planner`."""

    def decide(self, planning: Planning) -> BuildPlan:
        target, backend, job = planning.target, planning.backend, planning.job
        lite = choose_lite(planning, has_flex=True)
        planning.say("reading the kernels and ops of the tree")
        catalogue = planning.catalogue(backend.defines(job, target.types))
        nodes = read_flex_nodes(
            lite.reading.flex,
            definitions=catalogue.definitions,
            registered_ops=[place.op for place in catalogue.ops],
            deciding=deciding_attrs(catalogue),
            facts=read_runtime_facts(job.tree.path, backend.name),
        )
        graph = load_graph(backend, job)
        flex = choose_kernels(planning, catalogue, nodes, graph)
        found = _Halves(lite=lite, flex=flex)
        problems = [*_two_meanings(found), *kernel_problems(planning, flex)]
        check_models(planning, found.reading, found.selection, more=problems)
        planning.say("reading the tree's BUILD files")
        offers = backend.offers(job, graph, sorted(found.sources), flex.libraries)
        graph.save()
        planning.keep(found.both)
        return make_plan(
            target=target.id,
            version=job.tree.version,
            models=lite.reading.opset.models,
            catalogue=found.catalogue,
            kernels=found.selection.kernels,
            ops=[op for op, _ in found.selection.ops],
            types=found.selection.types,
            roots=[
                *lite.facts.roots,
                *runtime_roots(job.tree.version, runtime=target.runtime),
                *planning.roots,
            ],
            offers=offers,
            compile_flags=backend.compile_flags(job),
            link_flags=planning.link_flags,
            notes=[
                *conversion_notes(planning),
                *found.reading.notes,
                *_notes(found),
                *kernel_notes(planning, flex),
                *common_notes(planning),
            ],
            uses=(*lite.reading.opset.uses, *flex.reading.opset.uses),
        )

    def allowed(
        self,
        plan: BuildPlan,
        target: Target,
        catalogue: Callable[[tuple[str, ...]], KernelCatalogue],
    ) -> AllowedRegistrations:
        """What TensorFlow's half registers; a resolver holds what was written into it."""
        del target
        return may_register(plan, catalogue(plan.defines), everything=False)


@dataclass(frozen=True, kw_only=True)
class _Halves:
    """What there is to decide on, of TensorFlow Lite and of TensorFlow."""

    lite: ChosenLite
    flex: ChosenKernels

    @property
    def reading(self) -> Reading:
        """What was read of the models, and of their nodes of TensorFlow."""
        models, nodes = self.lite.reading, self.flex.reading
        return replace(
            models,
            problems=(*models.problems, *nodes.problems),
            notes=(*models.notes, *nodes.notes),
        )

    @property
    def selection(self) -> Selection:
        """The kernels of both."""
        lite, flex = self.lite.selection, self.flex.selection
        return Selection(
            kernels=(*lite.kernels, *flex.kernels),
            ops=tuple(sorted((*lite.ops, *flex.ops))),
            types=tuple(sorted({*lite.types, *flex.types})),
            problems=(*lite.problems, *flex.problems),
        )

    @property
    def sources(self) -> set[str]:
        """The files that register or give the kernels."""
        return {kernel.registration.source for kernel in self.selection.kernels}

    @property
    def catalogue(self) -> KernelCatalogue:
        """Where the ops of both are registered: those that are chosen of each, because both may
        have one of the same name."""
        lite = {op for op, _ in self.lite.selection.ops}
        flex = {op for op, _ in self.flex.selection.ops}
        return replace(
            self.flex.catalogue,
            ops=(
                *(place for place in self.lite.catalogue.ops if place.op in lite),
                *(place for place in self.flex.catalogue.ops if place.op in flex),
            ),
        )

    @property
    def both(self) -> KernelCatalogue:
        """All that the tree has for either."""
        lite, flex = self.lite.catalogue, self.flex.catalogue
        return replace(flex, kernels=(*lite.kernels, *flex.kernels), ops=(*lite.ops, *flex.ops))


def _two_meanings(found: _Halves) -> Iterator[Problem]:
    """Custom ops of TensorFlow Lite that are called as ops of TensorFlow which are run, too."""
    lite = {op for op, _ in found.lite.selection.ops}
    for op, reason in found.flex.selection.ops:
        if op in lite:
            yield Problem(
                where=op,
                what=f"both TensorFlow and TensorFlow Lite have an op of this name, and both are "
                f"{reason}: no library with both can be built yet",
                todo="convert the models so that all of them run the same one",
            )


def _notes(found: _Halves) -> Iterator[str]:
    """What is worth knowing of the models."""
    if not found.lite.reading.flex:
        yield (
            "no model runs ops of TensorFlow itself: 'runtime: lite' suffices, and its library is "
            "much smaller"
        )
