"""The steps that prepare one model, done one after the other; each one is measured."""

from __future__ import annotations

import hashlib
import time
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from buildtool.config import Prepare
from buildtool.core.errors import writing
from buildtool.core.values import PreparingStep
from buildtool.model.encoding import graph_pieces
from buildtool.model.graphdef import GraphDef
from buildtool.model.transforms import (
    Choice,
    TransformOutcome,
    chosen_preparations,
    transform_graph,
)
from buildtool.model.transforms.transform import Setting, Value
from buildtool.prepare.trials import Trial

_LEVEL = 9  # how APK and IPA files are compressed at most
_PIECE = 1 << 18
_WHOLE = 16 << 20
_ONE_IN = 4


@dataclass(frozen=True, kw_only=True)
class Stage:
    """The graph after one step, as a file in a scratch folder, and what was measured of it."""

    step: PreparingStep
    graph: GraphDef
    trial: Trial


def chosen_steps(keys: Prepare, where: str) -> tuple[Choice, ...]:
    """The transforms that the keys ask for, each with its parameters, in their order.

    Raises:
        ConfigError: there is no such step.
    """
    names: list[str] = list(keys.steps)
    parameters: dict[str, dict[str, Value]] = {
        "remove-nodes": {"ops": keys.remove_ops} if keys.remove_ops else {},
    }
    least: dict[str, Value] = (
        {} if keys.minimum_elements is None else {"minimum_elements": keys.minimum_elements}
    )
    if keys.weights == "rounded":
        names.append("round-weights")
        parameters["round-weights"] = {
            "weight_steps": keys.weight_steps,
            "exclude": keys.exclude,
            **least,
        }
    elif keys.weights == "eight-bit":
        names.append("quantize-weights")
        parameters["quantize-weights"] = {"exclude": keys.exclude, **least}
    if keys.activations == "eight-bit":
        names.append("quantize-activations")
        ends = dict(zip(("low", "high"), keys.given_range, strict=False))
        parameters["quantize-activations"] = {
            "ranges": keys.ranges,
            "exclude": keys.exclude,
            **ends,
        }
    return chosen_preparations(names, where, parameters)


def stages(
    graph: GraphDef,
    choices: Sequence[Choice],
    setting: Setting,
    scratch: Path,
    say: Callable[[str], None],
) -> tuple[Stage, ...]:
    """The graph as it is, and after each step; each in a file of ``scratch``."""
    first = PreparingStep(name="", exact=True, nodes=0, size=0)
    found = [_stage(first, graph, scratch / "0.pb", before=None)]
    for number, choice in enumerate(choices, start=1):
        say(f"{choice.transform.name}")
        begun = time.monotonic()
        graph, done = transform_graph(graph, [choice], setting)
        outcome = done[0] if done else TransformOutcome(choice.transform.name, (), ())
        is_exact = choice.transform.exact
        step = PreparingStep(
            name=choice.transform.name,
            exact=is_exact,
            nodes=0,
            size=0,
            changed=len(outcome.changed),
            refused=outcome.refused,
            ops=() if is_exact else _ops_in(found[-1].graph, graph),
            seconds=round(time.monotonic() - begun, 2),
        )
        found.append(_stage(step, graph, scratch / f"{number}.pb", before=found[-1]))
    return tuple(found)


def _ops_in(before: GraphDef, after: GraphDef) -> tuple[tuple[str, int], ...]:
    """The ops that came in, by how often they did."""
    counts = Counter(node.op for node in after.nodes)
    counts.subtract(node.op for node in before.nodes)
    more = [(op, count) for op, count in counts.items() if count > 0]
    return tuple(sorted(more, key=lambda pair: (-pair[1], pair[0])))


def _stage(step: PreparingStep, graph: GraphDef, path: Path, *, before: Stage | None) -> Stage:
    if before is not None and before.graph is graph:
        step = replace(step, nodes=before.step.nodes, size=before.step.size)
        return Stage(step=step, graph=graph, trial=before.trial)
    digest, size = hashlib.sha256(), 0
    with writing(path), path.open("wb") as file:
        for piece in graph_pieces(graph):
            digest.update(piece)
            size += len(piece)
            file.write(piece)
    step = replace(step, nodes=len(graph.nodes), size=size)
    return Stage(step=step, graph=graph, trial=Trial(path=path, sha256=digest.hexdigest()))


def compressed_size(path: Path) -> int:
    """The bytes of a file as APK and IPA files hold it, deflated; those of a large file are
    scaled up from pieces all over it: compressing rounded weights takes longer than rounding."""
    size = path.stat().st_size
    every = 1 if size <= _WHOLE else _ONE_IN
    packer = zlib.compressobj(_LEVEL, wbits=-zlib.MAX_WBITS)
    packed = taken = 0
    with path.open("rb") as file:
        for place in range(0, size, every * _PIECE):
            file.seek(place)
            piece = file.read(_PIECE)
            taken += len(piece)
            packed += len(packer.compress(piece))
    packed += len(packer.flush())
    return packed if taken == size else round(packed * size / taken)
