"""What is decided for ``.tflite`` models: which kernels, in which versions, and why each."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from buildtool.catalogue.lite_kernels import read_lite_kernels
from buildtool.config import Target
from buildtool.core.values import BuildPlan, KernelCatalogue
from buildtool.model.lite.lite_reading import read_lite_models
from buildtool.model.reading import Reading
from buildtool.plan.build_plan import make_plan
from buildtool.plan.lite_selection import select_lite
from buildtool.plan.runtime_roots import LiteFacts, lite_facts
from buildtool.plan.selection import Selection
from buildtool.runtimes.runtime import Planning, check_models, common_notes
from buildtool.starlark.buildfiles import load_packages
from buildtool.verify.registry import AllowedRegistrations


class LitePlanner:
    """See :class:`~buildtool.runtimes.runtime.Planner`."""

    def decide(self, planning: Planning) -> BuildPlan:
        backend, job = planning.backend, planning.job
        tree = job.tree
        facts = lite_facts(tree.version)
        catalogue = read_lite_kernels(
            tree.path,
            defines=backend.defines(job, planning.target.types),
            tree_digest=tree.digest,
        )
        reading = read_lite_models(planning.sources)
        selection = select_lite(
            reading.opset, catalogue, version=tree.version, lacking=facts.lacking
        )
        check_models(planning, reading, selection)
        return _decide(planning, reading, catalogue, selection, facts)

    def allowed(
        self, plan: BuildPlan, target: Target, catalogue: Callable[[Sequence[str]], KernelCatalogue]
    ) -> AllowedRegistrations:
        """Nothing: a resolver holds what was written into it."""
        del plan, target, catalogue
        return AllowedRegistrations()


def _decide(
    planning: Planning,
    reading: Reading,
    catalogue: KernelCatalogue,
    selection: Selection,
    facts: LiteFacts,
) -> BuildPlan:
    """What is built, and why."""
    backend, job = planning.backend, planning.job
    planning.say("reading the tree's BUILD files")
    graph = load_packages(
        job.tree.path,
        backend.conditions(job),
        job.cache.folder("buildfiles", job.tree.digest[:16]),
    )
    offers = backend.offers(job, graph, sorted({k.registration.source for k in selection.kernels}))
    graph.save()
    return make_plan(
        target=planning.target.id,
        version=job.tree.version,
        models=reading.opset.models,
        catalogue=catalogue,
        kernels=selection.kernels,
        ops=[op for op, _ in selection.ops],
        types=selection.types,
        roots=[*facts.roots, *planning.roots],
        offers=offers,
        compile_flags=backend.compile_flags(job),
        link_flags=planning.link_flags,
        notes=[*reading.notes, *common_notes(planning)],
    )
