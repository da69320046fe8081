"""Nodes that wait for each other, which no session can order.

As ``core/common_runtime/graph_constructor.cc`` of TensorFlow 2.14.1 (``Convert``) has it: only what
comes of a NextIteration closes a loop that ends.
"""

from __future__ import annotations

from collections.abc import Sequence

from buildtool.model.graphdef import Node

_BACK = frozenset({"NextIteration", "RefNextIteration"})


def cycle_of(nodes: Sequence[Node]) -> tuple[str, ...]:
    """The nodes of one cycle, each of which takes something of the one before it; empty if there
    is none."""
    if _is_in_order(nodes):
        return ()
    ops = {node.name: node.op for node in nodes}
    sources = {node.name: _sources(node, ops) for node in nodes}
    takers: dict[str, list[str]] = {}
    for name, each in sources.items():
        for source in each:
            takers.setdefault(source, []).append(name)
    waits = {name: len(each) for name, each in sources.items()}
    free = [name for name, count in waits.items() if not count]
    while free:
        for taker in takers.get(free.pop(), ()):
            waits[taker] -= 1
            if not waits[taker]:
                free.append(taker)
    left = {name for name, count in waits.items() if count}
    return _way(sources, left) if left else ()


def _is_in_order(nodes: Sequence[Node]) -> bool:
    """Whether each node stands behind all that it takes, as most graphs are written, and no two
    have one name."""
    seen: set[str] = set()
    for node in nodes:
        for name in node.inputs:
            if name not in seen and name.removeprefix("^").partition(":")[0] not in seen:
                return False
        if node.name in seen:
            return False
        seen.add(node.name)
    return True


def _way(sources: dict[str, set[str]], left: set[str]) -> tuple[str, ...]:
    """From any node that was not freed back along what it waits for, until a node comes again."""
    way: dict[str, int] = {}
    name = min(left)
    while name not in way:
        way[name] = len(way)
        name = min(sources[name] & left)
    return tuple(reversed(list(way)[way[name] :]))


def _sources(node: Node, ops: dict[str, str]) -> set[str]:
    names = {each.removeprefix("^").partition(":")[0] for each in node.inputs}
    return {name for name in names if name in ops and ops[name] not in _BACK}
