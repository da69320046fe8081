"""Models changed as a target asks, and what other transforms could do for one that is refused."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from buildtool.core.values import ModelInfo
from buildtool.model.encoding import write_graph
from buildtool.model.graphdef import GraphDef
from buildtool.model.interface import with_index
from buildtool.model.loading import ModelSource, keep
from buildtool.model.pruning import PrunedGraph
from buildtool.model.transforms import (
    TRANSFORMS,
    Choice,
    TransformOutcome,
    transform_graph,
)
from buildtool.model.transforms.exact.strip import STRIP
from buildtool.model.transforms.transform import Setting, Tree

_SHOWN = 3


@dataclass(frozen=True, kw_only=True)
class RewrittenGraph:
    """A graph after its transforms. ``others`` are the exact ones that were not asked for."""

    graph: GraphDef
    done: tuple[TransformOutcome, ...]
    others: tuple[Choice, ...]
    setting: Setting

    def without(self, pruned: PrunedGraph) -> RewrittenGraph:
        """The same without the nodes that a session does not run."""
        removed = tuple(node.name for node in pruned.removed)
        done = TransformOutcome(transform=STRIP.name, changed=removed, refused=())
        return replace(self, graph=pruned.graph, done=(*self.done, done))

    @property
    def notes(self) -> tuple[str, ...]:
        """A line for each transform that changed something."""
        return tuple(
            _note(done) for done in self.done if done.changed and done.transform != STRIP.name
        )

    def hint(self, node: str) -> str:
        """Which other transform would mend a node of the main graph, or why one did not; empty if
        none has to do with it."""
        return self._hints.get(node, "")

    @cached_property
    def _hints(self) -> Mapping[str, str]:
        # All of them are tried for this: only when there is something to tell.
        _, possible = transform_graph(self.graph, self.others, self.setting)
        return _hints(self.done, possible)


class Rewriter:
    """Does the transforms that a target asks for, on one model after the other."""

    def __init__(self, tree: Tree, choices: tuple[Choice, ...], cache: Path) -> None:
        self.tree = tree
        self._choices, self._cache = choices, cache
        taken = {choice.transform.name for choice in choices}
        exact = (each for each in TRANSFORMS if each.exact and each.name not in taken)
        self._others = tuple(Choice(each) for each in exact)

    def rewrite(self, graph: GraphDef, source: ModelSource) -> RewrittenGraph:
        """Change the graph of a model; the same object where nothing is to be done."""
        shapes = {with_index(name): shape for name, shape in source.shapes.items()}
        setting = Setting(self.tree, shapes)
        graph, done = transform_graph(graph, self._choices, setting)
        return RewrittenGraph(graph=graph, done=done, others=self._others, setting=setting)

    def applied(self, info: ModelInfo, rewritten: RewrittenGraph) -> ModelInfo:
        """The model as the device gets it: the rewritten one becomes a file in the cache."""
        changes = tuple((done.transform, done.changed) for done in rewritten.done if done.changed)
        if not changes:
            return info
        content = write_graph(rewritten.graph)
        return replace(
            info,
            path=keep(content, self._cache / "frozen"),
            sha256=hashlib.sha256(content).hexdigest(),
            rewrites=changes,
            original=info.path,
            original_sha256=info.sha256,
        )


def _note(done: TransformOutcome) -> str:
    names = ", ".join(repr(name) for name in done.changed[:_SHOWN])
    more = len(done.changed) - _SHOWN
    return f"rewrite {done.transform} changed {names}" + (f" and {more} more nodes" * (more > 0))


def _hints(
    done: tuple[TransformOutcome, ...], possible: tuple[TransformOutcome, ...]
) -> dict[str, str]:
    hints: dict[str, list[str]] = {}
    for item in done:
        for node, reason in item.refused:
            hints.setdefault(node, []).append(
                f"rewrite '{item.transform}' is not possible: {reason}"
            )
    for item in possible:
        for node, reason in item.refused:
            hints.setdefault(node, []).append(f"'{item.transform}' is not possible: {reason}")
        for node in item.changed:
            hints.setdefault(node, []).append(f"add '{item.transform}' to the target's rewrites")
    return {node: "; ".join(dict.fromkeys(said)) for node, said in hints.items()}
