"""One model, prepared as its target asks, compared with what it was, and measured."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from buildtool.config import Prepare
from buildtool.core.errors import Problem
from buildtool.core.random_ops import RANDOM
from buildtool.core.scratch import scratch_folder
from buildtool.core.values import (
    Preparation,
    PreparedModel,
    PreparingStep,
)
from buildtool.model.encoding import write_graph
from buildtool.model.evaluation import evaluator
from buildtool.model.loading import keep, keep_file
from buildtool.model.memory_mapping import map_constants
from buildtool.model.transform_tool import transform_tool
from buildtool.model.transforms.transform import Setting, Tree
from buildtool.prepare.eight_bits import (
    check_changed,
    check_samples,
    check_tensorflow,
    observer,
    price_notes,
)
from buildtool.prepare.orders import Order
from buildtool.prepare.pipeline import Stage, chosen_steps, compressed_size, stages
from buildtool.prepare.price import PriceLimits, differences, limit_words, over_limits
from buildtool.prepare.trials import Laboratory
from buildtool.prepare.weight_histogram import histogram

# A graph of so much less or more bytes is worth compressing anew.
_WORTH = 0.001


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The prepared model, what was done, and what is worse than allowed."""

    model: PreparedModel
    report: Preparation
    problems: tuple[Problem, ...]


def prepare_model(
    order: Order,
    tree: Tree,
    laboratory: Laboratory,
    cache: Path,
    say: Callable[[str], None],
) -> Outcome:
    """Do all that is asked for. ``cache`` is the folder for what is made.

    Raises:
        ConfigError: no node can compute in eight bits, though it should; or no range can be
            observed in the samples.
        ToolError: TensorFlow gives no answer, or is not there for what only it can do.
        VerificationError: TensorFlow does not run the graph in which ranges are to be observed.
    """
    check_tensorflow(order, laboratory)
    opened, info = order.opened, order.opened.info
    setting = _setting(order, tree, laboratory, cache)
    with scratch_folder(cache, "preparing") as scratch:
        done = stages(opened.graph, chosen_steps(order.keys, order.where), setting, scratch, say)
        check_changed(order, [stage.step for stage in done])
        steps, compared = _priced(order, done, laboratory, say)
        last = done[-1].trial
        path = keep_file(last.path, cache / "prepared", last.sha256)
    plain, sha256 = None, last.sha256
    if order.keys.format == "memory-mapped":
        content = write_graph(map_constants(done[-1].graph))
        plain, path = path, keep(content, cache / "prepared")
        sha256 = hashlib.sha256(content).hexdigest()
    limits = _limits(order.keys, order.tolerance, steps)
    problems = tuple(_problems(order, steps, limits))
    report = Preparation(
        model=info.name,
        sha256=opened.loaded.sha256,
        original=steps[0],
        steps=tuple(steps[1:]),
        compared=compared,
        runs=len(order.inputs) if steps[-1].differences else 0,
        limits=tuple(limit_words(limits)),
        notes=price_notes(order),
        weights=histogram(opened.graph, done[-1].graph),
    )
    model = PreparedModel(
        name=info.name,
        path=path,
        sha256=sha256,
        plain=plain,
        inputs=setting.inputs,
        outputs=setting.outputs,
        initialisers=info.initialisers,
        steps=tuple(step.name for step in steps[1:]),
        notes=tuple(f"{info.name}: {note}" for note in report.notes),
        embeds=opened.loaded.embeds,
    )
    return Outcome(model=model, report=report, problems=problems)


def _setting(order: Order, tree: Tree, laboratory: Laboratory, cache: Path) -> Setting:
    """What transforms are given, with what asks TensorFlow where it is installed."""
    info = order.opened.info
    setting = Setting(
        tree=tree,
        shapes=order.shapes,
        inputs=tuple(tensor.name for tensor in info.inputs),
        outputs=tuple(tensor.name for tensor in info.outputs),
        first=info.initialisers,
    )
    if not laboratory.version:
        return setting
    return setting._replace(
        evaluate=evaluator(cache=cache, python=laboratory.python),
        tool=transform_tool(python=laboratory.python, log=laboratory.log),
        observe=observer(order, laboratory, cache),
    )


