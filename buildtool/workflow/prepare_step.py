"""The step ``prepare``: models become smaller or faster before the library is planned for them."""

from __future__ import annotations

import dataclasses
import functools
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from buildtool.config import Model, Prepare, Target
from buildtool.core.errors import Attempts, ConfigError, ModelError, Problem, VerificationError
from buildtool.core.suggest import did_you_mean
from buildtool.model import ModelSource, read_runtime_facts
from buildtool.model.findings import Findings
from buildtool.model.interface import with_index
from buildtool.model.opening import OpenedModel, Opener
from buildtool.model.specs import Specs
from buildtool.model.transforms.transform import Tree
from buildtool.prepare.model_preparation import Outcome, prepare_model
from buildtool.prepare.orders import Order
from buildtool.prepare.preparation_pages import summary, write_preparations
from buildtool.prepare.trials import Laboratory
from buildtool.prepare.wishes import asks_for_work, preparation_of
from buildtool.products import mapping_problems
from buildtool.verify.expected import find_reference
from buildtool.verify.inputs import SEEDED, sample_runs
from buildtool.workflow.kept import write_prepared
from buildtool.workflow.library_change import library_change
from buildtool.workflow.model_sources import model_sources
from buildtool.workflow.workspace import Workspace

_TIMEOUT = 60.0


@dataclass(frozen=True, kw_only=True)
class _Wish:
    """A model that is to be prepared, and what says how; ``samples`` is where its samples are
    named."""

    source: ModelSource
    model: Model
    key: str
    keys: Prepare
    samples: str


def run(work: Workspace) -> str:
    """Prepare the models of the target that are to be. Returns what came of it.

    Raises:
        ConfigError: apps could not load what is asked for, or a model does not allow it.
        ModelError: models cannot be read.
        ToolError: TensorFlow is not there for what only it can do, or gives no answer.
        VerificationError: a prepared model differs from the original by more than is allowed.
    """
    if unfit := [*mapping_problems(work.target), *work.runtime.find_problems(work.target)]:
        raise ConfigError(unfit)
    wishes = _wishes(work.target)
    work.layout.prepared.unlink(missing_ok=True)
    work.say("reading the ops of the tree")
    job = work.job
    catalogue = work.catalogue(work.backend.defines(job, work.target.types))
    specs = Specs(catalogue.definitions, [place.op for place in catalogue.ops])
    tree = Tree(specs, read_runtime_facts(job.tree.path, work.backend.name))
    orders, notes = _orders(work, specs, wishes)
    outcomes = _outcomes(work, orders, tree)
    models = [
        dataclasses.replace(outcome.model, notes=(*own, *outcome.model.notes))
        for outcome, own in zip(outcomes, notes, strict=True)
    ]
    reports = [outcome.report for outcome in outcomes]
    library = library_change(work, catalogue, {model.name: model for model in models})
    write_preparations(work.layout.preparation, work.target.id, reports, library)
    problems = [problem for outcome in outcomes for problem in outcome.problems]
    if problems:
        raise VerificationError(problems)
    write_prepared(work.layout.prepared, models)
    return summary(reports, library)


def _wishes(target: Target) -> list[_Wish]:
    """The models for which the target asks for anything."""
    sources = model_sources(target)
    found = []
    for place, model in enumerate(target.models):
        keys = preparation_of(target, model)
        key = "prepare" if model.prepare is None else f"models[{place}].prepare"
        if asks_for_work(keys):
            samples = target.where(f"models[{place}].samples")
            found.append(
                _Wish(source=sources[place], model=model, key=key, keys=keys, samples=samples)
            )
    return found


def _orders(
    work: Workspace, specs: Specs, wishes: Sequence[_Wish]
) -> tuple[list[Order], list[list[str]]]:
    """The models as they are opened, with what their outputs are compared on, and notes.

    Raises:
        ModelError, ConfigError: models or samples that cannot be read, all at once.
    """
    findings, attempt = Findings(), Attempts()
    orders: list[Order] = []
    notes: list[list[str]] = []
    for wish in wishes:
        own: list[str] = []
        opener = Opener(
            specs=specs,
            cache=work.cache.root,
            python=sys.executable,
            asked=sys.executable,
            findings=findings,
            notes=own,
        )
        opened = opener.open(wish.source, wish.source.name)
        order = attempt(functools.partial(_order, work, wish, opened)) if opened else None
        if order:
            orders.append(order)
            notes.append(
                [f"{wish.source.name}: {note}" for note in order.opened.loaded.notes] + own
            )
        attempt(functools.partial(_check_ops, work.target, wish, specs))
    if findings.count():
        raise ModelError(findings.problems())
    if attempt.failures:
        raise attempt.failure()
    return orders, notes


def _order(work: Workspace, wish: _Wish, opened: OpenedModel) -> Order:
    target, samples = work.target, wish.model.samples
    inputs = sample_runs(opened.info, samples)
    runs = f"{len(inputs)} runs of " * (len(inputs) > 1)
    return Order(
        opened=opened,
        keys=wish.keys,
        key=wish.key,
        where=target.where(wish.key),
        tolerance=wish.model.tolerance,
        shapes={with_index(name): shape for name, shape in wish.source.shapes.items()},
        inputs=inputs,
        samples=wish.samples,
        fed=f"inputs {SEEDED}" if samples is None else f"{runs}{samples.name}",
    )


def _outcomes(work: Workspace, orders: Sequence[Order], tree: Tree) -> list[Outcome]:
    """What came of each model; or all that is wrong with any.

    Raises:
        BuildToolError: as :func:`prepare_model`.
    """
    laboratory, attempt = _laboratory(work), Attempts()
    found = [
        attempt(
            functools.partial(prepare_model, order, tree, laboratory, work.cache.root, work.say)
        )
        for order in orders
    ]
    if attempt.failures:
        raise attempt.failure()
    return [outcome for outcome in found if outcome]


def _check_ops(target: Target, wish: _Wish, specs: Specs) -> None:
    """Raises ConfigError for ops to remove that no tree knows."""
    key = f"{wish.key}.remove_ops"
    problems = [
        Problem(
            where=target.where(f"{key}[{place}]"),
            what=f"{key}: this tree has no op {op!r}{did_you_mean(op, specs.names())}",
            todo="write the op's name as it stands in the graph",
        )
        for place, op in enumerate(wish.keys.remove_ops)
        if specs[op] is None
    ]
    if problems:
        raise ConfigError(problems)


def _laboratory(work: Workspace) -> Laboratory:
    log = work.layout.log("prepare")
    cache = work.cache.folder("trials")
    found = find_reference(python="", cache=cache, log=log, timeout=_TIMEOUT)
    return Laboratory(python=found.python, version=found.version, cache=cache, log=log)
