"""The weights of a graph, for transforms that change them: which constants are taken, which not.

A weight is a Const of 32-bit floats with at least ``minimum_elements``. A constant that several
nodes take is changed once, for all of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple, TypeAlias

import numpy as np

from buildtool.core.datatypes import short
from buildtool.model.graphdef import GraphDef, Node
from buildtool.model.tensors import Array, array_of, shape_of
from buildtool.model.transforms.transform import Result, Setting, View

OTHER_FLOATS = ("DT_HALF", "DT_BFLOAT16", "DT_DOUBLE")
# Numbers that NEON of 32-bit ARM computes with: it takes smaller ones for 0.
SMALLEST = float(np.finfo(np.float32).tiny)
LARGEST = float(np.finfo(np.float32).max)
TOO_WIDE = "its numbers lie further apart than a 32-bit float can say"

Refusal: TypeAlias = str
# The nodes that take a constant's place, or why there are none; None where it is fine as it is.
Change: TypeAlias = Callable[[Node, Array, View], "tuple[Node, ...] | Refusal | None"]


class Extremes(NamedTuple):
    """The least and the greatest number of a weight."""

    low: np.float32
    high: np.float32


def change_weights(graph: GraphDef, setting: Setting, change: Change) -> Result:
    """The graph with every weight changed, but for those that ``exclude`` names."""
    view = View(graph, setting)
    patterns = names_of(setting, "exclude")
    least = setting.parameters["minimum_elements"]
    known = {name.rpartition(":")[0] for name in (*setting.inputs, *setting.outputs)}
    known |= set(setting.first)
    nodes: list[Node] = []
    changed: list[str] = []
    refused = list(unmatched(patterns, graph))
    for node in graph.nodes:
        found = None
        if (
            node.op == "Const"
            and _elements(node) >= int(str(least))
            and not is_named(node, patterns)
        ):
            found = _one(node, view, change, known)
        if isinstance(found, str):
            refused.append((node.name, found))
        elif found:
            changed.append(node.name)
        nodes += found if found and not isinstance(found, str) else (node,)
    if not changed:
        return Result(graph, (), tuple(refused))
    return Result(graph._replace(nodes=tuple(nodes)), tuple(changed), tuple(refused))


def extremes(values: Array) -> Extremes | Refusal:
    """The least and the greatest of some numbers, or why there are none to compute with."""
    low, high = np.float32(values.min()), np.float32(values.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        return "it holds numbers that are infinite or not a number"
    if float(high) - float(low) > LARGEST:
        return TOO_WIDE
    return Extremes(low, high)


def _one(
    node: Node, view: View, change: Change, known: set[str]
) -> tuple[Node, ...] | Refusal | None:
    """What becomes of a constant that is large enough."""
    dtype = str(node.value("dtype", "type"))
    if dtype in OTHER_FLOATS:
        return f"it holds numbers of type {short(dtype)}, and only float is changed"
    if dtype != "DT_FLOAT":
        return None
    if node.name in known:
        return "the app feeds, fetches or runs it"
    array = array_of(node.attrs.get("value"))
    return None if array is None else change(node, array, view)


def _elements(node: Node) -> int:
    shape = shape_of(node.attrs.get("value"))
    return 0 if shape is None else math.prod(shape)


def names_of(setting: Setting, name: str) -> tuple[str, ...]:
    """The names, or patterns of names, that a parameter holds."""
    value = setting.parameters[name]
    return value if isinstance(value, tuple) else ()


def is_named(node: Node, patterns: Sequence[str]) -> bool:
    """Whether one of some patterns is a node's name."""
    return any(fnmatchcase(node.name, pattern) for pattern in patterns)


def unmatched(patterns: Sequence[str], graph: GraphDef) -> Iterator[tuple[str, Refusal]]:
    """Patterns that name nothing, which is likely a slip."""
    for pattern in patterns:
        if not any(fnmatchcase(node.name, pattern) for node in graph.nodes):
            yield pattern, "it is to be excluded, and no node has that name"
