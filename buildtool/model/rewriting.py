"""Models brought to an older tree: the rewrites that were asked for, and what others could do."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from buildtool.core.values import ModelInfo
from buildtool.model.encoding import write_graph
from buildtool.model.findings import Findings
from buildtool.model.graphdef import GraphDef
from buildtool.model.interface import with_index
from buildtool.model.loading import ModelSource, keep
from buildtool.model.transforms import REWRITES, TransformOutcome, rewrite_graph
from buildtool.model.transforms.transform import Tree

_SHOWN = 3


class RewrittenGraph(NamedTuple):
    """A graph after its rewrites. ``hints`` say, by node, which other rewrite would mend it, or
    why one did not."""

    graph: GraphDef
    done: tuple[TransformOutcome, ...]
    hints: Mapping[str, str]

    @property
    def notes(self) -> tuple[str, ...]:
        """A line for each rewrite that changed something."""
        return tuple(_note(done) for done in self.done if done.changed)


class Rewriter:
    """Does the rewrites that a target asks for, on one model after the other."""

    def __init__(self, tree: Tree, names: tuple[str, ...], cache: Path) -> None:
        self.tree = tree
        self._names, self._cache = names, cache

    def rewrite(self, graph: GraphDef, source: ModelSource) -> RewrittenGraph:
        """Rewrite the graph of a model; the same object where nothing is to be done."""
        known = {with_index(name): shape for name, shape in source.shapes.items()}
        graph, done = rewrite_graph(graph, self.tree, self._names, known)
        others = [rewrite.name for rewrite in REWRITES if rewrite.name not in self._names]
        _, possible = rewrite_graph(graph, self.tree, others, known)
        return RewrittenGraph(graph, done, _hints(done, possible))

    def applied(self, info: ModelInfo, rewritten: RewrittenGraph, findings: Findings) -> ModelInfo:
        """The model as the device gets it: the rewritten one becomes a file in the cache."""
        changes = tuple((done.rewrite, done.changed) for done in rewritten.done if done.changed)
        if not changes or findings.problems():
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
    return f"rewrite {done.rewrite} changed {names}" + (f" and {more} more nodes" * (more > 0))


def _hints(
    done: tuple[TransformOutcome, ...], possible: tuple[TransformOutcome, ...]
) -> dict[str, str]:
    hints: dict[str, list[str]] = {}
    for item in done:
        for node, reason in item.refused:
            hints.setdefault(node, []).append(f"rewrite '{item.rewrite}' is not possible: {reason}")
    for item in possible:
        for node, reason in item.refused:
            hints.setdefault(node, []).append(f"'{item.rewrite}' is not possible: {reason}")
        for node in item.changed:
            hints.setdefault(node, []).append(f"add '{item.rewrite}' to the target's rewrites")
    return {node: "; ".join(dict.fromkeys(said)) for node, said in hints.items()}
