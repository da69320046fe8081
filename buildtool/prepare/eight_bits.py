"""Activations of eight bits: what they need, what is observed for them, what to know of them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from buildtool.core.errors import ConfigError, Problem, ToolError, VerificationError
from buildtool.core.scratch import scratch_folder
from buildtool.core.values import PreparingStep
from buildtool.model.encoding import write_graph
from buildtool.model.graphdef import GraphDef
from buildtool.model.tensors import Array
from buildtool.model.transforms.lossy.quantize_activations import QUANTIZE_ACTIVATIONS
from buildtool.model.transforms.transform import Observe
from buildtool.prepare.orders import Order
from buildtool.prepare.trials import Laboratory, Trial
from buildtool.verify.tensor_files import Tensor

STEP = QUANTIZE_ACTIVATIONS.name
_SHOWN = 3
_PRICE = (
    "it computes with bytes in part: expect that it is slower than in floats, and the library "
    "larger; only your own device tells, and docs/prepare.md has what was measured"
)


def is_asked_for(order: Order) -> bool:
    """Whether activations are to be of eight bits."""
    return order.keys.activations == "eight-bit"


def price_notes(order: Order) -> tuple[str, ...]:
    """What is to be known before anything is compiled."""
    return (_PRICE,) if is_asked_for(order) else ()


def check_tensorflow(order: Order, laboratory: Laboratory) -> None:
    """Raises ToolError where TensorFlow, whose tool it takes, is not installed."""
    if is_asked_for(order) and not laboratory.version:
        what = f"{order.key}.activations: TensorFlow, whose tool it takes, is not installed here"
        todo = "install tensorflow 2.14 for the Python that runs this tool, or write 'float'"
        raise ToolError(Problem(where=order.where, what=what, todo=todo))


def check_changed(order: Order, steps: Sequence[PreparingStep]) -> None:
    """Raises ConfigError where no node can compute in eight bits."""
    for step in steps:
        if step.name == STEP and not step.changed:
            reasons = "; ".join(f"{name}: {why}" for name, why in step.refused[:_SHOWN])
            more = f"; and {len(step.refused) - _SHOWN} more" * (len(step.refused) > _SHOWN)
            name = order.opened.info.name
            what = f"{order.key}.activations: no node of {name} can compute in eight bits"
            todo = "write 'activations: float'; Conv2D and MatMul of floats can"
            told = f" ({reasons}{more})" if reasons else ""
            raise ConfigError(Problem(where=order.where, what=what + told, todo=todo))


def check_samples(order: Order, runs: Sequence[Sequence[Tensor]], what: str) -> None:
    """Raises ConfigError where ranges are to be observed in runs whose ``what``, of the model as it
    was, hold numbers that are none."""
    if is_asked_for(order) and order.keys.ranges == "observed":
        odd = {
            tensor.name
            for run in runs
            for tensor in run
            if tensor.array.dtype.kind == "f" and not np.isfinite(tensor.array).all()
        }
        if odd:
            raise ConfigError(_unfit(order, f"{what} {min(odd)!r}"))


def _unfit(order: Order, what: str) -> Problem:
    return Problem(
        where=order.samples,
        what=f"{order.opened.info.name}: with these samples {what} is infinite or not a number, so "
        "no range can be observed",
        todo=f"leave such samples out, or write '{order.key}.ranges: dynamic'",
    )


def observer(order: Order, laboratory: Laboratory, cache: Path) -> Observe:
    """What runs a graph on the model's samples and gives what tensors of it hold in each run.

    Calling it raises ConfigError where that is no number, VerificationError where TensorFlow does
    not run the graph."""

    def observe(graph: GraphDef, names: Sequence[str]) -> Sequence[Sequence[Array]]:
        check_samples(order, order.inputs, "input")
        content = write_graph(graph)
        with scratch_folder(cache, "observing") as scratch:
            path = scratch / "graph.pb"
            path.write_bytes(content)
            trial = Trial(path=path, sha256=hashlib.sha256(content).hexdigest())
            first = order.opened.info.initialisers
            (found,) = laboratory.run([trial], order.inputs, names, first)
        if found.failure:
            what = f"TensorFlow does not run it on your samples in eight bits: {found.failure}"
            todo = f"name the node under {order.key}.exclude, or write 'activations: float'"
            where = f"{order.where}: {order.opened.info.name}"
            raise VerificationError(Problem(where=where, what=what, todo=todo))
        runs = [[tensor.array for tensor in run] for run in found.runs]
        if not all(np.isfinite(array).all() for run in runs for array in run):
            raise ConfigError(_unfit(order, "the range of a node"))
        return runs

    return observe
