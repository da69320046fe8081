"""The step ``plan``: everything is decided."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from buildtool.backends.backend import Backend, Job
from buildtool.catalogue import store
from buildtool.config import Target
from buildtool.core.errors import ConfigError, Problem
from buildtool.core.render import to_json, write_bytes_if_changed, write_if_changed
from buildtool.core.values import BuildPlan, KernelCatalogue, ModelInfo, PreparedModel
from buildtool.model import ModelSource
from buildtool.plan.build_plan import RuntimeRoot, plan_to_json
from buildtool.workflow.kept import write_models
from buildtool.workflow.model_sources import prepared_sources
from buildtool.workflow.workspace import Workspace


def run(work: Workspace) -> str:
    """Decide everything, and write ``plan.json``. Returns what was decided, in one line.

    Raises:
        ConfigError: the target has keys that its runtime does not read.
        ModelError: the models cannot run on such a library; every reason at once.
    """
    decided = decide(work)
    write_if_changed(work.layout.plan, to_json(plan_to_json(decided)))
    write_models(work.layout, decided.models)
    required = sum(file.required for file in decided.files)
    return (
        f"{len(decided.ops)} ops, {len(decided.kernels)} kernels, {required} files to compile, "
        f"{len(decided.files) - required} more if the link needs them"
    )


def decide(work: Workspace) -> BuildPlan:
    """The plan, which is not written; the catalogue that it was made with is.

    Raises:
        ConfigError, ModelError: as :func:`run`.
    """
    if unread := [*work.runtime.find_problems(work.target)]:
        raise ConfigError(unread)
    return work.runtime.load_planner().decide(_Ground(work=work))


@dataclass(frozen=True, kw_only=True)
class _Ground:
    """See :class:`~buildtool.runtimes.runtime.Planning`."""

    work: Workspace

    @property
    def target(self) -> Target:
        return self.work.target

    @property
    def say(self) -> Callable[[str], None]:
        return self.work.say

    @property
    def backend(self) -> Backend:
        return self.work.backend

    @property
    def job(self) -> Job:
        return self.work.job

    @property
    def prepared(self) -> Mapping[str, PreparedModel]:
        return self.work.prepared

    @property
    def imports(self) -> bool:
        return self.work.product.exports_functions

    @property
    def sources(self) -> Sequence[ModelSource]:
        return prepared_sources(self.work.target, self.work.prepared)

    @property
    def roots(self) -> tuple[RuntimeRoot, ...]:
        return self.work.product.maker(self.target).roots()

    @property
    def link_flags(self) -> tuple[str, ...]:
        work = self.work
        return work.product.maker(work.target).link_flags(
            work.job, work.backend.link_flags(work.job)
        )

    def catalogue(self, defines: Sequence[str]) -> KernelCatalogue:
        return self.work.catalogue(defines)

    def keep(self, catalogue: KernelCatalogue) -> None:
        write_bytes_if_changed(self.work.layout.catalogue, store.packed(catalogue))

    def rehearse(
        self, models: Sequence[ModelInfo], ops: Collection[str], broken: Collection[str]
    ) -> tuple[Problem, ...]:
        return self.work.product.maker(self.target).rehearse(self.work, models, ops, broken)
