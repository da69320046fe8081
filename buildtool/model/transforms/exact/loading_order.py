"""What only keeps a graph from being loaded: devices that are not there, the order of inputs."""

from __future__ import annotations

from buildtool.model.devices import is_own_cpu
from buildtool.model.graphdef import GraphDef, Node
from buildtool.model.placement import has_late_data
from buildtool.model.pruning import beside_gone, without_gone
from buildtool.model.transforms.transform import (
    Result,
    Setting,
    Transform,
    controls,
    plain_inputs,
)


def _clear(graph: GraphDef, setting: Setting) -> Result:
    del setting
    names = {node.name for node in graph.nodes}
    changed = tuple(
        node.name for node in graph.nodes if not is_own_cpu(node.device) or beside_gone(node, names)
    )
    if not changed:
        return Result(graph)
    nodes = tuple(without_gone(_unpinned(node), names) for node in graph.nodes)
    return Result(graph._replace(nodes=nodes), changed)


def _unpinned(node: Node) -> Node:
    return node if is_own_cpu(node.device) else node.without_device()


def _order(graph: GraphDef, setting: Setting) -> Result:
    del setting
    changed = tuple(node.name for node in graph.nodes if has_late_data(node))
    if not changed:
        return Result(graph)
    return Result(graph._replace(nodes=tuple(map(_ordered, graph.nodes))), changed)


def _ordered(node: Node) -> Node:
    return node._replace(inputs=(*plain_inputs(node), *controls(node)))


CLEAR_DEVICES = Transform(
    name="clear-devices",
    description="Nodes that are pinned to a device which a small device lacks run on its CPU; none "
    "is to be placed beside a node that is gone.",
    exact=True,
    apply=_clear,
)
ORDER_CONTROL_INPUTS = Transform(
    name="order-control-inputs",
    description="Control inputs stand behind data inputs, as a session wants them.",
    exact=True,
    apply=_order,
)
