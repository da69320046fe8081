"""Nodes in the order in which they can run."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence

from buildtool.model.graphdef import GraphDef, Node
from buildtool.model.pruning import node_of
from buildtool.model.transforms.transform import Result, Setting, Transform

_MERGES = frozenset({"Merge", "RefMerge"})
_BACK = frozenset({"NextIteration", "RefNextIteration"})


def in_order(nodes: Sequence[Node]) -> tuple[tuple[Node, ...], tuple[str, ...]]:
    """The nodes, each behind those that it takes or waits for, but for the way back of a loop; and
    the names of those that are on a circle otherwise, or behind one. Nodes that are in order stay
    as they are."""
    places = {node.name: place for place, node in enumerate(nodes)}
    takers: list[list[int]] = [[] for _ in nodes]
    missing = [0] * len(nodes)
    for place, node in enumerate(nodes):
        for source in {places[name] for name in map(node_of, node.inputs) if name in places}:
            if node.op in _MERGES and nodes[source].op in _BACK:
                continue
            takers[source].append(place)
            missing[place] += 1
    ready = [place for place, count in enumerate(missing) if not count]
    done: list[int] = []
    while ready:
        place = heapq.heappop(ready)
        done.append(place)
        for taker in takers[place]:
            missing[taker] -= 1
            if not missing[taker]:
                heapq.heappush(ready, taker)
    left = _rest(done, len(nodes))
    return tuple(nodes[place] for place in (*done, *left)), tuple(
        nodes[place].name for place in left
    )


def _rest(done: Iterable[int], count: int) -> list[int]:
    known = set(done)
    return [place for place in range(count) if place not in known]


def _sort(graph: GraphDef, setting: Setting) -> Result:
    del setting
    nodes, circle = in_order(graph.nodes)
    reason = "it is on a circle that is no loop, or behind one"
    refused = tuple((name, reason) for name in circle)
    pairs = zip(nodes, graph.nodes, strict=True)
    changed = tuple(node.name for node, other in pairs if node is not other)
    return Result(graph._replace(nodes=nodes) if changed else graph, changed, refused)


SORT = Transform(
    name="sort",
    description="Each node stands behind those that it takes or waits for, but for the way back of "
    "a loop. Nodes that are in order stay as they are.",
    exact=True,
    apply=_sort,
)
