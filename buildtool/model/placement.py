"""What a session refuses when it loads a graph and places its nodes on devices.

``core/common_runtime/graph_constructor.cc`` (``EnsureNoNameCollisions`` and what follows) and
``colocation_graph.cc`` of TensorFlow 2.14.1. All nodes of the file are looked at, whether a session
runs them or not.
"""

from __future__ import annotations

from buildtool.core.values import NodeRef
from buildtool.model.devices import is_own_cpu
from buildtool.model.graph_checks import AT_SESSION, Context
from buildtool.model.graphdef import Node

_CLEAR = "freeze the model with clear_devices=True"
_MOVE = "move the inputs that begin with ^ behind the others"


def check_placement(model: str, context: Context) -> None:
    """Check the nodes of the main graph, and those of functions for their devices."""
    for node in context.graph.nodes:
        where = NodeRef(model=model, function="", node=node.name)
        hint = context.hint(node.name) if has_late_data(node) or not _is_here(node) else ""
        if has_late_data(node):
            what = f"a control input stands before a data input: {AT_SESSION}"
            context.findings.node(where, what, f"{hint}; or {_MOVE}" if hint else _MOVE)
        if not _is_here(node):
            context.findings.node(where, _pinned(node), f"{hint}; or {_CLEAR}" if hint else _CLEAR)
    for function in context.graph.functions.values():
        for node in function.nodes:
            if not _is_here(node):
                where = NodeRef(model=model, function=function.name, node=node.name)
                context.findings.node(where, _pinned(node), _CLEAR)


def has_late_data(node: Node) -> bool:
    """Whether a data input stands behind a control input."""
    control = [name.startswith("^") for name in node.inputs]
    return control != sorted(control)


def _is_here(node: Node) -> bool:
    return is_own_cpu(node.device)


def _pinned(node: Node) -> str:
    return f"is pinned to the device {node.device!r}, which the target lacks: {AT_SESSION}"
