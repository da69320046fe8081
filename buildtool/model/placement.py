"""What a session refuses when it loads a graph and places its nodes on devices.

``core/common_runtime/graph_constructor.cc`` (``EnsureNoNameCollisions`` and what follows) and
``colocation_graph.cc`` of TensorFlow 2.14.1. All nodes of the file are looked at, whether a session
runs them or not. Who imports a graph, as apps with the C API and Python do, is refused more of it
(``ValidateColocationConstraints`` there).
"""

from __future__ import annotations

from buildtool.core.values import NodeRef
from buildtool.model.devices import is_own_cpu
from buildtool.model.graph_checks import AT_SESSION, Context
from buildtool.model.graphdef import Node
from buildtool.model.pruning import COLOCATION, beside_gone

_CLEAR = "freeze the model with clear_devices=True"
_MOVE = "move the inputs that begin with ^ behind the others"


def check_placement(model: str, context: Context) -> None:
    """Check the nodes of the main graph, and those of functions for their devices."""
    names = {node.name for node in context.graph.nodes}
    for node in context.graph.nodes:
        if _is_usual(node):
            continue
        where = NodeRef(model=model, function="", node=node.name)
        hint = context.hint(node.name) if has_late_data(node) or not _is_here(node) else ""
        if context.facts.imports and (gone := beside_gone(node, names)):
            what = f"is to be placed beside {gone!r}, which the graph lacks: it cannot be imported"
            clear = context.hint(node.name) or _CLEAR
            context.findings.node(where, what, f"{clear}; or take its attribute '_class' out")
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


def _is_usual(node: Node) -> bool:
    """Whether a node asks for no place and no order: nearly all do not."""
    if node.rest or COLOCATION in node.attrs:
        return False
    for name in node.inputs:  # noqa: SIM110 - a million times, any() is slower
        if name[:1] == "^":
            return False
    return True


def has_late_data(node: Node) -> bool:
    """Whether a data input stands behind a control input."""
    control = [name.startswith("^") for name in node.inputs]
    return control != sorted(control)


def _is_here(node: Node) -> bool:
    return is_own_cpu(node.device)


def _pinned(node: Node) -> str:
    return f"is pinned to the device {node.device!r}, which the target lacks: {AT_SESSION}"