def _priced(
    order: Order, done: Sequence[Stage], laboratory: Laboratory, say: Callable[[str], None]
) -> tuple[list[PreparingStep], str]:
    """The steps with what each one cost, and with what was compared, or why it was not."""
    steps = _compressed(done)
    if all(stage.graph is done[0].graph for stage in done):
        return steps, "not compared: nothing was changed"
    reason = _incomparable(order, laboratory)
    if reason:
        return steps, reason
    info = order.opened.info
    graphs = {stage.trial.sha256: stage.trial for stage in done}
    say(f"running {info.name} before and after in TensorFlow {laboratory.version}")
    outputs = [tensor.name for tensor in info.outputs]
    found = laboratory.run(list(graphs.values()), order.inputs, outputs, info.initialisers)
    results = dict(zip(graphs, found, strict=True))
    before = results[done[0].trial.sha256]
    if before.failure:
        return steps, f"not compared: TensorFlow does not run the original: {before.failure}"
    check_samples(order, before.runs, "the original's output")
    priced = [steps[0]]
    for step, stage in zip(steps[1:], done[1:], strict=True):
        result = results[stage.trial.sha256]
        if result.failure:
            priced.append(replace(step, failure=result.failure))
        else:
            priced.append(replace(step, differences=differences(result.runs, before.runs)))
    return priced, f"TensorFlow {laboratory.version} on {order.fed}"


def _incomparable(order: Order, laboratory: Laboratory) -> str:
    """Why outputs cannot be compared; empty if they can."""
    if not laboratory.version:
        return "not compared: tensorflow is not installed"
    drawing = [node.name for node in order.opened.graph.nodes if RANDOM.fullmatch(node.op)]
    if drawing:
        return f"not compared: node {drawing[0]!r} draws random numbers or reads the clock"
    return ""


def _compressed(done: Sequence[Stage]) -> list[PreparingStep]:
    """The steps with the compressed sizes of those graphs whose bytes differ from the last one's
    that was measured; the last one always is."""
    steps: list[PreparingStep] = []
    measured: tuple[int, int] | None = None
    for place, stage in enumerate(done):
        size, lossy = stage.step.size, not stage.step.exact
        differs = measured is None or abs(size - measured[0]) > _WORTH * measured[0]
        if differs or lossy or place == len(done) - 1:
            measured = (size, compressed_size(stage.trial.path))
            steps.append(replace(stage.step, compressed=measured[1]))
        else:
            steps.append(stage.step)
    return steps


def _limits(keys: Prepare, tolerance: float, steps: Sequence[PreparingStep]) -> PriceLimits:
    """What is allowed: where outputs should stay the same, the model's tolerance."""
    stated: float | None = keys.largest_difference
    if stated is None and all(step.exact for step in steps):
        stated = tolerance
    return PriceLimits(largest=stated, same_top=keys.same_top)


def _problems(order: Order, steps: Sequence[PreparingStep], limits: PriceLimits) -> list[Problem]:
    """Steps whose result does not run, or is worse than allowed: the first that is, as all later
    ones have its fault, too."""
    name = order.opened.info.name
    for step in steps[1:]:
        if step.failure:
            what = f"after step {step.name!r} TensorFlow does not run it: {step.failure}"
            todo = f"leave the step {step.name!r} out, and report it as a fault of this tool"
            return [Problem(where=f"{order.where}: {name}", what=what, todo=todo)]
        over = tuple(over_limits(step.differences, limits))
        if over:
            where = f"{order.where}: {name}"
            todo = _remedy(order, step)
            return [
                Problem(where=where, what=f"after step {step.name!r} {each}", todo=todo)
                for each in over
            ]
    return []


def _remedy(order: Order, step: PreparingStep) -> str:
    """The likeliest way to stay within the limits."""
    if step.exact:
        return f"leave the step {step.name!r} out, or raise {order.key}.largest_difference"
    ways = {
        "round-weights": f"raise {order.key}.weight_steps (now {order.keys.weight_steps})",
        "quantize-weights": f"write '{order.key}.weights: rounded'",
        "quantize-activations": f"write '{order.key}.activations: float'",
    }
    first = ways.get(step.name, f"leave {step.name!r} out")
    return (
        f"{first}, name the constants or nodes that matter most under {order.key}.exclude, or "
        f"raise the limit; {order.where} says what is allowed"
    )
