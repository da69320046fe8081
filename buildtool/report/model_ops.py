"""The ops that each model runs, as a report tells them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from buildtool.core.values import BuildPlan, ModelInfo
from buildtool.report.type_texts import use_types

SHOWN_NODES = 3


@dataclass(frozen=True, kw_only=True)
class UsedOp:
    """An op with one set of types as a model runs it; ``nodes`` are the first few of ``count``."""

    op: str
    types: str
    count: int
    nodes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ModelOps:
    """A model, and what it runs."""

    model: ModelInfo
    ops: tuple[UsedOp, ...]

    @property
    def kinds(self) -> int:
        """How many different ops it runs."""
        return len({each.op for each in self.ops})


def ops_of_models(plan: BuildPlan) -> tuple[ModelOps, ...]:
    """What each model runs, the most frequent first."""
    return tuple(
        ModelOps(
            model=model,
            ops=tuple(sorted(_uses(plan, model.name), key=lambda each: (-each.count, each.op))),
        )
        for model in plan.models
    )


def _uses(plan: BuildPlan, model: str) -> Iterator[UsedOp]:
    for use in plan.uses:
        nodes = [node for node in use.nodes if node.model == model]
        if nodes:
            shown = tuple(
                f"{node.function}: {node.node}" if node.function else node.node
                for node in nodes[:SHOWN_NODES]
            )
            yield UsedOp(op=use.op, types=use_types(use), count=len(nodes), nodes=shown)
