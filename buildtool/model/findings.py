"""Problems collected over many nodes: the same one is told once, with the nodes that have it."""

from __future__ import annotations

from buildtool.core.errors import Problem
from buildtool.core.values import NodeRef

_SHOWN = 3


class Findings:
    """Collects what is wrong; gives :class:`Problem` values in the order of first appearance."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str, str], list[NodeRef]] = {}
        self._other: list[Problem] = []

    def node(self, where: NodeRef, what: str, todo: str) -> None:
        """Something is wrong with a node."""
        nodes = self._found.setdefault((where.model, what, todo), [])
        if where not in nodes[-1:]:
            nodes.append(where)

    def model(self, where: str, what: str, todo: str) -> None:
        """Something is wrong with a whole model or file."""
        self._other.append(Problem(where=where, what=what, todo=todo))

    def add(self, *problems: Problem) -> None:
        """Take over problems that somebody else found."""
        self._other += problems

    def count(self) -> int:
        """How many there are; more of the same do not count."""
        return len(self._other) + len(self._found)

    def problems(self) -> tuple[Problem, ...]:
        """All of them."""
        return (
            *self._other,
            *(
                Problem(where=str(nodes[0]), what=what + also(nodes), todo=todo)
                for (_, what, todo), nodes in self._found.items()
            ),
        )


def also(nodes: list[NodeRef] | tuple[NodeRef, ...]) -> str:
    """``; so do 'b', 'c' and 7 more nodes``: the nodes behind the first."""
    rest = nodes[1 : 1 + _SHOWN]
    if not rest:
        return ""
    names = ", ".join(
        repr(node.node) + f" of {node.model}" * (node.model != nodes[0].model) for node in rest
    )
    more = len(nodes) - 1 - len(rest)
    return f" (also {names}" + (f" and {more} more nodes)" if more else ")")
