"""The step ``what-if``: what would change in the library, and what would that cost? The plan is
made as ever, but in a folder of its own: nothing is compiled, and no file of the build changes."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import MappingProxyType

from buildtool.answers.measured_builds import kept_builds, measured_build, shipped_builds
from buildtool.answers.size_estimate import Measures
from buildtool.answers.supposing import SupposedPlan, Supposition, suppose
from buildtool.config import Target
from buildtool.convert.conversion_wishes import is_converted
from buildtool.core.errors import ConfigError, Problem
from buildtool.core.paths import Layout
from buildtool.core.render import to_json, write_if_changed
from buildtool.core.scratch import scratch_folder
from buildtool.core.values import SizeReport
from buildtool.plan.build_plan import plan_digest
from buildtool.prepare.wishes import is_prepared
from buildtool.report.page_rendering import render_page
from buildtool.workflow import convert_step, plan_step, prepare_step
from buildtool.workflow.kept import digest_of_plan, load_result
from buildtool.workflow.reports import SIZE
from buildtool.workflow.workspace import Workspace

SCHEMA_VERSION = 1
NAME = "what-if"
_MOST = 12


def run(work: Workspace) -> str:
    """Plan for what is supposed, and say what that changes. Returns a line.

    Raises:
        ConfigError: nothing is supposed, or what is cannot be.
        ModelError: the models could not run on such a library; every reason at once.
    """
    stated = work.stated
    assert stated is not None  # noqa: S101  (the step is one that supposes)
    supposed = _supposed(stated, work.target)
    if supposed == stated:
        what = "nothing is supposed"
        todo = f"{NAME}:{stated.id} model=B.pb, tf=TREE, types=full, rewrite=all, weights=rounded"
        raise ConfigError(Problem(where=f"{NAME}:{stated.id}", what=what, todo=todo))
    with scratch_folder(work.cache.root, "supposing") as folder:
        before = _planned(work, stated, folder / "before")
        after = _planned(work, supposed, folder / "after")
    size = _size(work, before)
    own = measured_build(before.plan, size, work.abi.name) if size else None
    builds = [*kept_builds(work.cache.root, after.plan.tree_digest), *shipped_builds()]
    measures = Measures(own=own, builds=builds)
    found = suppose(before, after, measures, stripped=size.stripped if size else 0)
    work.say(f"\n{_written(work, found)}")
    where = work.layout.what_if.relative_to(work.layout.folder.parent.parent)
    return f"{cost(found)}; also in {where}/{NAME}.json"


def _supposed(stated: Target, changed: Target) -> Target:
    """The target with what the command line says; models are added to those that it has."""
    said = {model.path: model for model in changed.models}
    own = [said.pop(model.path, model) for model in stated.models]
    places = {key: where for key, where in stated.origins.items() if key.startswith("models")}
    return dataclasses.replace(
        changed,
        models=(*own, *said.values()),
        size_budget=stated.size_budget,
        origins=MappingProxyType({**changed.origins, **places}),
    )


def _planned(work: Workspace, target: Target, folder: Path) -> SupposedPlan:
    """What would be decided for a target."""
    own = dataclasses.replace(work, target=target, layout=Layout(folder=folder / target.id))
    if is_prepared(target):
        prepare_step.run(own)
    if is_converted(target):
        convert_step.run(own)
    plan = plan_step.decide(own)
    foreseen = own.backend.foresee(own.job, plan)
    return SupposedPlan(plan=plan, files=foreseen.files, unknown=foreseen.unknown, abi=own.abi.name)


def _size(work: Workspace, planned: SupposedPlan) -> SizeReport | None:
    """What was measured of the target as it is stated, if that is what is built."""
    if not work.layout.plan.is_file() or digest_of_plan(work.layout) != plan_digest(planned.plan):
        return None
    return load_result(work.layout, SIZE, SizeReport)


def cost(found: Supposition) -> str:
    """What it costs, in a line."""
    models = ", ".join(found.models.new)
    change, error = found.size.change, found.size.error
    verb = "costs" if change >= 0 else "saves"
    told = f"{models or 'it'} {verb} {_kilobytes(abs(change))}"
    rest = "; other macros or flags change what stays, which is not counted" * found.recompiled
    return f"{told}, by estimate, give or take {_kilobytes(error)}{rest}"


def _kilobytes(count: int) -> str:
    return f"{round(count / 1000):,} kB"


def _written(work: Workspace, found: Supposition) -> str:
    text = render_page(
        "what_if.txt.j2", found=found, cost=cost(found), target=work.target.id, most=_MOST
    )
    size = dataclasses.asdict(found.size) | {"change": found.size.change}
    values = dataclasses.asdict(found) | {"size": size}
    content = {"schema_version": SCHEMA_VERSION, "target": work.target.id, **values}
    write_if_changed(work.layout.what_if / f"{NAME}.json", to_json(content))
    write_if_changed(work.layout.what_if / f"{NAME}.txt", text)
    return text
