"""Ranges of what nodes give, as they were in the user's runs, in place of nodes that find them.

As ``freeze_requantization_ranges`` of TensorFlow 2.14.1's Graph Transform Tool does it, which reads
the numbers from a log: of the runs' ends the outermost 5 % do not count.

But 0 is within every range here. The kernel that finds a range does that at the low end alone
(``core/kernels/requantization_range_op.cc``): where a node gave negative numbers only, a Relu after
it has no 0 to give, and a convolution none to pad with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from buildtool.model.encoding import constant, int_attr, make_node, type_attr
from buildtool.model.graphdef import GraphDef, Node
from buildtool.model.tensors import Array
from buildtool.model.transforms.exact.wiring import rewired
from buildtool.model.transforms.transform import Observe, Setting, View

_FINDS = "RequantizationRange"
_CUT, _HALF = np.float32(0.05), np.float32(0.5)
_STAYS = "in no run was it anything but 0, so its range is computed in each run"


class _Ends(NamedTuple):
    low: Node
    high: Node


def frozen(
    graph: GraphDef, names: Sequence[str], setting: Setting
) -> tuple[GraphDef, tuple[tuple[str, str], ...]]:
    """The graph with constants in place of those nodes of ``names`` that find a range, and those
    that stay, with the reason."""
    nodes = {node.name: node for node in graph.nodes}
    finding = [name for name in names if name in nodes and nodes[name].op == _FINDS]
    if not finding or setting.observe is None:
        return graph, ()
    lows, highs = _observed(graph, finding, setting, setting.observe)
    ends: dict[str, _Ends] = {}
    unseen = []
    view = View(graph, setting)
    for place, name in enumerate(finding):
        low, high = _range(lows[:, place], highs[:, place])
        if low == high:
            unseen.append((name, _STAYS))
            continue
        ends[name] = _Ends(
            constant(view.fresh(f"{name}/frozen_min"), np.array(low, np.float32)),
            constant(view.fresh(f"{name}/frozen_max"), np.array(high, np.float32)),
        )
    return graph._replace(nodes=_replaced(graph, ends)), tuple(unseen)


def _range(lows: Array, highs: Array) -> tuple[float, float]:
    """The range of a node whose range had these ends, one for each run. The places of the ends that
    count are the tool's, which reckons with floats of 32 bits and cuts less at the high end."""
    count = np.float32(len(lows))
    first = int(np.floor(count * _CUT + _HALF))
    last = min(int(np.floor(count * (np.float32(1) - _CUT) + _HALF)), len(highs) - 1)
    low, high = np.sort(lows)[first], np.sort(highs)[last]
    return min(float(low), 0.0), max(float(high), 0.0)


def with_zero(graph: GraphDef, names: Sequence[str], setting: Setting) -> GraphDef:
    """The graph with 0 in the ranges that those nodes of ``names`` find that it has."""
    view = View(graph, setting)
    finding = [name for name in names if name in view.nodes and view.nodes[name].op == _FINDS]
    if not finding:
        return graph
    zero = view.fresh("eightbit_zero")
    highs = {name: view.fresh(f"{name}/high") for name in finding}
    nodes = rewired(graph.nodes, {f"{name}:1": high for name, high in highs.items()}, {})
    attrs = {"T": type_attr("DT_FLOAT")}
    more = (
        make_node(high, "Maximum", (f"{name}:1", zero), **attrs) for name, high in highs.items()
    )
    return graph._replace(nodes=(*nodes, constant(zero, np.array(0, np.float32)), *more))


def _observed(
    graph: GraphDef, finding: Sequence[str], setting: Setting, observe: Observe
) -> tuple[Array, Array]:
    """The low and the high ends, each with one row for each run and one column for each node; all
    of a run in two tensors, as models have hundreds of ranges."""
    view = View(graph, setting)
    packs = []
    for port, end in enumerate(("lows", "highs")):
        attrs = {"T": type_attr("DT_FLOAT"), "N": int_attr(len(finding)), "axis": int_attr(0)}
        inputs = [f"{name}:{port}" for name in finding]
        packs.append(make_node(view.fresh(f"observed_{end}"), "Pack", inputs, **attrs))
    observing = graph._replace(nodes=(*graph.nodes, *packs))
    runs = observe(observing, [f"{pack.name}:0" for pack in packs])
    lows, highs = (np.stack([run[end] for run in runs]) for end in (0, 1))
    return lows, highs


def _replaced(graph: GraphDef, ends: Mapping[str, _Ends]) -> tuple[Node, ...]:
    tensors = {f"{name}:0": f"{each.low.name}" for name, each in ends.items()}
    tensors |= {f"{name}:1": f"{each.high.name}" for name, each in ends.items()}
    nodes: list[Node] = []
    for node in graph.nodes:
        nodes += ends.get(node.name, (node,))
    return rewired(nodes, tensors, {})
