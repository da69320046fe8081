"""What is decided for ``.tflite`` models: which kernels, in which versions, and why each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from buildtool.backends.backend import load_graph
from buildtool.catalogue.lite_kernels import read_lite_kernels
from buildtool.config import Target
from buildtool.core.values import BuildPlan, KernelCatalogue
from buildtool.model.lite.lite_reading import LiteReading, read_lite_models
from buildtool.plan.build_plan import make_plan
from buildtool.plan.lite_selection import select_lite
from buildtool.plan.runtime_roots import LiteFacts, lite_facts
from buildtool.plan.selection import Selection
from buildtool.runtimes.runtime import Planning, check_models, common_notes
from buildtool.verify.registry import AllowedRegistrations


class LitePlanner:
    """See :class:`~buildtool.runtimes.runtime.Planner`."""

    def decide(self, planning: Planning) -> BuildPlan:
        found = choose_lite(planning)
        check_models(planning, found.reading, found.selection)
        return _decide(planning, found)

    def allowed(
        self, plan: BuildPlan, target: Target, catalogue: Callable[[Sequence[str]], KernelCatalogue]
    ) -> AllowedRegistrations:
        """Nothing: a resolver holds what was written into it."""
        del plan, target, catalogue
        return AllowedRegistrations()


@dataclass(frozen=True, kw_only=True)
class ChosenLite:
    """What there is to decide on: what is known of the release, the tree's kernels of TensorFlow
    Lite, the models, and what they select of the kernels."""

    facts: LiteFacts
    catalogue: KernelCatalogue
    reading: LiteReading
    selection: Selection


def choose_lite(planning: Planning, *, has_flex: bool = False) -> ChosenLite:
    """The kernels of TensorFlow Lite that the models need; see
    :func:`~buildtool.plan.lite_selection.select_lite`.

    Raises:
        ConfigError: the tree's TensorFlow Lite is not known.
    """
    job = planning.job
    tree = job.tree
    facts = lite_facts(tree.version)
    catalogue = read_lite_kernels(
        tree.path,
        defines=planning.backend.defines(job, planning.target.types),
        tree_digest=tree.digest,
        reference=planning.target.kernels == "reference",
    )
    reading = read_lite_models(planning.sources)
    selection = select_lite(
        reading.opset,
        catalogue,
        version=tree.version,
        lacking=facts.lacking,
        has_flex=has_flex,
    )
    return ChosenLite(facts=facts, catalogue=catalogue, reading=reading, selection=selection)


def conversion_notes(planning: Planning) -> list[str]:
    """What the converter did with models."""
    return [note for model in planning.prepared.values() for note in model.notes]


def _decide(planning: Planning, found: ChosenLite) -> BuildPlan:
    """What is built, and why."""
    selection = found.selection
    backend, job = planning.backend, planning.job
    planning.say("reading the tree's BUILD files")
    graph = load_graph(backend, job)
    offers = backend.offers(job, graph, sorted({k.registration.source for k in selection.kernels}))
    graph.save()
    planning.keep(found.catalogue)
    return make_plan(
        target=planning.target.id,
        version=job.tree.version,
        models=found.reading.opset.models,
        catalogue=found.catalogue,
        kernels=selection.kernels,
        ops=[op for op, _ in selection.ops],
        types=selection.types,
        roots=[*found.facts.roots, *planning.roots],
        offers=offers,
        compile_flags=backend.compile_flags(job),
        link_flags=planning.link_flags,
        notes=[*conversion_notes(planning), *found.reading.notes, *common_notes(planning)],
        uses=found.reading.opset.uses,
    )
