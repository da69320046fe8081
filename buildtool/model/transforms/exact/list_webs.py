"""Tensor lists in a graph: where each is made, what passes it on, writes to it and reads it.

A list is a value: writing gives a new one. Where no version of it is used after the next was made,
it can as well be an array that is written in place; this module finds out whether that is so.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from buildtool.model.graphdef import Node
from buildtool.model.transforms.transform import View, full, plain_inputs

MAKERS = ("TensorListReserve", "TensorListFromTensor")
WRITE = "TensorListSetItem"
READERS = ("TensorListGetItem", "TensorListStack", "TensorListLength")
_PASSING = ("Identity", "Enter", "Exit", "Merge", "Switch", "NextIteration")


@dataclass
class Web:
    """All that has to do with one list. ``loops`` has, for each of its tensors, the Enter nodes
    that it went through and has not left; ``fault`` says why it cannot be an array."""

    maker: Node
    loops: dict[str, tuple[str, ...]] = field(default_factory=dict)
    passing: list[Node] = field(default_factory=list)
    writes: list[Node] = field(default_factory=list)
    reads: list[Node] = field(default_factory=list)
    fault: str = ""

    def nodes(self) -> list[Node]:
        """Every node that must change."""
        return [self.maker, *self.passing, *self.writes, *self.reads]

    def of(self, node: Node) -> tuple[str, ...]:
        """The loops around a writing or reading node."""
        return self.loops[full(plain_inputs(node)[0])]


def find_webs(view: View) -> list[Web]:
    """The web of every list of the graph."""
    webs = [_trace(node, view) for node in view.graph.nodes if node.op in MAKERS]
    for web in webs:
        web.fault = web.fault or _mixed(web) or _unordered(web, view)
    return webs


def _trace(maker: Node, view: View) -> Web:
    web = Web(maker)
    waiting: list[tuple[str, tuple[str, ...]]] = [(f"{maker.name}:0", ())]
    while waiting:
        tensor, loops = waiting.pop()
        if tensor in web.loops:
            continue
        web.loops[tensor] = loops
        for node in view.consumers.get(tensor, ()):
            place = [full(name) for name in plain_inputs(node)].index(tensor)
            waiting += _step(web, node, place, loops)
    return web


def _step(
    web: Web, node: Node, place: int, loops: tuple[str, ...]
) -> list[tuple[str, tuple[str, ...]]]:
    """Note a node that takes the list; give the tensors in which the list goes on."""
    if node.op in READERS and place == 0:
        web.reads.append(node)
        return []
    if node.op == WRITE and place == 0:
        web.writes.append(node)
    elif (node.op in _PASSING and place == 0) or node.op == "Merge":
        if node not in web.passing:
            web.passing.append(node)
    else:
        web.fault = web.fault or f"its list goes to op {node.op} ({node.name})"
        return []
    if node.op == "Enter":
        loops = (*loops, node.name)
    elif node.op == "Exit":
        loops = loops[:-1]
    ports = (0, 1) if node.op == "Switch" else (0,)
    return [(f"{node.name}:{port}", loops) for port in ports]


def _mixed(web: Web) -> str:
    """Do all that a Merge takes come from this list?"""
    for node in web.passing:
        if node.op == "Merge" and not all(full(name) in web.loops for name in plain_inputs(node)):
            return f"another list meets it in {node.name}"
    return ""


def _unordered(web: Web, view: View) -> str:
    """Is a version of the list used in two places, one of which changes it?"""
    if not web.writes:
        return ""
    ends = {node.name for node in (*web.writes, *web.reads)}
    useful = _leading(web, view, ends)
    for tensor in web.loops:
        users = [node.name for node in view.consumers.get(tensor, ()) if node.name in useful]
        if len(users) > 1:
            return f"a version of it is used twice ({users[0]} and {users[1]})"
    return ""


def _leading(web: Web, view: View, ends: set[str]) -> set[str]:
    """The nodes that lead to one of ``ends``: others pass the list on to nobody."""
    useful = set(ends)
    grown = True
    while grown:
        more = {
            node.name
            for node in web.passing
            if node.name not in useful
            and any(
                user.name in useful
                for port in (0, 1)
                for user in view.consumers.get(f"{node.name}:{port}", ())
            )
        }
        useful |= more
        grown = bool(more)
    return useful


def counts_up(index: str, view: View) -> bool:
    """Is a tensor the counter of a loop, larger in each turn than in the one before, or at a fixed
    distance from one?"""
    merge = _loop_variable(_unshifted(index, view), view)
    if merge is None:
        return False
    for name in plain_inputs(merge):
        source = view.producer(name)
        if source is None or source.op != "NextIteration":
            continue
        step = view.producer(source.inputs[0])
        if step is None or step.op not in ("Add", "AddV2"):
            return False
        one, other = plain_inputs(step)
        for variable, amount in ((one, other), (other, one)):
            found, number = _loop_variable(variable, view), view.value(amount)
            if found is merge and number is not None and number.size == 1:
                return bool(number.ravel()[0] >= 1)
    return False


def _unshifted(tensor: str, view: View) -> str:
    """What a constant is added to or taken from, to give a tensor; else the tensor."""
    node = view.producer(tensor)
    if node is not None and node.op in ("Add", "AddV2", "Sub"):
        one, other = plain_inputs(node)
        for variable, distance in ((one, other), (other, one)):
            if view.value(distance) is not None:
                return variable
    return tensor


def _loop_variable(tensor: str, view: View) -> Node | None:
    """The Merge of the loop variable that a tensor of a loop's body is."""
    switch = view.producer(tensor)
    if switch is None or switch.op != "Switch":
        return None
    merge = view.producer(plain_inputs(switch)[0])
    return merge if merge is not None and merge.op == "Merge" else None
