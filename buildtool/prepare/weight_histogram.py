"""How the values of a model's constants are spread, before and after."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from buildtool.core.values import Histogram
from buildtool.model.graphdef import GraphDef
from buildtool.model.tensors import Array, array_of

PARTS = 64
# Values of fewer are no weights, but sizes and factors.
_LEAST = 16


def weights_of(graph: GraphDef) -> Iterator[Array]:
    """The float constants of a graph that are large enough to be weights, each flat."""
    for node in graph.nodes:
        if node.op == "Const":
            array = array_of(node.attrs.get("value"))
            if array is not None and array.dtype == np.float32 and array.size >= _LEAST:
                yield array.reshape(-1)


def histogram(before: GraphDef, after: GraphDef) -> Histogram | None:
    """How the weights are spread; None where there are none in one of the two: those of eight bits
    are no floats."""
    ranges = [(float(a.min()), float(a.max())) for a in weights_of(before) if np.isfinite(a).all()]
    if not ranges or not any(True for _ in weights_of(after)):
        return None
    low, high = min(one for one, _ in ranges), max(two for _, two in ranges)
    if low == high:
        return None
    old, new = (_counts(graph, low, high) for graph in (before, after))
    return Histogram(
        low=low,
        high=high,
        before=old,
        after=new,
        distinct_before=_distinct([*weights_of(before)]),
        distinct_after=_distinct([*weights_of(after)]),
    )


def _counts(graph: GraphDef, low: float, high: float) -> tuple[int, ...]:
    counts = np.zeros(PARTS, np.int64)
    for array in weights_of(graph):
        counts += np.histogram(array, bins=PARTS, range=(low, high))[0]
    return tuple(int(count) for count in counts)


def _distinct(arrays: Sequence[Array]) -> int:
    """How many different values the largest constant has."""
    return len(np.unique(max(arrays, key=len)))
